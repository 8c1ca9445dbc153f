import assert from "node:assert/strict";
import { needsOf, openMusicServer } from "../src/cli/music_server.ts";
import { showFunctions } from "../src/cli/functions_command.ts";
import { parseConfiguration } from "../src/configuration/mod.ts";
import { HOST_FUNCTIONS } from "../src/services/mod.ts";
import { FakeTerminal } from "./support/fake_terminal.ts";
import { tempDir } from "./support/temp_dir.ts";

const SUBSONIC = `[MusicServer]
  URL = "http://192.168.1.9:4533/music"
  Username = "soundproof"
  PasswordFile = "secret/password"
  LibraryPaths = { 1 = "/srv/music", 2 = "/srv/books" }
  WritableLibraries = [2, 3]`;

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
    const terminal = new FakeTerminal();
    const configuration = parseConfiguration(
      `[MusicServer]\nLibrary = "${file}"\nWritableLibraries = [1]`,
    );
    const configFile = `${folder.path}/soundproof.toml`;
    const server = openMusicServer(configuration, configFile, terminal);
    const { signal } = new AbortController();
    assert.equal((await server?.users?.list(signal))?.[0]?.userName, "ann");
    assert.equal((await server?.libraries?.list(signal))?.[0]?.path, `${folder.path}/music`);
    const needs = needsOf(configuration, configFile);
    assert.deepEqual(needs.read, [`${folder.path}/${file}`, `${folder.path}/music`]);
    assert.deepEqual(needs.write, [`${folder.path}/music`]);
    assert.equal(terminal.stderr, "");
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
    const terminal = new FakeTerminal();
    const configFile = `${folder.path}/soundproof.toml`;
    assert.equal(openMusicServer(parseConfiguration(text), configFile, terminal), undefined);
    assert.match(terminal.stderr, /soundproof\.toml: \$\.MusicServer is not applied: ./);
  });
}

Deno.test("music server: the password leaves its file towards the server alone", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/secret`);
  Deno.writeTextFileSync(`${folder.path}/secret/password`, "hunter2\n");
  const terminal = new FakeTerminal();
  const configuration = parseConfiguration(SUBSONIC);
  const server = openMusicServer(configuration, `${folder.path}/soundproof.toml`, terminal);
  assert.ok(server);
  const inspected = Deno.inspect([server, configuration], { depth: 20 });
  assert.ok(!`${inspected}${terminal.stderr}${terminal.stdout}`.includes("hunter2"));
});

Deno.test("plugin functions prints every host function, with permission and shapes", () => {
  const json = new FakeTerminal();
  assert.equal(showFunctions(true, json), 0);
  const { functions } = JSON.parse(json.stdout);
  assert.equal(functions.length, HOST_FUNCTIONS.size);
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
