import assert from "node:assert/strict";
import { dirname } from "node:path";
import { openMusicServer } from "../src/cli/music_server.ts";
import { needsOf } from "../src/cli/music_server_needs.ts";
import { showFunctions } from "../src/cli/functions_command.ts";
import { type Configuration, parseConfiguration } from "../src/configuration/mod.ts";
import { HOST_FUNCTIONS } from "../src/services/mod.ts";
import { FakeTerminal } from "./support/fake_terminal.ts";
import { tempDir } from "./support/temp_dir.ts";

const SUBSONIC = `[MusicServer]
  URL = "http://192.168.1.9:4533/music"
  Username = "soundproof"
  PasswordFile = "secret/password"
  LibraryPaths = { 1 = "/srv/music", 2 = "/srv/books" }
  WritableLibraries = [2, 3]`;

/** Opens what is configured, in the folder of the file. */
function open(configuration: Configuration, configFile: string, told: string[]) {
  const places = { configFile, dataDir: dirname(configFile) };
  return openMusicServer(configuration, places, "http://x", (text) => told.push(text));
}

Deno.test("music server: the process may do what it needs, and no more", () => {
  assert.deepEqual(needsOf(parseConfiguration(SUBSONIC), "/etc/s/soundproof.toml"), {
    read: ["/etc/s/secret/password", "/srv/music", "/srv/books"],
    write: ["/srv/books"],
    env: [],
    addresses: ["192.168.1.9"],
  });
  const byEnv = SUBSONIC.replace(/PasswordFile.*/, 'PasswordEnv = "PASSWORD"')
    .replace("192.168.1.9", "music.example");
  const { read, env, addresses } = needsOf(parseConfiguration(byEnv), "/etc/s/soundproof.toml");
  assert.deepEqual({ read, env, addresses }, {
    read: ["/srv/music", "/srv/books"],
    env: ["PASSWORD"],
    addresses: [],
  });
  assert.deepEqual(needsOf(parseConfiguration(""), "/s.toml").read, []);
});

for (
  const [file, text] of [
    [
      "library.toml",
      '[[libraries]]\nid = 1\nname = "M"\npath = "music"\n[[users]]\nuserName = "ann"\n',
    ],
    [
      "library.json",
      '{"libraries":[{"id":1,"name":"M","path":"music"}],"users":[{"userName":"ann"}]}',
    ],
  ] as const
) {
  Deno.test(`music server: a library is described in ${file}`, async () => {
    using folder = tempDir();
    Deno.writeTextFileSync(`${folder.path}/${file}`, text);
    const told: string[] = [];
    const configuration = parseConfiguration(
      `[MusicServer]\nLibrary = "${file}"\nWritableLibraries = [1]`,
    );
    const configFile = `${folder.path}/soundproof.toml`;
    const server = open(configuration, configFile, told);
    const { signal } = new AbortController();
    assert.equal((await server?.users?.list(signal))?.[0]?.userName, "ann");
    assert.equal((await server?.libraries?.list(signal))?.[0]?.path, `${folder.path}/music`);
    const needs = needsOf(configuration, configFile);
    assert.deepEqual(needs.read, [`${folder.path}/${file}`, `${folder.path}/music`]);
    assert.deepEqual(needs.write, [`${folder.path}/music`]);
    assert.deepEqual(told, []);
  });
}

for (
  const [name, text] of [
    ["a library file that is not there", '[MusicServer]\nLibrary = "none.toml"'],
    ["a library file of another shape", '[MusicServer]\nLibrary = "wrong.json"'],
    ["a password that cannot be read", SUBSONIC],
  ] as const
) {
  Deno.test(`music server: ${name} is told, and the rest goes on without`, () => {
    using folder = tempDir();
    Deno.writeTextFileSync(`${folder.path}/wrong.json`, '{"users":[{"userName":5}]}');
    const told: string[] = [];
    const configFile = `${folder.path}/soundproof.toml`;
    const server = open(parseConfiguration(text), configFile, told);
    assert.equal(server, undefined);
    assert.match(told.join(), /soundproof\.toml: \$\.MusicServer is not applied: ./);
  });
}

Deno.test("music server: the password leaves its file towards the server alone", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/secret`);
  Deno.writeTextFileSync(`${folder.path}/secret/password`, "hunter2\n");
  const told: string[] = [];
  const configuration = parseConfiguration(SUBSONIC);
  const configFile = `${folder.path}/soundproof.toml`;
  const server = open(configuration, configFile, told);
  assert.ok(server);
  const inspected = Deno.inspect([server, configuration, told], { depth: 20 });
  assert.ok(!inspected.includes("hunter2"));
});

Deno.test("plugin functions prints every host function, with permission and shapes", () => {
  const json = new FakeTerminal();
  assert.equal(showFunctions(true, json), 0);
  const { functions } = JSON.parse(json.stdout);
  assert.equal(functions.length, HOST_FUNCTIONS.size + 30);
  assert.deepEqual(functions.find(({ name }: { name: string }) => name === "get_string"), {
    module: "env",
    name: "get_string",
    permission: "cache",
    request: { key: "string" },
    response: { exists: "bool", value: "string" },
  });
  assert.deepEqual(functions.find(({ name }: { name: string }) => name === "cache_has"), {
    module: "extism:host/user",
    name: "cache_has",
    permission: "cache",
    request: { key: "string" },
    response: { exists: "bool" },
  });
  const table = new FakeTerminal();
  showFunctions(false, table);
  for (const name of HOST_FUNCTIONS.keys()) assert.ok(table.stdout.includes(name), name);
  assert.match(table.stdout, /cache_has +cache +key: string +exists: bool/);
});
