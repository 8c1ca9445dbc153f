import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { SoundproofError } from "../src/errors.ts";
import {
  configMap,
  type Manifest,
  parseManifest,
  secretKeys,
  validateConfig,
} from "../src/manifest/mod.ts";

const BASE = { name: "N", author: "A", version: "1" };

function refused(text: string): SoundproofError {
  try {
    parseManifest(text);
  } catch (thrown) {
    ok(thrown instanceof SoundproofError, `another throw: ${thrown}`);
    ok(thrown.problems.length >= 1 && thrown.problems.length <= 100);
    ok(thrown.message.length < 10_000, `a message of ${thrown.message.length} characters`);
    return thrown;
  }
  throw new Error(`accepted: ${text.slice(0, 200)}`);
}

/** A manifest with one more member, written as JSON. */
function with_(member: string): string {
  return `{"name":"N","author":"A","version":"1",${member}}`;
}

function withSchema(schema: unknown): Manifest {
  return parseManifest(JSON.stringify({ ...BASE, config: { schema } })).manifest;
}

/** Milliseconds that the work takes. */
function timeMs(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

Deno.test("texts that two readers could read in two ways are refused", () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    [with_('"name":"other"'), "$.name", /once/],
    [with_('"na\\u006de":"other"'), "$.name", /once/],
    [
      with_('"permissions":{"http":{},"http":{"requiredHosts":["x"]}}'),
      "$.permissions.http",
      /once/,
    ],
    [with_('"x":[0,{"a":1,"a":1}]'), "$.x[1].a", /once/],
    [with_('"permissions":{"cache":{},"Cache":{}}'), "$.permissions.Cache", /once/],
    [with_('"NAME":"other"'), "", /./],
    [with_('"website":"\\ud800"'), "$.website", /UTF-16/],
    [with_('"\\udc00":1'), '$["\\udc00"]', /UTF-16/],
    ["\uFEFF" + JSON.stringify(BASE), "$", /without one/],
    [
      with_('"permissions":{"http":{"requiredHosts":["a\\nb"]}}'),
      "$.permissions.http.requiredHosts[0]",
      /no control characters/,
    ],
  ];
  for (const [text, path, wanted] of rows) {
    if (path === "") {
      // A required key counts in its exact case only, so this one is unknown and changes nothing.
      strictEqual(parseManifest(text).manifest.name, "N");
      continue;
    }
    const problem = refused(text).problems.find((problem) => problem.path === path);
    ok(problem, `${text}: ${JSON.stringify(refused(text).problems)}`);
    match(problem.wanted, wanted);
  }
});

Deno.test("a text inside a string is not taken for a key or a bracket", () => {
  parseManifest(with_('"description":"{\\"name\\":[[[\\\\","website":"\\"name\\":"'));
});

Deno.test("documents too large, too deep or too full are refused, quickly", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const texts: readonly string[] = [
    with_(`"x":"${"a".repeat(1_048_576)}"`),
    with_(`"x":"${"é".repeat(600_000)}"`),
    with_(`"x":${deep(65)}`),
    with_(`"x":${deep(500_000)}`),
    "[".repeat(1_000_000),
    '{"a":'.repeat(200_000),
    with_(`"x":[${"0,".repeat(60_000)}0]`),
    with_(`"permissions":{"http":{"requiredHosts":[${"1,".repeat(40_000)}1]}}`),
    with_(`"permissions":{"http":{"requiredHosts":[${'"a",'.repeat(1_000)}"a"]}}`),
    with_(`"permissions":{"http":{"requiredHosts":["${"a".repeat(2_049)}"]}}`),
    with_(`"name":1,`.repeat(20_000) + '"x":1'),
  ];
  for (const text of texts) {
    const ms = timeMs(() => refused(text));
    ok(ms < 2_000, `${ms} ms for ${text.slice(0, 60)}`);
  }
  parseManifest(with_(`"x":${deep(60)}`));
});

Deno.test("a manifest of 90 kB with a thousand settings loads", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [
      `setting${index}`,
      { type: "string", title: "A setting of the plugin", default: "x", minLength: 1 },
    ]),
  );
  const manifest = withSchema({ type: "object", properties });
  strictEqual(configMap(manifest, {}).size, 1_000);
  deepStrictEqual(validateConfig(manifest, {}), []);
});

Deno.test("thousands of unknown keys give a hundred warnings", () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `"k${index}":0`);
  strictEqual(parseManifest(with_(keys.join(","))).warnings.length, 100);
});

Deno.test("keys of the prototype are keys like any other", () => {
  const { manifest, warnings } = parseManifest(with_(
    '"__proto__":{"permissions":{"cache":{}}},"constructor":{"prototype":{"x":1}},' +
      '"permissions":{"__proto__":{"http":{}},"toString":{},"users":{}},' +
      '"config":{"schema":{"properties":{"__proto__":{"properties":{"polluted":{"default":1}}},' +
      '"constructor":{"default":{"a":1}}},"required":["toString"]}}',
  ));
  deepStrictEqual(Object.keys(manifest.permissions), ["users"]);
  strictEqual(manifest.permissions.http, undefined);
  strictEqual(warnings.length, 4);
  strictEqual(validateConfig(manifest, JSON.parse('{"__proto__":{}}'))[0]?.path, "$.toString");
  deepStrictEqual([...configMap(manifest, JSON.parse('{"__proto__":{}}'))], [
    ["__proto__", '{"polluted":1}'],
    ["constructor", '{"a":1}'],
  ]);
  strictEqual(Reflect.get({}, "polluted"), undefined);
  strictEqual(Reflect.get({}, "permissions"), undefined);
});

Deno.test("a rule for a host named __proto__ stays a rule", () => {
  const document = {
    ...BASE,
    requiredPermissions: { http: { allowedUrls: JSON.parse('{"__proto__":["GET"]}') } },
  };
  const { http } = parseManifest(JSON.stringify(document)).manifest.permissions;
  deepStrictEqual(Object.entries(http?.allowedUrls ?? {}), [["__proto__", ["GET"]]]);
});

Deno.test("a settings schema cannot load, run or pretend anything", () => {
  const rows: readonly unknown[] = [
    { $ref: "https://example.com/schema.json" },
    { $ref: "file:///etc/passwd" },
    { $ref: "#/$defs/missing" },
    { $id: "https://json-schema.org/draft/2020-12/schema", properties: {} },
    { properties: { a: { $async: true, type: "string", $ref: "#/$defs/b" } }, $defs: { b: 1 } },
  ];
  for (const schema of rows) {
    match(refused(JSON.stringify({ ...BASE, config: { schema } })).message, /config schema/);
  }
  // Compiled as it stands it would answer with a promise, which reads as "valid".
  const asynchronous = withSchema({ $async: true, required: ["a"] });
  strictEqual(validateConfig(asynchronous, {}).length, 1);
  const injected = "');globalThis.injected=1;('";
  const manifest = withSchema({
    $id: "x:`${globalThis.injected=1}`",
    title: injected,
    properties: { [injected]: { const: injected, pattern: `a|${"\\".repeat(2)}'` } },
    required: [injected],
  });
  strictEqual(validateConfig(manifest, {}).length, 1);
  strictEqual(Reflect.get(globalThis, "injected"), undefined);
});

Deno.test("a pattern that backtracks for years is stopped, and the next schema works", () => {
  const manifest = withSchema({ properties: { a: { pattern: "^(a+)+$" } } });
  const ms = timeMs(() => {
    const [problem] = validateConfig(manifest, { a: `${"a".repeat(60)}!` });
    match(problem?.found ?? "", /too slow/);
  });
  ok(ms < 2_000, `${ms} ms`);
  deepStrictEqual(validateConfig(manifest, { a: "aaa" }), []);
});

Deno.test("references in circles and in doubles end", () => {
  const defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `d${index}`,
      { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
    ]),
  );
  const doubled = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `d${index}`,
      {
        default: {},
        properties: { a: { $ref: `#/$defs/d${index + 1}` }, b: { $ref: `#/$defs/d${index + 1}` } },
      },
    ]),
  );
  const large = { default: "x".repeat(900_000) };
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`k${index}`, { $ref: "#/$defs/large" }]),
  );
  const chain = (links: number) =>
    Object.fromEntries(
      Array.from({ length: links }, (_, index) => [
        `c${index}`,
        index + 1 < links ? { $ref: `#/$defs/c${index + 1}` } : { writeOnly: true },
      ]),
    );
  const rows: readonly unknown[] = [
    { $ref: "#" },
    { allOf: [{ $ref: "#" }] },
    { properties: { a: { $ref: "#/properties/a" } } },
    { properties: { a: { default: {}, $ref: "#" } } },
    { $ref: "#/$defs/d0", $defs: { ...defs, d40: {} } },
    { $ref: "#/$defs/d0", $defs: { ...doubled, d40: {} } },
    { properties: many, $defs: { large } },
    { properties: { a: { $ref: "#/$defs/c0" } }, $defs: chain(300) },
    { properties: { a: { $ref: "#/$defs/c0" } }, $defs: chain(20_000) },
  ];
  for (const schema of rows) {
    const ms = timeMs(() => {
      try {
        const manifest = withSchema(schema);
        const problems = validateConfig(manifest, { a: {} });
        ok(JSON.stringify(problems).length < 100_000);
        secretKeys(manifest);
        configMap(manifest, { a: {} });
      } catch (thrown) {
        ok(thrown instanceof SoundproofError, String(thrown));
      }
    });
    ok(ms < 4_000, `${ms} ms for ${JSON.stringify(schema).slice(0, 80)}`);
  }
  throws(() => configMap(withSchema({ properties: many, $defs: { large } }), {}), /characters/);
});

/** A small generator of numbers that is the same on every run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SEEDS: readonly string[] = [
  { ...BASE, permissions: { http: { requiredHosts: ["a", "*"] }, users: {}, subsonicapi: {} } },
  {
    ...BASE,
    config: {
      schema: { type: "object", properties: { a: { type: "string", pattern: "^a$" } } },
      uiSchema: { scope: "#/properties/a", options: { format: "password" } },
    },
  },
  {
    ...BASE,
    description: "",
    website: "",
    capabilities: ["Scrobbler"],
    permissions: {
      http: { reason: "r", allowedUrls: { "https://x/*": ["GET"] } },
      websocket: { reason: "r", allowedUrls: ["wss://x"] },
    },
  },
  {
    ...BASE,
    pluginType: "Lyrics",
    requiredPermissions: { http: { reason: "r" }, taskqueue: { maxConcurrency: 2 } },
    allowedUrls: ["https://x"],
    configurationOptions: [{ name: "n", type: "number", min: 1, default: 2 }],
  },
].map((document) => JSON.stringify(document));

const PIECES: readonly string[] = [
  ...["null", "true", "0", "-1", "1e400", '""', "[]", "{}", "[{}]", '{"a":null}', '"\\ud800"'],
  ...["{", "}", "[", "]", ",", ":", '"', "\\", "\u0000", "\u202E", "\uD800", "\uFEFF"],
  ...['"__proto__":', '"constructor":', '"$ref":"#"', '"type":"x"', '"$async":true'],
];

Deno.test("5,000 mutated manifests give a manifest or a SoundproofError, and nothing else", () => {
  const random = randomNumbers(4747);
  const outcomes = { accepted: 0, syntax: 0, refused: 0 };
  for (let round = 0; round < 5_000; round++) {
    let text = SEEDS[round % SEEDS.length] ?? "";
    // Every other round replaces a whole value, and so keeps the JSON valid more often.
    const values = [...text.matchAll(/(?<=[:,[])("[^"]*"|\d+|\{\}|\[[^[\]{}]*\])(?=[,\]}])/g)];
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const piece = PIECES[random(PIECES.length)] ?? "";
      const value = round % 2 === 0 ? values[random(values.length)] : undefined;
      const at = value?.index ?? random(text.length);
      const length = value?.[0].length ?? random(6);
      text = text.slice(0, at) + piece + text.slice(at + length);
    }
    try {
      const { manifest } = parseManifest(text);
      outcomes.accepted++;
      validateConfig(manifest, { a: "a" });
      configMap(manifest, {});
      secretKeys(manifest);
    } catch (thrown) {
      ok(thrown instanceof SoundproofError, `${text}\n${thrown instanceof Error && thrown.stack}`);
      const syntax = thrown.problems.some(({ wanted }) => wanted.startsWith("valid JSON"));
      outcomes[syntax ? "syntax" : "refused"]++;
    }
  }
  // The mutations reach all three ends, or the test shows little.
  ok(Object.values(outcomes).every((count) => count > 200), JSON.stringify(outcomes));
});
