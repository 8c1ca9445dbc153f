import { ALL_COMMANDS } from "../../src/cli/mod.ts";
import { packFiles } from "../../src/packages/mod.ts";
import { TokenStore } from "../../src/state/mod.ts";
import {
  FakeAdministration,
  type FakeFacts,
  type FakePlugin,
  fakePlugin,
} from "./fake_administration.ts";
import { assemble } from "./guests.ts";
import { agentGuest } from "./kernel_guest.ts";
import { tempDir } from "./temp_dir.ts";
import type { Session, World } from "./snapshots.ts";

/** A text that would repaint the screen, turn the line around, and begin a line that looks like ours. */
const HOSTILE = "x\x1b[2J\u202eevil\r\nhello is running";

const NOON = Date.UTC(2026, 0, 2, 12);

const LYRICS = {
  name: "Lyrics",
  author: "Jane Doe",
  version: "1.0.0",
  description: "Finds the words of songs",
  website: "https://example.com/lyrics",
  permissions: {
    http: {
      reason: "Asks lyrics.example.com for the words",
      requiredHosts: ["lyrics.example.com"],
    },
    cache: { reason: "Asks for each song only once" },
  },
};

/** The same plugin, which asks for more, and says other things. */
const LYRICS_2 = {
  ...LYRICS,
  version: "2.0.0",
  permissions: {
    http: {
      reason: "Also looks wherever the settings say",
      requiredHosts: ["lyrics.example.com", "*"],
      allowLocalNetwork: true,
    },
    users: { reason: `Greets them. ${HOSTILE}` },
  },
};

const SETTINGS = {
  name: "Settings",
  author: "A",
  version: "1.0.0",
  config: {
    schema: {
      type: "object",
      required: ["region"],
      properties: {
        region: { enum: ["eu", "us"], title: "Region" },
        days: { type: "integer", minimum: 1, default: 7, description: "How long things are kept" },
        token: { type: "string", writeOnly: true },
        greeting: { type: "string", description: HOSTILE },
      },
    },
  },
};

async function world(facts: FakeFacts, service = true): Promise<World> {
  const folder = tempDir();
  const guest = assemble(agentGuest({ exports: ["nd_get_artist_mbid"], output: `{"mbid":"m"}` }));
  const file = async (name: string, manifest: object) => {
    const path = `${folder.path}/${name}.ndp`;
    Deno.writeFileSync(path, await packFiles(JSON.stringify(manifest), guest));
    return path;
  };
  Deno.mkdirSync(`${folder.path}/source`);
  Deno.writeTextFileSync(`${folder.path}/source/manifest.json`, JSON.stringify(LYRICS));
  Deno.writeFileSync(`${folder.path}/source/plugin.wasm`, guest);
  Deno.writeTextFileSync(`${folder.path}/secret.txt`, "s3cret\n");
  Deno.writeTextFileSync(
    `${folder.path}/settings.json`,
    JSON.stringify({ region: "us", greeting: HOSTILE }),
  );
  Deno.writeTextFileSync(`${folder.path}/broken.json`, '{"token":"s3cret"');
  let now = NOON;
  const tokens = new TokenStore(`${folder.path}/tokens.db`, () => now += 60_000);
  return {
    admin: new FakeAdministration(facts),
    tokens,
    service,
    paths: {
      LYRICS1: await file("lyrics", LYRICS),
      LYRICS2: await file("lyrics2", LYRICS_2),
      LYRICSLESS: await file("less", { ...LYRICS, version: "1.1.0", permissions: { cache: {} } }),
      BROKEN: await file("broken", { name: 3, author: HOSTILE, version: "1" }),
      SOURCE: `${folder.path}/source`,
      PACKED: `${folder.path}/packed.ndp`,
      SECRETFILE: `${folder.path}/secret.txt`,
      SETTINGSFILE: `${folder.path}/settings.json`,
      BADJSON: `${folder.path}/broken.json`,
      FOLDER: folder.path,
    },
    volatile: [
      [/\b[0-9a-f]{64}\b/g, "<sha-256>"],
      [/(?<![\w-])[\w-]{43}(?![\w-])/g, "<token>"],
    ],
    [Symbol.dispose]() {
      tokens[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

function manifestOf(document: typeof LYRICS | typeof SETTINGS): FakePlugin["plugin"]["manifest"] {
  const { name, author, version } = document;
  const more = "config" in document ? { config: document.config } : {};
  const permissions = "permissions" in document
    ? {
      http: {
        ...document.permissions.http,
        allowLocalNetwork: false,
        allowRedirects: true,
      },
      cache: document.permissions.cache,
    }
    : {};
  return { dialect: "navidrome", name, author, version, permissions, ...more };
}

function lyrics(): FakePlugin {
  const manifest = manifestOf(LYRICS) ?? { permissions: {} };
  return fakePlugin({
    id: "lyrics",
    path: "/data/plugins/lyrics.ndp",
    capabilities: ["Lyrics"],
    exports: ["nd_get_lyrics"],
    ...("name" in manifest && { manifest }),
  }, { approved: manifest });
}

const HELLO = fakePlugin({ id: "hello", path: "/data/plugins/hello.ndp" });

const WILD = fakePlugin({
  id: `w${HOSTILE}`,
  state: "failed",
  kind: "link",
  path: `/data/plugins/${HOSTILE}`,
  manifest: {
    dialect: "navidrome",
    name: HOSTILE,
    author: HOSTILE,
    version: HOSTILE,
    description: "A description that is much longer than a line of the terminal. ".repeat(3),
    permissions: { cache: { reason: HOSTILE } },
  },
  capabilities: ["MetadataAgent", "Scrobbler", "Lyrics", "SonicSimilarity"],
  error: {
    code: "module.import_refused",
    message: 'Cannot admit module: it imports "env.evil", which does not exist',
    problems: [{ path: "$.x", found: HOSTILE, wanted: "nothing" }],
  },
  warnings: [{ path: "$.permissions.Caches", found: "{}", wanted: "no such key" }],
});

const DECIDED = fakePlugin({
  id: "decided",
  path: "/data/plugins/decided.ndp",
  decision: {
    without: ["cache"],
    users: ["ann", `b${HOSTILE}`],
    libraries: "all",
    writeLibraries: true,
    http: { urls: { "https://lyrics.example.com/*": ["GET", "HEAD"] } },
    websocket: { hosts: ["live.example.com"] },
    localNetwork: true,
    addresses: ["192.168.1.5"],
  },
});

const ALL = () => world({ plugins: [HELLO, lyrics(), WILD, DECIDED] });

const ERROR = "w".concat(HOSTILE).replaceAll(" ", "_");

/** Every session there is; the file of each has its name. */
export const SESSIONS: readonly Session[] = [
  {
    name: "look",
    world: ALL,
    steps: [
      "plugin list",
      "plugin list --json",
      "plugin rescan",
      "plugin info lyrics",
      `plugin info ${ERROR}`,
      "plugin info hello --json",
      "plugin info none",
      "plugin info decided",
      "plugin validate lyrics",
      `plugin validate ${ERROR}`,
      `plugin validate ${ERROR} --json`,
    ],
  },
  {
    name: "look_at_packages",
    world: () => world({}),
    steps: [
      "plugin list",
      "plugin info LYRICS2",
      "plugin validate LYRICS1",
      "plugin validate BROKEN",
      "plugin validate BROKEN --json",
      "plugin validate FOLDER/none.ndp",
      "plugin config-template LYRICS1",
      "plugin pack SOURCE --out PACKED",
      "plugin pack SOURCE --out PACKED --json",
      "plugin pack FOLDER --out PACKED",
    ],
  },
  {
    name: "install",
    world: () => world({ plugins: [HELLO] }),
    steps: [
      ["plugin install LYRICS1", "n"],
      ["plugin install LYRICS1", "y"],
      "plugin install LYRICS1 --yes --id words",
      "plugin install LYRICS1 --yes --id hello",
      "plugin install LYRICS1 --yes --id other --sha256 " + "0".repeat(64),
      ["plugin install LYRICS1", "y"],
      "plugin install BROKEN --yes",
      "plugin install FOLDER/none.ndp --yes",
      ["plugin install LYRICS2 --enable", "yes"],
      "plugin install LYRICS2 --yes --id wide --enable --all-users --without http",
      "plugin install LYRICS1 --yes --id third --enable --json",
    ],
  },
  {
    name: "update",
    world: () => world({ plugins: [HELLO, lyrics()] }),
    steps: [
      ["plugin update lyrics LYRICS2 --all-users", "no"],
      "plugin update lyrics LYRICS2 --yes",
      "plugin update lyrics LYRICSLESS --yes",
      ["plugin update lyrics LYRICS2 --all-users", "y"],
      "plugin rollback lyrics",
      "plugin rollback hello",
      "plugin update none LYRICS1 --yes",
      "plugin refresh hello",
    ],
  },
  {
    name: "remove",
    world: ALL,
    steps: [
      "plugin remove hello",
      "plugin remove hello",
      "plugin remove lyrics --delete-data --json",
      `plugin remove ${ERROR} --delete-data`,
    ],
  },
  {
    name: "decide",
    world: () =>
      world({
        plugins: [
          HELLO,
          { plugin: { ...lyrics().plugin, state: "disabled" } },
        ],
      }),
    steps: [
      "plugin enable hello",
      ["plugin enable lyrics", "n"],
      ["plugin enable lyrics", "y"],
      "plugin disable lyrics",
      "plugin enable lyrics --only-host lyrics.example.com --only-method get",
      "plugin approve lyrics --only-host evil.example",
      "plugin approve lyrics --without everything",
      "plugin revoke lyrics",
      ["plugin approve lyrics --yes"],
      "plugin disable lyrics --json",
      "plugin enable none",
    ],
  },
  {
    name: "settings",
    world: () =>
      world({
        plugins: [
          fakePlugin(
            { id: "s", manifest: manifestOf(SETTINGS) ?? HELLO.plugin.manifest as never },
            {
              config: { region: "eu", days: 7, token: "hidden" },
              fixed: ["days"],
            },
          ),
          HELLO,
        ],
      }),
    steps: [
      "plugin config get s",
      "plugin config get s region",
      "plugin config get s token",
      "plugin config get s greeting",
      "plugin config get s --json",
      "plugin config get hello",
      "plugin config set s region=us greeting=hi_there",
      "plugin config set s token=visible",
      "plugin config set s --file SETTINGSFILE --value-file token=SECRETFILE",
      "plugin config get s greeting",
      "plugin config set s --unset greeting --json",
      "plugin config set s region=mars",
      "plugin config set s --file BADJSON",
      "plugin config set s",
      "plugin config-template s",
    ],
  },
  {
    name: "streams",
    world: () =>
      world({
        records: {
          log: [
            { id: 1, time: "2026-01-02T12:00:00.000Z", level: "info", message: "the host is open" },
            {
              id: 2,
              time: "2026-01-02T12:00:01.000Z",
              level: "warn",
              plugin: "hello",
              message: `said a long thing: ${"word ".repeat(20)}${HOSTILE}`,
            },
          ],
          audit: [{
            id: 1,
            time: NOON,
            plugin: "hello",
            code: "egress.address_refused",
            subject: "http://router.lan/",
            reason: HOSTILE,
          }, {
            id: 2,
            time: NOON,
            plugin: "",
            code: "egress.credentials",
            subject: "",
            reason: "",
          }],
        },
      }),
    steps: [
      "plugin logs",
      "plugin logs hello --json",
      "plugin logs none",
      "plugin audit",
      "plugin audit hello --json",
    ],
  },
  {
    name: "without_a_service",
    world: () => world({}, false),
    steps: ["plugin logs", "plugin logs -f", "plugin audit", "plugin audit -f"],
  },
  {
    name: "call",
    world: () =>
      world({
        plugins: [HELLO, { plugin: { ...lyrics().plugin, state: "disabled" } }],
        answer: (name, input) =>
          name === "hostile" ? new TextEncoder().encode(`${HOSTILE}\n`) : input,
      }),
    steps: [
      'plugin call hello echo --input {"a":1}',
      "plugin call hello echo --input {",
      "plugin call hello echo --input-file FOLDER/none",
      "plugin call hello hostile",
      "plugin call hello hostile --json",
      "plugin call hello echo --json",
      "plugin call lyrics echo",
    ],
  },
  {
    name: "functions",
    world: () => world({}),
    steps: ["plugin functions"],
  },
  {
    name: "tokens",
    world: () => world({}),
    steps: [
      "token list",
      "token create phone --scope client,read",
      "token create tv --scope admin --json",
      "token create tv --scope admin",
      "token create --scope admin",
      "token list",
      "token list --json",
      "token revoke phone",
      "token revoke phone",
    ],
  },
  {
    name: "usage",
    piped: true,
    world: () => world({}),
    steps: [
      "",
      "stop",
      "plugin",
      "plugin frob",
      "plugin config",
      "plugin info",
      "plugin info a b",
      "plugin list --yes",
      "plugin install http://example.com/a.ndp",
      "plugin install a.ndp --users ann",
      "plugin install a.ndp --sha256 12",
      "plugin enable a --users ann --all-users",
      "plugin enable a --only-host a --all-hosts",
      "plugin config set a b",
      "plugin config set a b=1 b=2",
      "plugin config set a --value-file b=- --file -",
      "plugin pack a --out a.zip",
    ],
  },
  {
    name: "help",
    piped: true,
    world: () => world({}),
    steps: [
      "--help",
      ...["start", "plugin", "plugin config", "token", ...ALL_COMMANDS.map(({ name }) => name)]
        .map((topic) => `${topic} --help`),
    ],
  },
];
