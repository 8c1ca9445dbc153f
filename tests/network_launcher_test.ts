import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { grantsOf, parseCommand, permissionFlags, placesOf } from "../src/cli/mod.ts";
import { deniedAddresses } from "../src/host/denied_addresses.ts";

/** The network flags of a service that was just started, with these addresses opened by its configuration. */
function launched(localAddresses: readonly string[] = []): string[] {
  const command = parseCommand(["start"]);
  const flags = permissionFlags(grantsOf({
    command,
    places: placesOf({ data: "data", json: false }, Deno.cwd(), {}),
    source: [],
    linkTargets: [],
    realPaths: [],
    pluginsDirExists: true,
    localAddresses,
    musicServer: { read: [], write: [], env: [], addresses: [] },
    named: [],
    written: [],
  }));
  return flags.filter((flag) => /^--(?:allow|deny)-net/.test(flag));
}

/** What a program prints in a process with these flags. */
async function printed(
  program: string,
  net: readonly string[],
  args: readonly string[],
): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--unstable-worker-options",
      "--v8-flags=--liftoff-only",
      "--allow-read=.",
      "--allow-write=tests/.tmp",
      ...net,
      program,
      ...args,
    ],
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (text === "") throw new Error(new TextDecoder().decode(stderr));
  return text;
}

/** What hostile code in a gate comes to, in a process with these flags. */
async function outcomes(net: readonly string[], tries: readonly string[]): Promise<string[]> {
  return JSON.parse(await printed("tests/support/escaping_gate.ts", net, tries));
}

const DENIED = /^NotCapable|Requires net access/;
const ACTS = ["fetch", "websocket", "connect"];
const PRIVATE = [
  "10.0.0.1",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "169.254.169.254",
  "100.100.100.200",
  "168.63.129.16",
  "0.0.0.0",
  "[::ffff:10.0.0.1]",
];

Deno.test("under the launcher's flags Deno itself refuses a declared private address past the gateway", async (t) => {
  const tries = PRIVATE.flatMap((host) =>
    ACTS.flatMap((act) => [`${act} ${host}`, `${act} ${host} *`])
  );
  const found = await outcomes(launched(), tries);
  for (const [index, text] of found.entries()) {
    await t.step(tries[index] ?? "", () => match(text, DENIED));
  }
  strictEqual(found.length, tries.length);
});

Deno.test("Deno's deny rules hold for the address that a declared name resolves to", async () => {
  // Loopback in the place of a private block, since `localhost` is the one name that needs no DNS; its port alone,
  // since a process that is denied all of loopback has no gateway.
  const tries = ACTS.map((act) => `${act} localhost`);
  for (const text of await outcomes(["--allow-net", "--deny-net=127.0.0.1:4,[::1]:4"], tries)) {
    match(text, DENIED);
  }
  // The counter-test: without the rule the same names are looked up and tried.
  for (const text of await outcomes(["--allow-net"], tries)) {
    strictEqual(DENIED.test(text), false, text);
  }
});

Deno.test("what the configuration opens is not denied, and metadata beside it still is", async () => {
  const [opened = "", metadata = ""] = await outcomes(launched(["127.0.0.0/8", "169.254.0.0/16"]), [
    "connect 127.0.0.1",
    "connect 169.254.169.254",
  ]);
  match(opened, /refused/i);
  match(metadata, DENIED);
});

Deno.test("an address that the process is denied cannot be granted, and the text says what to do", async () => {
  const grant = (opened: readonly string[]) =>
    printed("tests/support/granting_host.ts", launched(opened), ["192.168.1.5", "10.0.0.0/8"]);
  match(
    await grant(["192.168.1.0/24"]),
    /^grant\.invalid: .*without access to 10\.0\.0\.0\/8; open it in the configuration \(\[Network\] LocalAddresses/,
  );
  strictEqual(await grant(["192.168.1.0/24", "10.0.0.0/8"]), "enabled");
});

Deno.test("the local network counts as denied where each of its blocks is", () => {
  const all = { localNetwork: true, addresses: ["nas.lan"] };
  deepStrictEqual(deniedAddresses(all, () => true), ["the local network"]);
  deepStrictEqual(deniedAddresses(all, (address) => address !== "192.168.0.1"), []);
});
