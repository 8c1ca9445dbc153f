import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import project from "../deno.json" with { type: "json" };
import { parseCommand } from "../src/cli/mod.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
const unit = read("deploy/soundproof.service");
const container = read("deploy/Containerfile");
const guide = read("deploy/README.md");

/** Values of a key of the unit, in order. */
function settings(key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value!);
}

/** A JSON line of the container file. */
function words(instruction: string): string[] {
  const [, json] = new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(container) ?? [];
  return JSON.parse(json!);
}

/** What a command line gives the launcher: Deno's flags, the script, the service's own words. */
function launcher(line: readonly string[]): { flags: string[]; script: string; rest: string[] } {
  const at = line.findIndex((word) => word.endsWith(".ts"));
  return { flags: line.slice(2, at), script: line[at]!, rest: line.slice(at + 1) };
}

const [started = ""] = settings("ExecStart");
const ofUnit = launcher(started.split(" "));
const ofContainer = launcher([...words("ENTRYPOINT"), ...words("CMD")]);

Deno.test("Unit and container give the launcher what the task start gives it, and nothing downloads", () => {
  const task = launcher(project.tasks.start.split(" "));
  for (const { flags, script } of [ofUnit, ofContainer]) {
    deepStrictEqual(flags, ["--cached-only", ...task.flags]);
    strictEqual(script.replace("/opt/soundproof/", ""), task.script);
  }
});

Deno.test("The command line understands what unit and container start, and data is where they allow writing", () => {
  const [unitCommand, containerCommand] = [ofUnit, ofContainer].map(({ rest }) =>
    parseCommand(rest)
  );
  ok(unitCommand?.kind === "start" && containerCommand?.kind === "start");
  strictEqual(unitCommand.data, `/var/lib/${settings("StateDirectory")[0]}`);
  match(container, new RegExp(`^VOLUME ${containerCommand.data}$`, "m"));
});

Deno.test("Every file that unit, container and their guide name is there", () => {
  const copied = [...container.matchAll(/^COPY (?!--from)(.+) \/\S+$/gm)]
    .flatMap(([, sources]) => sources!.split(" "));
  const named = [unit, container, guide].flatMap((text) =>
    [...text.matchAll(/(?:src|plugins|deploy)\/[\w/]+\.\w+/g)].map(([path]) => path)
  );
  ok(copied.length > 8 && named.length > 8);
  for (const path of [...copied, ...named]) {
    ok(Deno.statSync(new URL(`../${path}`, import.meta.url)), path);
  }
});

Deno.test("The container is asked for its health where the service listens by default", () => {
  const [, asked] = /--allow-net=([^"]+)"/.exec(container) ?? [];
  match(read("src/cli/places.ts"), /hostname: "127\.0\.0\.1", port: 4747/);
  strictEqual(asked, "127.0.0.1:4747");
  match(read("deploy/health.ts"), /http:\/\/127\.0\.0\.1:4747\/healthz/);
  match(read("src/api/routes/service.ts"), /path: "\/healthz"/);
});

Deno.test("Container and guide install the Deno that the launcher asks for", () => {
  const [, oldest] = /OLDEST_DENO = "(.*)"/.exec(read("src/cli/version.ts")) ?? [];
  match(container, new RegExp(`^ARG DENO_VERSION=${oldest}$`, "m"));
  match(guide, new RegExp(`deno@${oldest}$`, "m"));
});

Deno.test("The unit gives no rights, no writable system, and time enough to stop in order", () => {
  deepStrictEqual(settings("CapabilityBoundingSet"), [""]);
  deepStrictEqual(settings("NoNewPrivileges"), ["yes"]);
  deepStrictEqual(settings("ProtectSystem"), ["strict"]);
  deepStrictEqual(settings("ReadWritePaths"), []);
  deepStrictEqual(settings("MemoryDenyWriteExecute"), []);
  deepStrictEqual(settings("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
  strictEqual(settings("TimeoutStopSec")[0], "15s");
});

Deno.test("The container runs as a user with a number, and nothing in it is started through a shell", () => {
  match(container, /^USER [1-9]\d*:[1-9]\d*$/m);
  const last = container.slice(container.lastIndexOf("\nFROM "));
  ok(!/^RUN /m.test(last));
  ok(!/^ *(?:CMD|ENTRYPOINT) (?!\[)/m.test(last));
});
