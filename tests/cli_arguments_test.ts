import assert from "node:assert/strict";
import { checkDenoVersion, parseCommand } from "../src/cli/mod.ts";

const COMMON = { data: "data", json: false };

const LINES: readonly [readonly string[], unknown][] = [
  [["--help"], { kind: "help", topic: "soundproof" }],
  [["--version"], { kind: "version" }],
  [["start", "-h"], { kind: "help", topic: "start" }],
  [["plugin", "--help"], { kind: "help", topic: "plugin" }],
  [["plugin", "call", "--help"], { kind: "help", topic: "plugin call" }],
  [["plugin", "call", "a", "-h"], { kind: "help", topic: "plugin call" }],
  [["token", "--help"], { kind: "help", topic: "token" }],
  [["start"], { kind: "start", ...COMMON, launched: false, firstStart: false, insecure: false }],
  [["start", "--json", "--data=/d", "--config", "c.toml", "--listen", "[::1]:80"], {
    kind: "start",
    data: "/d",
    config: "c.toml",
    json: true,
    listen: { hostname: "::1", port: 80 },
    launched: false,
    firstStart: false,
    insecure: false,
  }],
  [["plugin", "list"], { kind: "list", ...COMMON }],
  [["plugin", "info", "hello"], { kind: "info", ...COMMON, subject: { id: "hello" } }],
  [["plugin", "info", "./hello"], { kind: "info", ...COMMON, subject: { path: "./hello" } }],
  [["plugin", "validate", "a.NDP"], { kind: "validate", ...COMMON, subject: { path: "a.NDP" } }],
  [["plugin", "enable", "a"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    decision: {},
    yes: false,
  }],
  [["plugin", "enable", "a", "--local-network", "--address", "nas", "--address", "10.0.0.0/8"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    decision: { localNetwork: true, addresses: ["nas", "10.0.0.0/8"] },
    yes: false,
  }],
  [["plugin", "enable", "a", "--users", "ann, bob", "--all-libraries", "--write-libraries"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    decision: { users: ["ann", "bob"], libraries: "all", writeLibraries: true },
    yes: false,
  }],
  [["plugin", "enable", "a", "--all-users", "--libraries", "1,20", "--no-write-libraries"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    decision: { users: "all", libraries: [1, 20], writeLibraries: false },
    yes: false,
  }],
  [["plugin", "enable", "a", "--users", '["ann", "b,b"]', "--libraries=[1, 2]"], {
    kind: "enable",
    ...COMMON,
    id: "a",
    decision: { users: ["ann", "b,b"], libraries: [1, 2] },
    yes: false,
  }],
  [["plugin", "enable", "a", "--users=", "--no-local-network", "--address", ""], {
    kind: "enable",
    ...COMMON,
    id: "a",
    decision: { users: [], localNetwork: false, addresses: [] },
    yes: false,
  }],
  [[
    "plugin",
    "approve",
    "a",
    "-y",
    "--without",
    "http,cache",
    "--only-host",
    "x",
    "--only-method",
    "get",
  ], {
    kind: "approve",
    ...COMMON,
    id: "a",
    decision: { without: ["http", "cache"], hosts: ["x"], methods: ["GET"] },
    yes: true,
  }],
  [["plugin", "approve", "a", "--all-hosts", "--without="], {
    kind: "approve",
    ...COMMON,
    id: "a",
    decision: { without: [], hosts: "all" },
    yes: false,
  }],
  [["plugin", "install", "x/a.ndp"], {
    kind: "install",
    ...COMMON,
    source: { path: "x/a.ndp" },
    enable: false,
    decision: {},
    yes: false,
  }],
  [[
    "plugin",
    "install",
    "https://x/a.ndp",
    "--id",
    "b",
    "--sha256",
    "A".repeat(64),
    "--enable",
    "--all-users",
  ], {
    kind: "install",
    ...COMMON,
    source: { url: "https://x/a.ndp" },
    id: "b",
    sha256: "a".repeat(64),
    enable: true,
    decision: { users: "all" },
    yes: false,
  }],
  [["plugin", "update", "a", "b.ndp", "--yes"], {
    kind: "update",
    ...COMMON,
    id: "a",
    source: { path: "b.ndp" },
    decision: {},
    yes: true,
  }],
  [["plugin", "rollback", "a"], { kind: "rollback", ...COMMON, id: "a" }],
  [["plugin", "remove", "a"], { kind: "remove", ...COMMON, id: "a", deleteData: false }],
  [["plugin", "remove", "a", "--delete-data"], {
    kind: "remove",
    ...COMMON,
    id: "a",
    deleteData: true,
  }],
  [["plugin", "refresh", "a"], { kind: "refresh", ...COMMON, id: "a" }],
  [["plugin", "revoke", "a"], { kind: "revoke", ...COMMON, id: "a" }],
  [["plugin", "rescan"], { kind: "rescan", ...COMMON }],
  [["plugin", "dev", "a"], { kind: "dev", ...COMMON, folder: "a", yes: false }],
  [["plugin", "dev", "a", "--id", "b", "-y"], {
    kind: "dev",
    ...COMMON,
    folder: "a",
    id: "b",
    yes: true,
  }],
  [["plugin", "logs", "-f"], { kind: "logs", ...COMMON, follow: true }],
  [["plugin", "audit", "a"], { kind: "audit", ...COMMON, id: "a", follow: false }],
  [["plugin", "config", "get", "a", "k"], { kind: "config-get", ...COMMON, id: "a", key: "k" }],
  [
    ["plugin", "config", "set", "a", "k=v=w", "--value-file", "s=-", "--unset", "u", "--file", "f"],
    {
      kind: "config-set",
      ...COMMON,
      id: "a",
      changes: [
        { key: "k", to: "text", text: "v=w" },
        { key: "s", to: "file", path: "-" },
        { key: "u", to: "default" },
      ],
      file: "f",
    },
  ],
  [["plugin", "list", "--service=http://x"], { kind: "list", ...COMMON, service: "http://x" }],
  [["plugin", "config-template", "./a"], {
    kind: "config-template",
    ...COMMON,
    subject: { path: "./a" },
  }],
  [["plugin", "pack", "a", "--out", "b.ndp"], {
    kind: "pack",
    ...COMMON,
    folder: "a",
    out: "b.ndp",
  }],
  [["token", "create", "phone", "--scope", "read,client"], {
    kind: "token-create",
    ...COMMON,
    name: "phone",
    scopes: ["client", "read"],
  }],
  [["token", "list"], { kind: "token-list", ...COMMON }],
  [["token", "revoke", "phone"], { kind: "token-revoke", ...COMMON, name: "phone" }],
  [["plugin", "functions"], { kind: "functions", ...COMMON }],
  [["plugin", "functions", "--json"], { kind: "functions", ...COMMON, json: true }],
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
  ["plugin", "enable", "a", "--libraries", "[true]"],
  ["plugin", "enable", "a", "--users", "[ann"],
  ["plugin", "enable", "a", "--write-libraries", "--no-write-libraries"],
  ["plugin", "enable", "a", "--local-network", "--no-local-network"],
  ["plugin", "call", "a", "b", "--timeout-ms", "1", "--timeout-ms", "2"],
  ["plugin", "pack"],
  ["plugin", "pack", "a", "--out", "a.zip"],
  ["token"],
  ["token", "create", "phone"],
  ["token", "create", "phone", "--scope", "everything"],
  ["token", "create", "phone", "--scope", ""],
  ["token", "create", "--scope", "read"],
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
