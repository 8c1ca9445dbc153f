import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { SoundproofError } from "../src/errors.ts";
import {
  configMap,
  type Json,
  type Manifest,
  parseConfig,
  parseManifest,
  secretKeys,
  validateConfig,
} from "../src/manifest/mod.ts";

const BASE = { name: "N", author: "A", version: "1" };

function withSchema(schema?: unknown, uiSchema?: unknown): Manifest {
  const config = schema === undefined ? undefined : { schema, uiSchema };
  return parseManifest(JSON.stringify({ ...BASE, config })).manifest;
}

const SETTINGS = withSchema({
  type: "object",
  properties: {
    token: { type: "string", minLength: 3, writeOnly: true },
    count: { type: "integer", minimum: 1, maximum: 9, default: 4 },
    mode: { enum: ["a", "b"] },
    server: {
      type: "object",
      properties: { port: { type: "integer", default: 80 }, host: { type: "string" } },
    },
    users: { type: "array", items: { $ref: "#/$defs/user" } },
  },
  required: ["token"],
  $defs: { user: { type: "object", properties: { level: { default: "low" } } } },
});

Deno.test("settings are checked at their places", () => {
  const rows: readonly (readonly [Json, readonly (readonly [string, RegExp])[]])[] = [
    [{ token: "abc" }, []],
    [{ token: "abc", mode: "a", server: { port: 1 } }, []],
    [{}, [["$.token", /required property 'token'/]]],
    [{ token: "ab" }, [["$.token", /fewer than 3/]]],
    [{ token: "abc", count: "4" }, [["$.count", /integer/]]],
    [{ token: "abc", count: 10 }, [["$.count", /<= 9/]]],
    [{ token: "abc", mode: "c" }, [["$.mode", /"a","b"/]]],
    [{ token: "abc", server: { port: "x" } }, [["$.server.port", /integer/]]],
    [{ count: 0, mode: 1 }, [["$.token", /required/], ["$.count", />= 1/], ["$.mode", /allowed/]]],
    [[], [["$", /object/]]],
  ];
  for (const [value, expected] of rows) {
    const problems = validateConfig(SETTINGS, value);
    deepStrictEqual(problems.map(({ path }) => path), expected.map(([path]) => path));
    problems.forEach(({ wanted }, index) => match(wanted, expected[index]![1]));
  }
});

Deno.test("a plugin without a schema takes no settings", () => {
  match(validateConfig(withSchema(), {})[0]!.wanted, /plugin has no configurable options/);
});

Deno.test("a secret is never quoted in a problem", () => {
  for (const value of [{ token: 31415926 }, { token: "31" }, { count: "no", token: 31415926 }]) {
    const text = JSON.stringify(
      validateConfig(SETTINGS, value).filter(({ path }) => path === "$.token"),
    );
    ok(!text.includes("31"), text);
  }
});

Deno.test("no error quotes settings that cannot be read", () => {
  const texts = [
    '{"token":"hunter2',
    '{"token":hunter2}',
    '{"token":"hunter2"}}',
    '"hunter2',
    "[hunter2",
  ];
  for (const text of [...texts, '{"token":"hunter2\\ud800"}', '{"token":"hunter2\n"}']) {
    throws(
      () => parseConfig(text),
      (error) =>
        error instanceof SoundproofError &&
        !/hunter|unter2/.test(JSON.stringify([error.message, error.problems])),
    );
  }
  ok(!JSON.stringify(validateConfig(SETTINGS, "hunter2")).includes("hunter2"));
  throws(() => configMap(SETTINGS, ["hunter2"]), (error) => !String(error).includes("hunter2"));
});

Deno.test("settings text is read as upstream reads it", () => {
  deepStrictEqual(parseConfig(" "), {});
  deepStrictEqual(parseConfig('{"a":1}'), { a: 1 });
  for (const text of ["{", '{"a":1,"a":2}']) {
    throws(
      () => parseConfig(text),
      (error) =>
        error instanceof SoundproofError && error.code === "manifest.config_invalid" &&
        error.problems.length === 1 && error.message.includes("invalid JSON"),
    );
  }
});

Deno.test("the guest reads strings as they are and everything else as sorted JSON", () => {
  const value = {
    text: '<a & "b">',
    empty: "",
    int: 30,
    float: 1.5,
    big: 1e21,
    minus: -0,
    yes: true,
    none: null,
    list: ["a", "b"],
    object: { z: "<&>\u2028", a: { "\u{1F600}": 1, "\uFFFD": 2 } },
  };
  deepStrictEqual(
    [...configMap(withSchema(), value)],
    [
      ["big", "1e+21"],
      ["empty", ""],
      ["float", "1.5"],
      ["int", "30"],
      ["list", '["a","b"]'],
      ["minus", "-0"],
      ["none", "null"],
      ["object", '{"a":{"\uFFFD":2,"\u{1F600}":1},"z":"\\u003c\\u0026\\u003e\\u2028"}'],
      ["text", '<a & "b">'],
      ["yes", "true"],
    ],
  );
  throws(() => configMap(withSchema(), []), /parsing plugin config/);
  throws(() => configMap(withSchema(), null), /parsing plugin config/);
});

Deno.test("defaults of the schema fill what is missing, within objects and lists too", () => {
  const value = { token: "abc", server: { host: "h" }, users: [{}, { level: "top" }] };
  deepStrictEqual(Object.fromEntries(configMap(SETTINGS, value)), {
    count: "4",
    server: '{"host":"h","port":80}',
    token: "abc",
    users: '[{"level":"low"},{"level":"top"}]',
  });
  deepStrictEqual(value.users[0], {}, "the value given is left alone");
  strictEqual(configMap(SETTINGS, { count: null, token: "" }).get("count"), "null");
});

Deno.test("secrets are found wherever a manifest marks them", () => {
  const rows: readonly (readonly [unknown, unknown, string[]])[] = [
    [{ properties: { a: { writeOnly: true }, b: { format: "password" }, c: {} } }, {}, ["a", "b"]],
    [{ properties: { o: { properties: { in: { writeOnly: true } } } } }, {}, ["o"]],
    [
      { properties: { l: { items: { $ref: "#/$defs/s" } } }, $defs: { s: { writeOnly: true } } },
      {},
      [
        "l",
      ],
    ],
    [{ allOf: [{ if: {}, then: { properties: { t: { writeOnly: true } } } }] }, {}, ["t"]],
    [
      { properties: { k: {}, n: {} } },
      {
        elements: [{ scope: "#/properties/k", options: { format: "password" } }, {
          scope: "#/properties/n",
        }],
      },
      ["k"],
    ],
    [
      { properties: { list: {}, token: {} } },
      {
        scope: "#/properties/list",
        options: {
          detail: { scope: "#/properties/token", options: { format: "password" } },
        },
      },
      ["list"],
    ],
    [{ properties: { self: { $ref: "#" } } }, {}, []],
  ];
  for (const [schema, uiSchema, keys] of rows) {
    deepStrictEqual(secretKeys(withSchema(schema, uiSchema)), keys, JSON.stringify(schema));
  }
  deepStrictEqual(secretKeys(withSchema()), []);
});

Deno.test("a settings schema is read in the dialect it names", () => {
  const tuple = { properties: { a: { items: [{ type: "string" }] } } };
  const seven = { $schema: "http://json-schema.org/draft-07/schema#", ...tuple };
  strictEqual(validateConfig(withSchema(seven), { a: [1] })[0]?.path, "$.a[0]");
  const prefix = { properties: { a: { prefixItems: [{ type: "string" }] } } };
  strictEqual(validateConfig(withSchema(prefix), { a: [1] })[0]?.path, "$.a[0]");
  throws(() => withSchema({ $schema: "https://example.com/other" }), /invalid config schema/);
});

Deno.test("patterns are read as Go writes them", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["(?i)^abc$", "ABC", "abd"],
    ["^[\\w\\-]+$", "a-b", "a b"],
    ["\\A(?P<x>[[:digit:]]+)\\z", "12", "1a"],
    ["^\\pL$", "é", "1"],
    ["^\\x{1F600}$", "\u{1F600}", "x"],
    ["^.$", "\u{1F600}", "ab"],
  ];
  for (const [pattern, good, bad] of rows) {
    const manifest = withSchema({ properties: { a: { type: "string", pattern } } });
    deepStrictEqual(validateConfig(manifest, { a: good }), [], pattern);
    strictEqual(validateConfig(manifest, { a: bad })[0]?.path, "$.a", pattern);
  }
  throws(() => withSchema({ properties: { a: { pattern: "(" } } }), /invalid config schema/);
});

Deno.test("formats and unknown keywords are not asserted", () => {
  const schema = { properties: { a: { format: "email", "x-order": 1 } }, shiny: true };
  deepStrictEqual(validateConfig(withSchema(schema), { a: "no mail" }), []);
});
