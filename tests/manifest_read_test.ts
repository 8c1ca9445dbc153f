import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { checkExports, parseManifest } from "../src/manifest/mod.ts";

const BASE = { name: "N", author: "A", version: "1" };
const PROTOBUF = { ...BASE, description: "", website: "", capabilities: ["Scrobbler"] };

function read(document: unknown, extism?: boolean) {
  return parseManifest(JSON.stringify(document), extism === undefined ? {} : { extism });
}

function permissionsOf(permissions: unknown) {
  return read({ ...BASE, permissions }).manifest.permissions;
}

Deno.test("Navidrome's permissions get their defaults", () => {
  deepStrictEqual(
    permissionsOf({
      cache: { reason: "why" },
      http: {},
      kvstore: { maxSize: "10KB" },
      library: {},
      subsonicapi: {},
      taskqueue: {},
      users: {},
      websocket: { requiredHosts: ["a.example", null], allowLocalNetwork: true },
    }),
    {
      cache: { reason: "why" },
      users: {},
      http: { requiredHosts: [], allowLocalNetwork: false, allowRedirects: true },
      kvstore: { maxSize: "10KB" },
      library: { filesystem: false },
      subsonicapi: { allowAdmins: true },
      taskqueue: { maxConcurrency: 1 },
      websocket: {
        // Null is an empty name upstream; dropping it could make a list empty, and so wider.
        requiredHosts: ["a.example", ""],
        allowLocalNetwork: true,
        allowRedirects: true,
      },
    },
  );
});

Deno.test("unknown permissions and keys are warned of and not granted", () => {
  const { manifest, warnings } = read({
    ...BASE,
    homepage: "x",
    permissions: { config: {}, libraries: { all: true }, http: { allowedUrls: {}, reasons: "r" } },
  });
  deepStrictEqual(Object.keys(manifest.permissions), ["http"]);
  ok(!manifest.permissions.http?.allowedUrls);
  deepStrictEqual(warnings.map(({ path }) => path), [
    "$.homepage",
    "$.permissions.config",
    "$.permissions.libraries",
    "$.permissions.http.allowedUrls",
    "$.permissions.http.reasons",
  ]);
});

Deno.test("a permission of another generation is not granted in the protobuf one", () => {
  const { manifest, warnings } = read(
    { ...PROTOBUF, permissions: { users: {}, cache: { reason: "r" } } },
    false,
  );
  deepStrictEqual(manifest.permissions, { cache: { reason: "r" } });
  strictEqual(warnings[0]?.path, "$.permissions.users");
});

Deno.test("a key in another case is read as upstream reads it, with a warning", () => {
  const { manifest, warnings } = read({ ...BASE, Permissions: { Cache: {}, HTTP: null } });
  deepStrictEqual(manifest.permissions, { cache: {} });
  deepStrictEqual(warnings.map(({ path }) => path), [
    "$.Permissions",
    "$.permissions.Cache",
    "$.permissions.HTTP",
  ]);
});

Deno.test("protobuf rules are read as they are written", () => {
  const permissions = {
    http: { reason: "r", allowedUrls: { "https://x/*": ["GET", "*"], "https://y": null } },
    websocket: { reason: "r", allowedUrls: ["wss://z"], allowLocalNetwork: true },
    subsonicapi: { reason: "r", allowedUsernames: ["u"] },
  };
  deepStrictEqual(read({ ...PROTOBUF, permissions }, false).manifest.permissions, {
    http: {
      reason: "r",
      allowedUrls: { "https://x/*": ["GET", "*"], "https://y": [] },
      allowLocalNetwork: false,
      allowRedirects: true,
    },
    subsonicapi: { reason: "r", allowedUsernames: ["u"], allowAdmins: false },
    websocket: {
      reason: "r",
      allowedUrls: { "wss://z": ["*"] },
      allowLocalNetwork: true,
      allowRedirects: true,
    },
  });
});

Deno.test("on an Extism module both kinds of rule are kept, each where it is written", () => {
  const rows = [
    [{}, { requiredHosts: [] }],
    [{ requiredHosts: ["h"] }, { requiredHosts: ["h"] }],
    [{ allowedUrls: { "https://x": ["get"] } }, { allowedUrls: { "https://x": ["GET"] } }],
    [{ allowedUrls: ["https://x"] }, { allowedUrls: { "https://x": ["*"] } }],
    [
      { requiredHosts: [], allowedUrls: {} },
      { requiredHosts: [], allowedUrls: {} },
    ],
  ] as const;
  for (const [http, expected] of rows) {
    const { manifest } = read({ ...PROTOBUF, permissions: { http } }, true);
    deepStrictEqual(manifest.permissions.http, {
      ...expected,
      allowLocalNetwork: false,
      allowRedirects: true,
    });
  }
});

Deno.test("the first design is read whole", () => {
  const { manifest, warnings } = read({
    ...BASE,
    pluginType: ["MetadataAgent", "Scrobbler"],
    requiredPermissions: {
      http: { reason: "r" },
      websocket: { allowedUrls: ["wss://x"] },
      preferences: {},
    },
    hostFunctions: ["http_send"],
    allowedUrls: ["https://x/*"],
    allowRedirects: false,
    configurationOptions: [
      { name: "token", label: "Token", type: "password", required: true, max: 9 },
      { key: "count", type: "int", default: 3, min: 1 },
      { key: "mode", type: "select", options: [{ value: "a", label: "A" }, "b"] },
    ],
  });
  deepStrictEqual(manifest, {
    dialect: "first_design",
    ...BASE,
    capabilities: ["MetadataAgent", "Scrobbler"],
    permissions: {
      preferences: {},
      http: {
        reason: "r",
        allowedUrls: { "https://x/*": ["*"] },
        allowLocalNetwork: false,
        allowRedirects: false,
      },
      websocket: {
        allowedUrls: { "wss://x": ["*"] },
        allowLocalNetwork: false,
        allowRedirects: true,
      },
    },
    hostFunctions: ["http_send"],
    config: {
      schema: {
        type: "object",
        properties: {
          token: { type: "string", title: "Token", writeOnly: true, maxLength: 9 },
          count: { type: "integer", default: 3, minimum: 1 },
          mode: { enum: ["a", "b"] },
        },
        required: ["token"],
      },
    },
  });
  deepStrictEqual(warnings, []);
});

Deno.test("the first design's lists of keys and objects of options are read too", () => {
  const { manifest, warnings } = read({
    ...BASE,
    pluginType: "Lyrics",
    requiredPermissions: ["http", "cache", "nope"],
    configurationOptions: { url: { type: "string", name: "Address" } },
  });
  deepStrictEqual(manifest.capabilities, ["Lyrics"]);
  deepStrictEqual(Object.keys(manifest.permissions), ["cache", "http"]);
  deepStrictEqual(manifest.permissions.http?.allowedUrls, {});
  deepStrictEqual(manifest.config?.schema.properties, { url: { type: "string" } });
  deepStrictEqual(warnings.map(({ path }) => path), [
    "$.requiredPermissions.nope",
    "$.requiredPermissions.http",
  ]);
});

Deno.test("what disguises a shown text is replaced, and warned of", () => {
  const { manifest, warnings } = read({
    ...BASE,
    name: "good\u001b[2J\u202Eevil",
    description: "two\nlines",
    permissions: { cache: { reason: "a\u0000b" } },
  });
  strictEqual(manifest.name, "good\uFFFD[2J\uFFFDevil");
  strictEqual(manifest.description, "two\nlines");
  strictEqual(manifest.permissions.cache?.reason, "a\uFFFDb");
  deepStrictEqual(warnings.map(({ path }) => path), ["$.name", "$.permissions.cache.reason"]);
  ok(warnings.every(({ found }) => !/[\p{Cc}\u202E]/u.test(found)));
});

Deno.test("a module is checked against its manifest in upstream's words", () => {
  const scrobbles = new Set(["nd_scrobbler_scrobble"]);
  const rows: readonly (readonly [unknown, ReadonlySet<string>, string[]])[] = [
    [{}, scrobbles, [
      "scrobbler capability requires 'users' permission to be declared in manifest",
    ]],
    [{ users: {} }, scrobbles, []],
    [{}, new Set(["nd_get_album_images"]), []],
    [{ scheduler: {}, taskqueue: {} }, new Set(), [
      "'scheduler' permission requires plugin to export 'nd_scheduler_callback' function",
      "'taskqueue' permission requires plugin to export 'nd_task_execute' function",
    ]],
    [
      { scheduler: {}, taskqueue: {} },
      new Set(["nd_scheduler_callback", "nd_task_execute"]),
      [],
    ],
    [{ websocket: {} }, new Set(), []],
  ];
  for (const [permissions, exports, wanted] of rows) {
    const { manifest } = read({ ...BASE, permissions });
    deepStrictEqual(checkExports(manifest, exports).map((problem) => problem.wanted), wanted);
  }
  for (const allowedUrls of [{}, null]) {
    const document = { ...PROTOBUF, permissions: { http: { reason: "r", allowedUrls } } };
    deepStrictEqual(
      checkExports(read(document, false).manifest, scrobbles).map(({ wanted }) => wanted),
      ["allowedUrls must contain at least one URL pattern"],
    );
  }
});
