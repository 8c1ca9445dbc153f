/**
 * Stands in for `src/cli/run.ts` in a copy of the tree: tries what a service must not be able to do, and prints
 * for each what became of it.
 *
 * @module
 */
/// <reference lib="deno.ns" />

const dataDir = Deno.args[Deno.args.indexOf("--data") + 1] ?? "";
const outside = `${dataDir}/../outside`;
const remote = "https://esm.sh/left-pad";

const ATTEMPTS: Record<string, () => unknown> = {
  "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
  "read beside the data folder": () => Deno.readDirSync(`${dataDir}/..`),
  "read the tests": () => Deno.readTextFileSync(new URL("../../tests/secret", import.meta.url)),
  "write beside the data folder": () => Deno.writeTextFileSync(outside, ""),
  "write its own code": () => Deno.writeTextFileSync(new URL(import.meta.url), ""),
  "link out of the data folder": () => Deno.symlinkSync("/etc", `${dataDir}/etc`),
  "run": () => new Deno.Command("deno").outputSync(),
  "ffi": () => Deno.dlopen("libc.so.6", {}),
  "env": () => Deno.env.get("PATH"),
  "env of all": () => Deno.env.toObject(),
  "sys": () => Deno.hostname(),
  "connect to a private address": () => Deno.connect({ hostname: "10.0.0.1", port: 9 }),
  "connect to a mapped one": () => Deno.connect({ hostname: "::ffff:192.168.0.1", port: 9 }),
  "fetch from a metadata address": () => fetch("http://169.254.169.254/"),
  "open a socket to a private address": () => new WebSocket("ws://172.16.0.1/"),
  "listen on every address": () => Deno.listen({ hostname: "0.0.0.0", port: 0 }),
  "import code": () => import(remote),
  "write the data folder": () => {
    Deno.mkdirSync(dataDir, { recursive: true });
    Deno.writeTextFileSync(`${dataDir}/file`, "");
  },
  "read its own code": () => Deno.readTextFileSync(new URL("../errors.ts", import.meta.url)),
  "listen on loopback": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
};

const outcomes: Record<string, string> = {};
for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  try {
    await attempt();
    outcomes[name] = "done";
  } catch (error) {
    const text = String(error);
    const denied = error instanceof Deno.errors.NotCapable ||
      /Requires (?:net|import) access|remote/.test(text);
    outcomes[name] = denied ? "denied" : text;
  }
}
const states: Record<string, string> = {};
for (const name of ["read", "write", "env", "run", "ffi", "sys", "import"] as const) {
  states[name] = Deno.permissions.querySync({ name }).state;
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ outcomes, states })));
