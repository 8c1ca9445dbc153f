import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import schema from "../schema/config.schema.json" with { type: "json" };
import { parseConfiguration } from "../src/configuration/mod.ts";

Deno.test("the configuration's schema is sound by its own dialect", () => {
  new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true }).compile(schema);
});

/** A value for each setting of the schema that differs from its absence. `*` stands for any plugin. */
const SETTINGS: Readonly<Record<string, string>> = {
  "Server.Listen": '"127.0.0.1:1"',
  "Server.AllowInsecure": "true",
  "Server.TlsCertificate": '"c"',
  "Server.TlsKey": '"k"',
  "Server.PublicURL": '"https://p.example"',
  "Plugins.Enabled": "false",
  "Plugins.Folder": '"p"',
  "Plugins.CacheSize": '"1MB"',
  "Plugins.AutoReload": "true",
  "Plugins.LogLevel": '"warn"',
  "Plugins.Agents": '["a"]',
  "Plugins.LyricsPriority": '["a"]',
  "Plugins.Scrobblers": '["a"]',
  "Plugins.SonicSimilarity": '["a"]',
  "Network.LocalAddresses": '["10.0.0.1"]',
  "PluginConfig.*.*": '"x"',
  "PluginSettings.*.Enabled": "true",
  "PluginSettings.*.Config.*": "1",
  "MusicServer.Library": '"l.toml"',
  "MusicServer.URL": '"https://m.example"',
  "MusicServer.Username": '"u"',
  "MusicServer.PasswordFile": '"f"',
  "MusicServer.PasswordEnv": '"E"',
  "MusicServer.UserHeader": '"Remote-User"',
  "MusicServer.Users": '["ann"]',
  "MusicServer.FormPost": "true",
  "MusicServer.Watch": "false",
  "MusicServer.LibraryPaths": '{ 1 = "/m" }',
  "MusicServer.WritableLibraries": "[1]",
};
const LIMITS: Readonly<Record<string, string>> = {
  HostFunctions: '["http_send"]',
  Timeout: '"1s"',
  RequestTimeout: '"1s"',
  Memory: '"1MB"',
  MaxRequestSize: '"1MB"',
  MaxResponseSize: "1",
  RequestsPerMinute: "1",
  Schedules: "1",
  Tasks: "1",
  Connections: "1",
};
const ALL = { ...SETTINGS };
for (const [name, value] of Object.entries(LIMITS)) {
  ALL[`Plugins.DefaultLimits.${name}`] = value;
  ALL[`PluginSettings.*.Limits.${name}`] = value;
}

interface Node {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
}

/** Paths of all settings in the schema: what has a description. */
function settingsOf(node: Node, path: readonly string[] = []): string[] {
  const name = node.$ref?.replace("#/$defs/", "");
  const definitions: Readonly<Record<string, Node>> = schema.$defs;
  const full = name === undefined ? node : definitions[name] ?? {};
  if (full.description !== undefined) return [path.join(".")];
  const below = Object.entries(full.properties ?? {});
  if (typeof full.additionalProperties === "object") below.push(["*", full.additionalProperties]);
  return below.flatMap(([key, value]) => settingsOf(value, [...path, key]));
}

Deno.test("every setting of the schema is known here", () => {
  assert.deepEqual(settingsOf(schema).sort(), Object.keys(ALL).sort());
});

const SUBSONIC = 'URL = "https://m.example"\nUsername = "u"\nPasswordFile = "f"';
/** What must be there besides for a setting of the music server to count. */
const AROUND: Readonly<Record<string, string>> = {
  "Server.TlsCertificate": 'TlsKey = "k"',
  "Server.TlsKey": 'TlsCertificate = "c"',
  "MusicServer.URL": 'Username = "u"\nPasswordFile = "f"',
  "MusicServer.Username": 'URL = "https://m.example"\nPasswordFile = "f"',
  "MusicServer.PasswordFile": 'URL = "https://m.example"\nUsername = "u"',
  "MusicServer.PasswordEnv": 'URL = "https://m.example"\nUsername = "u"',
  "MusicServer.UserHeader": SUBSONIC,
  "MusicServer.Users": SUBSONIC,
  "MusicServer.FormPost": SUBSONIC,
  "MusicServer.Watch": SUBSONIC,
  "MusicServer.LibraryPaths": 'Library = "l"',
  "MusicServer.WritableLibraries": 'Library = "l"',
};

for (const [path, value] of Object.entries(ALL)) {
  Deno.test(`the setting ${path} of the schema is read, and says something`, () => {
    const keys = path.replaceAll("*", "a").split(".");
    const table = `[${keys.slice(0, -1).join(".")}]\n${AROUND[path] ?? ""}\n`;
    const { problems: before, ...without } = parseConfiguration(table);
    const { problems, ...having } = parseConfiguration(`${table}${keys.at(-1)} = ${value}`);
    assert.deepEqual(problems, []);
    assert.ok(before.length <= 1);
    const shown = (configuration: object) =>
      JSON.stringify(configuration, (_key, item) => item instanceof Map ? [...item] : item);
    assert.notEqual(shown(having), shown(without));
  });
}
