import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import manifestSchema from "../schema/manifest.schema.json" with { type: "json" };
import { SoundproofError } from "../src/errors.ts";
import { parseManifest, type ParseManifestOptions } from "../src/manifest/mod.ts";

const EXTISM = { name: "N", author: "A", version: "1" };
const PROTOBUF = {
  ...EXTISM,
  description: "D",
  website: "W",
  capabilities: ["MetadataAgent"],
  permissions: {},
};

/** The error a manifest is refused with. */
function refusal(document: unknown, options?: ParseManifestOptions): SoundproofError {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  try {
    parseManifest(text, options);
  } catch (thrown) {
    ok(thrown instanceof SoundproofError, `another throw: ${thrown}`);
    strictEqual(thrown.code, "manifest.invalid");
    match(thrown.message, /parsing manifest/);
    return thrown;
  }
  throw new Error(`accepted: ${text.slice(0, 200)}`);
}

function parse(document: unknown, options?: ParseManifestOptions) {
  return parseManifest(JSON.stringify(document), options);
}

function permissions(value: unknown) {
  return { ...EXTISM, permissions: value };
}

/** Extism ABI 4.1 and 4.2: document, JSON path of the fault, text in it. */
const REFUSED_ON_EXTISM: readonly (readonly [unknown, string, RegExp])[] = [
  ["{", "$", /parsing manifest JSON/],
  ["", "$", /JSON/],
  ["[]", "$", /object/],
  ["null", "$", /object/],
  ["7", "$", /object/],
  [{ name: "N", version: "1" }, "$.author", /field author in Manifest: required/],
  [{ author: "A", version: "1" }, "$.name", /field name in Manifest: required/],
  [{ author: "A", name: "N" }, "$.version", /field version in Manifest: required/],
  [{ ...EXTISM, author: "" }, "$.author", /field author length: must be >= 1/],
  [{ ...EXTISM, name: "" }, "$.name", /field name length: must be >= 1/],
  [{ ...EXTISM, version: "" }, "$.version", /field version length: must be >= 1/],
  [{ ...EXTISM, name: null }, "$.name", /field name/],
  [{ ...EXTISM, version: 1 }, "$.version", /field version: string/],
  [{ Name: "N", author: "A", version: "1" }, "$.name", /field name in Manifest: required/],
  [{ ...EXTISM, description: 1 }, "$.description", /field description/],
  [{ ...EXTISM, website: [] }, "$.website", /field website/],
  [{ ...EXTISM, config: {} }, "$.config.schema", /field schema in ConfigDefinition: required/],
  [{ ...EXTISM, config: [] }, "$.config", /field config/],
  [{ ...EXTISM, config: { schema: true } }, "$.config.schema", /field schema/],
  [{ ...EXTISM, config: { schema: {}, uiSchema: 1 } }, "$.config.uiSchema", /uiSchema/],
  [{ ...EXTISM, permissions: [] }, "$.permissions", /permissions/],
  [permissions({ cache: true }), "$.permissions.cache", /cache/],
  [permissions({ cache: { reason: 1 } }), "$.permissions.cache.reason", /reason/],
  [permissions({ http: { requiredHosts: "*" } }), "$.permissions.http.requiredHosts", /array/],
  [permissions({ http: { requiredHosts: [1] } }), "$.permissions.http.requiredHosts[0]", /string/],
  [permissions({ library: { filesystem: 1 } }), "$.permissions.library.filesystem", /boolean/],
  [permissions({ kvstore: { maxSize: 1 } }), "$.permissions.kvstore.maxSize", /maxSize/],
  ...[0, -1].map((count) =>
    [
      permissions({ taskqueue: { maxConcurrency: count } }),
      "$.permissions.taskqueue.maxConcurrency",
      /field maxConcurrency: must be >= 1/,
    ] as const
  ),
  [
    permissions({ taskqueue: { maxConcurrency: 1.5 } }),
    "$.permissions.taskqueue.maxConcurrency",
    /integer/,
  ],
  [
    permissions({ subsonicapi: {} }),
    "$.permissions.subsonicapi",
    /'subsonicapi' permission requires 'users' permission to be declared/,
  ],
  [permissions({ subsonicapi: {}, users: null }), "$.permissions.subsonicapi", /'users'/],
  [
    permissions({ scrobbleRetriever: {} }),
    "$.permissions.scrobbleRetriever",
    /'scrobbleRetriever' permission requires 'users' permission/,
  ],
  [
    permissions({ matcher: {} }),
    "$.permissions.matcher",
    /'matcher' permission requires 'library' permission to be declared/,
  ],
  [
    { ...EXTISM, config: { schema: { type: "invalid" } } },
    "$.config.schema.type",
    /invalid config schema/,
  ],
  [
    { ...EXTISM, config: { schema: { properties: { a: { minLength: "x" } } } } },
    "$.config.schema.properties.a.minLength",
    /invalid config schema/,
  ],
];

Deno.test("refuses what Navidrome's Extism loader refuses, at the place and in its words", () => {
  for (const [document, path, text] of REFUSED_ON_EXTISM) {
    const { problems } = refusal(document);
    const there = problems.filter((problem) => problem.path === path);
    strictEqual(there.length, 1, `${JSON.stringify(document)}: ${JSON.stringify(problems)}`);
    match(there[0]!.wanted, text);
  }
});

Deno.test("accepts what Navidrome's Extism loader accepts", () => {
  const accepted: unknown[] = [
    EXTISM,
    { ...EXTISM, description: null, website: "not a uri", config: null, permissions: null },
    { ...EXTISM, config: { schema: null } },
    { ...EXTISM, config: { schema: { type: "object" }, uiSchema: null } },
    permissions({ subsonicapi: {}, users: {} }),
    permissions({ matcher: {}, library: {} }),
    permissions({ scrobbleRetriever: {}, users: {} }),
    permissions({ subsonicapi: null, matcher: null }),
    permissions({ taskqueue: { maxConcurrency: null } }),
    permissions({ http: { requiredHosts: null, reason: null } }),
    permissions({ http: { allowedURLs: { "https://x/*": ["GET"] } } }),
    permissions({ config: { reason: "r" }, libraries: true, nope: 7 }),
    { ...EXTISM, capabilities: "x", experimental: { threads: {} }, homepage: 1 },
    { ...EXTISM, capabilities: ["metadata"], permissions: { http: {} } },
  ];
  for (const document of accepted) parse(document);
});

/** Protobuf ABI 4.4, row by row, then 4.1 to 4.3: what is laid over a valid document, and the fault. */
const PROTOBUF_ROWS: readonly (readonly [string, unknown, RegExp | "accepted"])[] = [
  ["permissions empty", { permissions: {} }, "accepted"],
  ["permissions null", { permissions: null }, "accepted"],
  ["no permissions", { permissions: undefined }, /field permissions in PluginManifest: required/],
  [
    "http without allowedUrls",
    { permissions: { http: { reason: "r" } } },
    /field allowedUrls in PluginManifestPermissionsHttp: required/,
  ],
  ["no URLs", { permissions: { http: { reason: "r", allowedUrls: {} } } }, "accepted"],
  ["URLs null", { permissions: { http: { reason: "r", allowedUrls: null } } }, "accepted"],
  [
    "method in lower case",
    { permissions: { http: { reason: "r", allowedUrls: { "*": ["get"] } } } },
    /invalid value \(expected one of \[GET .*\]\): "get"/,
  ],
  ["no method", { permissions: { http: { reason: "r", allowedUrls: { "*": [] } } } }, "accepted"],
  [
    "methods twice",
    { permissions: { http: { reason: "r", allowedUrls: { "*": ["GET", "GET"] } } } },
    "accepted",
  ],
  ["URLs as a list", { permissions: { http: { reason: "r", allowedUrls: ["*"] } } }, /object/],
  [
    "an https URL for web sockets",
    { permissions: { websocket: { reason: "r", allowedUrls: ["https://x"] } } },
    "accepted",
  ],
  ["an unknown permission", { permissions: { nope: { x: 1 } } }, "accepted"],
  ["capability in lower case", { capabilities: ["scrobbler"] }, /expected one of .*"scrobbler"/],
  ["website that is no URI", { website: "not a uri" }, "accepted"],
  ["empty texts", { name: "", author: "", website: "", description: "" }, "accepted"],
  ["no website", { website: undefined }, /field website in PluginManifest: required/],
  ["no capability", { capabilities: [] }, /field capabilities length: must be >= 1/],
  ["capability twice", { capabilities: ["Scrobbler", "Scrobbler"] }, "accepted"],
  ["capabilities null", { capabilities: null }, /field capabilities/],
  ["a null permission", { permissions: { http: null } }, "accepted"],
  [
    "no reason",
    { permissions: { cache: {} } },
    /field reason in PluginManifestPermissionsCache: required/,
  ],
  [
    "empty reason",
    { permissions: { cache: { reason: "" } } },
    /field reason length: must be >= 1/,
  ],
  [
    "empty web socket list",
    { permissions: { websocket: { reason: "r", allowedUrls: [] } } },
    /field allowedUrls length: must be >= 1/,
  ],
  [
    "local network as text",
    { permissions: { http: { reason: "r", allowedUrls: {}, allowLocalNetwork: "yes" } } },
    /allowLocalNetwork/,
  ],
  ["subsonicapi without users", { permissions: { subsonicapi: { reason: "r" } } }, "accepted"],
];

for (const [name, over, outcome] of PROTOBUF_ROWS) {
  Deno.test(`a protobuf manifest: ${name}`, () => {
    const document = { ...PROTOBUF, ...over as object };
    if (outcome === "accepted") {
      strictEqual(parse(document, { extism: false }).manifest.dialect, "protobuf");
    } else {
      const { problems } = refusal(document, { extism: false });
      strictEqual(problems.length, 1, JSON.stringify(problems));
      match(problems[0]!.wanted, outcome);
    }
  });
}

Deno.test("a document that is no protobuf manifest at all names every missing field", () => {
  const { message, problems } = refusal({ invalid: "json" }, { extism: false });
  match(message, /field author in PluginManifest: required/);
  strictEqual(problems.length, 7);
});

Deno.test("tells the dialects apart by their marks, and by the module", () => {
  const first = { ...EXTISM, requiredPermissions: {} };
  const rows: readonly (readonly [unknown, boolean | undefined, string])[] = [
    [EXTISM, undefined, "navidrome"],
    [EXTISM, true, "navidrome"],
    [PROTOBUF, undefined, "protobuf"],
    [PROTOBUF, false, "protobuf"],
    [PROTOBUF, true, "protobuf_on_extism"],
    [{ ...EXTISM, capabilities: ["anything"] }, undefined, "protobuf_on_extism"],
    [first, undefined, "first_design"],
    [first, true, "first_design"],
    [{ ...EXTISM, pluginType: "MetadataAgent" }, undefined, "first_design"],
    [{ ...first, permissions: {} }, undefined, "navidrome"],
  ];
  for (const [document, extism, dialect] of rows) {
    const options = extism === undefined ? {} : { extism };
    strictEqual(parse(document, options).manifest.dialect, dialect, JSON.stringify(document));
  }
});

Deno.test("the rules of Extism hold for a protobuf manifest on an Extism module only", () => {
  const document = { ...PROTOBUF, permissions: { subsonicapi: { reason: "r" } } };
  parse(document, { extism: false });
  match(refusal(document, { extism: true }).message, /'subsonicapi' permission requires 'users'/);
});

Deno.test("every problem of a document is reported in one error", () => {
  const { problems } = refusal({
    name: "",
    author: 2,
    description: 3,
    config: { schema: { type: "nope", properties: { a: { minLength: "x" } } } },
    permissions: {
      cache: 1,
      http: { requiredHosts: ["a", 5, 6] },
      taskqueue: { maxConcurrency: 0 },
      matcher: {},
      subsonicapi: {},
    },
  });
  deepStrictEqual(problems.map(({ path }) => path).sort(), [
    "$.author",
    "$.config.schema.properties.a.minLength",
    "$.config.schema.type",
    "$.description",
    "$.name",
    "$.permissions.cache",
    "$.permissions.http.requiredHosts[1]",
    "$.permissions.http.requiredHosts[2]",
    "$.permissions.matcher",
    "$.permissions.subsonicapi",
    "$.permissions.taskqueue.maxConcurrency",
    "$.version",
  ]);
  deepStrictEqual(problems.find(({ path }) => path === "$.author"), {
    path: "$.author",
    found: "2",
    wanted: "field author: string",
  });
});

Deno.test("the published schema itself accepts a manifest of every dialect, and refuses a broken one", () => {
  const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(
    manifestSchema,
  );
  const documents = [
    permissions({ http: { requiredHosts: ["*"] }, users: {} }),
    PROTOBUF,
    { ...EXTISM, capabilities: ["anything"] },
    { ...EXTISM, requiredPermissions: { http: { allowedUrls: ["https://x"] } } },
  ];
  for (const document of documents) ok(validate(document), JSON.stringify(document));
  for (const document of documents) ok(!validate({ ...document, name: 5 }));
});
