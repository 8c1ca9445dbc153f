import { NOTHING_LOCAL } from "../src/grants/mod.ts";
import assert from "node:assert/strict";
import { checkDenoVersion, parseCommand } from "../src/cli/mod.ts";

const COMMON = { data: "data", json: false };

const LINES: readonly [readonly string[], unknown][] = [
  [["--help"], { kind: "help", topic: "soundproof" }],
  [["--version"], { kind: "version" }],
  [["start", "-h"], { kind: "help", topic: "start" }],
  [["plugin", "--help"], { kind: "help", topic: "plugin" }],
  [["plugin", "call", "--help"], { kind: "help", topic: "plugin" }],
  [["start"], { kind: "start", ...COMMON, launched: false, firstStart: false }],
  [["start", "--json", "--data=/d", "--config", "c.toml", "--listen", "[::1]:80"], {
    kind: "start",
    data: "/d",
    config: "c.toml",
    json: true,
    listen: { hostname: "::1", port: 80 },
    launched: false,
    firstStart: false,
  }],
  [["plugin", "list"], { kind: "list", ...COMMON }],
  [["plugin", "info", "hello"], { kind: "info", ...COMMON, subject: { id: "hello" } }],
  [["plugin", "info", "./hello"], { kind: "info", ...COMMON, subject: { path: "./hello" } }],
  [["plugin", "validate", "a.NDP"], { kind: "validate", ...COMMON, subject: { path: "a.NDP" } }],
  [["plugin", "enable", "a"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    local: NOTHING_LOCAL,
    assignment: {},
  }],
  [["plugin", "enable", "a", "--local-network", "--address", "nas", "--address", "10.0.0.0/8"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    local: { network: true, addresses: ["nas", "10.0.0.0/8"] },
    assignment: {},
  }],
  [["plugin", "enable", "a", "--users", "ann, bob", "--all-libraries", "--write-libraries"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    local: NOTHING_LOCAL,
    assignment: { users: ["ann", "bob"], libraries: "all", writeLibraries: true },
  }],
  [["plugin", "enable", "a", "--all-users", "--libraries", "1,20", "--no-write-libraries"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    local: NOTHING_LOCAL,
    assignment: { users: "all", libraries: [1, 20], writeLibraries: false },
  }],
  [["plugin", "functions"], { kind: "functions", json: false }],
  [["plugin", "functions", "--json"], { kind: "functions", json: true }],
  [["plugin", "disable", "--", "-a"], { kind: "disable", ...COMMON, id: "-a" }],
  [["plugin", "call", "a", "b"], call({ from: "nothing" })],
  [["plugin", "call", "a", "b", "-"], call({ from: "stdin" })],
  [["plugin", "call", "a", "b", "--input-file", "-"], call({ from: "stdin" })],
  [["plugin", "call", "a", "b", "--input-file", "f"], call({ from: "file", path: "f" })],
  [["plugin", "call", "a", "b", "--input", "{}"], call({ from: "argument", json: "{}" })],
  [["plugin", "call", "a", "b", "--timeout-ms", "20"], {
    ...call({ from: "nothing" }),
    timeoutMs: 20,
  }],
];
for (const [line, wanted] of LINES) {
  Deno.test(`"${line.join(" ")}" is understood`, () =>
    assert.deepEqual(parseCommand(line), wanted));
}

const WRONG: readonly string[][] = [
  [],
  ["stop"],
  ["plugin", "enable", "a", "--libraries", "one"],
  ["plugin", "enable", "a", "--users", "ann", "--all-users"],
  ["plugin", "functions", "http"],
  ["start", "now"],
  ["start", "--port", "80"],
  ["start", "--data"],
  ["plugin"],
  ["plugin", "frob"],
  ["plugin", "list", "a"],
  ["plugin", "list", "--listen", "127.0.0.1:1"],
  ["plugin", "info"],
  ["plugin", "info", ""],
  ["plugin", "info", "a", "b"],
  ["plugin", "call", "a"],
  ["plugin", "call", "a", "-"],
  ["plugin", "call", "a", "b", "c"],
  ["plugin", "call", "a", "b", "-", "--input", "1"],
  ["plugin", "call", "a", "b", "--timeout-ms", "0"],
  ["plugin", "call", "a", "b", "--timeout-ms", "1s"],
];
for (const line of WRONG) {
  Deno.test(`"${line.join(" ")}" is refused as usage`, () => {
    assert.throws(() => parseCommand(line), { code: "cli.usage", message: /; try .*--help$/ });
  });
}

const VERSIONS: readonly [string, boolean][] = [
  ["2.9.6", true],
  ["2.9.7", true],
  ["2.10.0", true],
  ["3.0.0", true],
  ["2.9.6-rc.1", true],
  ["2.9.5", false],
  ["2.8.9", false],
  ["1.99.99", false],
];
for (const [version, accepted] of VERSIONS) {
  Deno.test(`Deno ${version} is ${accepted ? "accepted" : "refused"}`, () => {
    if (accepted) checkDenoVersion(version);
    else assert.throws(() => checkDenoVersion(version), { code: "cli.deno_too_old" });
  });
}

function call(input: unknown) {
  return { kind: "call", ...COMMON, id: "a", exportName: "b", input };
}
