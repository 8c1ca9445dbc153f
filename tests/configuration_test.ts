import assert from "node:assert/strict";
import {
  isLocal,
  type Listen,
  parseConfiguration,
  parseListen,
  readConfiguration,
} from "../src/configuration/mod.ts";
import { tempDir } from "./support/temp_dir.ts";

Deno.test("a full configuration is read", () => {
  const { problems, plugins, settings, ...rest } = parseConfiguration(`
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
  assert.deepEqual({ ...settings }, {});
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
  assert.deepEqual(JSON.parse(JSON.stringify(configuration)), {
    plugins: {},
    settings: {},
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
  ['[PluginConfig]\npassword = "secret"', "$.PluginConfig.password"],
  ['[PluginSettings.a]\nEnabled = "no"', "$.PluginSettings.a.Enabled"],
  ['[PluginSettings.a]\nConfig = "secret"', "$.PluginSettings.a.Config"],
  ["[PluginSettings.a.Config]\nb = nan", "$.PluginSettings.a.Config.b"],
  ["[PluginSettings.a.Limits]\nTimeout = 5", "$.PluginSettings.a.Limits.Timeout"],
  ['[PluginSettings.a.Limits]\nTimeout = "0s"', "$.PluginSettings.a.Limits.Timeout"],
  ['[PluginSettings.a.Limits]\nMemory = "much"', "$.PluginSettings.a.Limits.Memory"],
  ["[PluginSettings.a.Limits]\nRequests = 5", "$.PluginSettings.a.Limits.Requests"],
  ["[PluginSettings.a.Limits]\nHostFunctions = [1]", "$.PluginSettings.a.Limits.HostFunctions"],
  ["[Server]\nListen = '127.0.0.1:65536'", "$.Server.Listen"],
  ['[MusicServer]\nLibrary = "l.toml"\nURL = "https://m.example"', "$.MusicServer"],
  ['[MusicServer]\nURL = "https://m.example"\nUsername = "s"', "$.MusicServer"],
  ['[MusicServer]\nLibrary = "l.toml"\nPassword = "secret"', "$.MusicServer.Password"],
  ["[MusicServer]\nLibrary = 'l'\nLibraryPaths = { 1 = 'music' }", "$.MusicServer.LibraryPaths"],
  ["[MusicServer]\nLibrary = 'l'\nLibraryPaths = { one = '/m' }", "$.MusicServer.LibraryPaths"],
  ["[toString]", "$.toString"],
  ["[Server]\nconstructor = 1", "$.Server.constructor"],
];
for (const [text, path] of MISTAKES) {
  Deno.test(`${JSON.stringify(text)} is a problem at ${path} and costs nothing else`, () => {
    const { problems, pluginsFolder } = parseConfiguration(`${text}\n[Plugins]\nFolder = "p"\n`);
    assert.deepEqual(problems.map((problem) => problem.path), [path]);
    assert.ok(problems.every(({ found, wanted }) => found !== "" && wanted !== ""));
    assert.equal(pluginsFolder, "p");
    assert.ok(!JSON.stringify(problems).includes("secret"));
  });
}

Deno.test("plugins, their limits and a music server are read, in units that the host counts in", () => {
  const { plugins, settings, problems, ...rest } = parseConfiguration(`
    [Plugins]
    Enabled = true
    CacheSize = "100MB"
    LogLevel = "debug"
    [Plugins.DefaultLimits]
    Timeout = "1m30s"
    Memory = 1000
    [PluginConfig.a]
    city = "Oslo"
    token = "old"
    [PluginSettings.a]
    Enabled = false
    Limits = { HostFunctions = ["http_send"], RequestTimeout = "1.5s", MaxRequestSize = "1KiB", MaxResponseSize = "2k", RequestsPerMinute = 60, Schedules = 5, Connections = 0 }
    Config = { token = "new" }
    [MusicServer]
    URL = "https://music.example/navidrome"
    Username = "soundproof"
    PasswordEnv = "MUSIC_PASSWORD"
    LibraryPaths = { 1 = "/srv/music" }
    WritableLibraries = [1]
  `);
  assert.deepEqual(problems, []);
  assert.deepEqual(JSON.parse(JSON.stringify({ plugins, settings })), {
    plugins: { a: { city: "Oslo", token: "new" } },
    settings: {
      a: {
        enabled: false,
        limits: {
          hostFunctions: ["http_send"],
          requestTimeoutMs: 1_500,
          requestBytes: 1_024,
          responseBytes: 2_000,
          requestsPerMinute: 60,
          services: { schedules: 5, connections: 0 },
        },
      },
    },
  });
  assert.deepEqual(rest, {
    enabled: true,
    compiledBytes: 100_000_000,
    logLevel: "debug",
    defaultLimits: { callTimeoutMs: 90_000, memoryBytes: 1_000 },
    musicServer: {
      kind: "subsonic",
      url: "https://music.example/navidrome",
      username: "soundproof",
      password: { env: "MUSIC_PASSWORD" },
      usernames: [],
      formPost: false,
      watches: true,
      libraryPaths: new Map([[1, "/srv/music"]]),
      writableLibraries: [1],
    },
  });
});

/** A mistake, its path, and the line of its key. */
const LINES: readonly [string, number][] = [
  ["\n\nColour = 1", 3],
  ["# Server\n[Server] # Port = 1\n\nPort = 1", 4],
  ["\ufeff[Server]\r\nPort = 1\r\n", 2],
  ['[Plugins]\nFolder = """\n[Server]\nPort = 1\n"""\n[Server]\nPort = 1', 7],
  ["[Network]\nLocalAddresses = [\n  '10.0.0.1', # one\n  'x',\n]", 2],
  ["[PluginSettings.\"a.b\".Limits]\n'Memory' = -1", 2],
  ["[PluginSettings]\n\na.Limits.Memory = -1", 3],
  ["[PluginSettings]\n\na = { Limits = { Memory = -1 } }", 3],
  ["PluginSettings.a = { Limits = [\n{},\n] }", 1],
];
for (const [text, line] of LINES) {
  Deno.test(`the mistake in ${JSON.stringify(text)} is on line ${line}`, () => {
    assert.deepEqual(parseConfiguration(text).problems.map((problem) => problem.line), [line]);
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
  assert.deepEqual(readConfiguration(file, false), { plugins: {}, settings: {}, problems: [] });
  assert.throws(() => readConfiguration(file, true), { code: "configuration.invalid" });
});

const ADDRESSES: readonly [string, Listen | undefined][] = [
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
  ["0.0.0.0:4747", { hostname: "0.0.0.0", port: 4747 }],
  ["[::]:4747", { hostname: "::", port: 4747 }],
  ["192.168.1.5:4747", { hostname: "192.168.1.5", port: 4747 }],
  ["unix:/run/soundproof.sock", { path: "/run/soundproof.sock" }],
  ["unix:here.sock", { path: "here.sock" }],
  ["unix:", undefined],
  ["[localhost]:80", undefined],
  ["music.example:80", undefined],
  ["localhost.evil.example:80", undefined],
  ["127.0.0.1:80,0.0.0.0:80", undefined],
];
for (const [text, address] of ADDRESSES) {
  Deno.test(`the address "${text}" is ${address ? "read" : "refused"}`, () => {
    if (address) assert.deepEqual(parseListen(text), address);
    else assert.throws(() => parseListen(text), { code: "configuration.invalid" });
  });
}

Deno.test("only loopback and sockets are of this machine alone", () => {
  for (const text of ["127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/s"]) {
    assert.ok(isLocal(parseListen(text)), text);
  }
  for (const text of ["0.0.0.0:1", "[::]:1", "192.168.1.5:1", "128.0.0.1:1", "[::ffff:7f00:1]:1"]) {
    assert.ok(!isLocal(parseListen(text)), text);
  }
});

Deno.test("off loopback nothing is listened at without TLS, unless that is allowed", () => {
  const read = (more: string) => parseConfiguration(`[Server]\nListen = "[::]:1"\n${more}`);
  const listen = { hostname: "::", port: 1 };
  assert.equal(read("").listen, undefined);
  assert.equal(read("").problems[0]?.path, "$.Server.Listen");
  assert.equal(read("AllowInsecure = false").listen, undefined);
  assert.deepEqual(read("AllowInsecure = true").listen, listen);
  const { tls, listen: secure } = read('TlsCertificate = "c"\nTlsKey = "k"');
  assert.deepEqual([secure, tls], [listen, { certificate: "c", key: "k" }]);
  for (const half of ['TlsCertificate = "c"', 'TlsKey = "k"']) {
    assert.equal(read(half).tls, undefined);
    assert.equal(read(half).problems.length, 1);
  }
});
