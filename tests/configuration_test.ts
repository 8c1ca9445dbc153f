import assert from "node:assert/strict";
import { parseAddress, parseConfiguration, readConfiguration } from "../src/configuration/mod.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("a full configuration is read", () => {
  const { problems, plugins, ...rest } = parseConfiguration(`
    [Server]
    Listen = "127.0.0.1:5000"
    [Plugins]
    Folder = "../plugins"
    [Network]
    LocalAddresses = ["192.168.1.5", "10.0.0.0/8"]
    [PluginConfig.hello]
    language = "de"
    count = 3
    ratio = 0.5
    on = true
    since = 2026-01-02
    list = [1, "two"]
    [PluginConfig.hello.nested]
    deep = "yes"
    [PluginConfig."a.b"]
  `);
  assert.deepEqual(problems, []);
  assert.deepEqual(rest, {
    listen: { hostname: "127.0.0.1", port: 5000 },
    pluginsFolder: "../plugins",
    localAddresses: ["192.168.1.5", "10.0.0.0/8"],
  });
  assert.deepEqual(JSON.parse(JSON.stringify(plugins)), {
    hello: {
      language: "de",
      count: 3,
      ratio: 0.5,
      on: true,
      since: "2026-01-02",
      list: [1, "two"],
      nested: { deep: "yes" },
    },
    "a.b": {},
  });
});

Deno.test("an empty configuration says nothing", () => {
  const configuration = parseConfiguration("# nothing");
  assert.deepEqual({ ...configuration, plugins: { ...configuration.plugins } }, {
    plugins: {},
    problems: [],
  });
});

/** A mistake, and the path of the one problem it is. The last line of each is sound and must still count. */
const MISTAKES: readonly [string, string][] = [
  ["Colour = 1", "$.Colour"],
  ["Server = 1", "$.Server"],
  ["[Server]\nPort = 1", "$.Server.Port"],
  ["[Server]\nListen = 4747", "$.Server.Listen"],
  ['[Server]\nListen = "0.0.0.0:4747"', "$.Server.Listen"],
  ['[Network]\nLocalAddresses = "10.0.0.1"', "$.Network.LocalAddresses"],
  ['[Network]\nLocalAddresses = ["nas.local"]', "$.Network.LocalAddresses"],
  ['[Network]\nLocalAddresses = ["10.0.0.0/33"]', "$.Network.LocalAddresses"],
  ["[PluginConfig]\na = 1", "$.PluginConfig.a"],
  ["[PluginConfig.a]\nb = nan", "$.PluginConfig.a.b"],
  ["[PluginConfig.a]\nb = [1, inf]", "$.PluginConfig.a.b"],
  ["[toString]", "$.toString"],
  ["[Server]\nconstructor = 1", "$.Server.constructor"],
];
for (const [text, path] of MISTAKES) {
  Deno.test(`${JSON.stringify(text)} is a problem at ${path} and costs nothing else`, () => {
    const { problems, pluginsFolder } = parseConfiguration(`${text}\n[Plugins]\nFolder = "p"\n`);
    assert.deepEqual(problems.map((problem) => problem.path), [path]);
    assert.ok(problems.every(({ found, wanted }) => found !== "" && wanted !== ""));
    assert.equal(pluginsFolder, "p");
  });
}

Deno.test("text that is no TOML is refused with file, line and column", () => {
  assert.throws(() => parseConfiguration("[Server]\nListen = \n", "/etc/s.toml"), {
    code: "configuration.invalid",
    message: /^Cannot read configuration "\/etc\/s\.toml": line 2, column \d+: ./,
  });
});

Deno.test("settings named like parts of an object's prototype change no prototype", () => {
  const { plugins } = parseConfiguration('[PluginConfig.__proto__]\npolluted = "yes"');
  assert.ok(Object.hasOwn(plugins, "__proto__"));
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("a file that is not there is empty, unless it was asked for", () => {
  using folder = tempDir();
  const file = `${folder.path}/soundproof.toml`;
  assert.deepEqual(readConfiguration(file, false), { plugins: {}, problems: [] });
  assert.throws(() => readConfiguration(file, true), { code: "configuration.invalid" });
});

const ADDRESSES: readonly [string, { hostname: string; port: number } | undefined][] = [
  ["127.0.0.1:4747", { hostname: "127.0.0.1", port: 4747 }],
  ["127.255.0.3:0", { hostname: "127.255.0.3", port: 0 }],
  ["localhost:80", { hostname: "localhost", port: 80 }],
  ["[::1]:65535", { hostname: "::1", port: 65535 }],
  ["::1:80", undefined],
  ["127.0.0.1", undefined],
  ["127.0.0.1:", undefined],
  ["127.0.0.1:65536", undefined],
  ["127.0.0.1:-1", undefined],
  ["127.0.0.256:80", undefined],
  ["127.1:80", undefined],
  [":4747", undefined],
  ["0.0.0.0:4747", undefined],
  ["[::]:4747", undefined],
  ["192.168.1.5:4747", undefined],
  ["localhost.evil.example:80", undefined],
  ["127.0.0.1:80,0.0.0.0:80", undefined],
];
for (const [text, address] of ADDRESSES) {
  Deno.test(`the address "${text}" is ${address ? "read" : "refused"}`, () => {
    if (address) assert.deepEqual(parseAddress(text), address);
    else assert.throws(() => parseAddress(text), { code: "configuration.invalid" });
  });
}
