import assert from "node:assert/strict";
import { configTemplate, displayWidth } from "../src/cli/mod.ts";
import { parseConfiguration } from "../src/configuration/mod.ts";
import {
  type Json,
  type Manifest,
  parseManifest,
  settingsOf,
  validateConfig,
} from "../src/manifest/mod.ts";
import { randomOf } from "./support/random.ts";

function manifestWith(schema: Record<string, Json>): Manifest {
  const document = { name: "Sample", author: "A", version: "1", config: { schema } };
  return parseManifest(JSON.stringify(document)).manifest;
}

/** What a configuration that is the template says about the plugin. */
function settingsIn(id: string, template: string): Record<string, Json> {
  const { plugins, problems } = parseConfiguration(template);
  assert.deepEqual(problems, [], template);
  return plugins[id] ?? {};
}

Deno.test("a template says what the author says, and has what must be filled in", () => {
  const manifest = manifestWith({
    type: "object",
    required: ["url", "key"],
    properties: {
      url: { type: "string", title: "Address", description: "Where it is.\nWith a scheme." },
      key: { type: "string", writeOnly: true, default: "hunter2" },
      size: { enum: ["small", "large"], default: "small" },
      days: { type: ["null", "integer"], description: "x".repeat(100) },
      "with dot.": { type: "array", default: [1, { a: true }] },
      nothing: { default: null, type: "null" },
    },
  });
  const template = configTemplate("my.plugin", manifest);
  assert.equal(
    template,
    `## Settings of Sample (my.plugin), for soundproof.toml.
[PluginConfig."my.plugin"]

## Address
## Where it is.
## With a scheme.
## string, required
url = ""

## string, required, secret
key = ""

## one of "small", "large", default: "small"
# size = "small"

## ${"x".repeat(77)}
## ${"x".repeat(23)}
## null or integer, optional
# days = 0

## array, default: [1,{"a":true}]
# "with dot." = [1, { a = true }]

## null, default: null
# nothing = ""
`,
  );
  assert.deepEqual({ ...settingsIn("my.plugin", template) }, { url: "", key: "" });
});

Deno.test("options of the first design have a template too", () => {
  const { manifest } = parseManifest(JSON.stringify({
    name: "Old",
    author: "A",
    version: "1",
    description: "D",
    pluginType: "metadata",
    requiredPermissions: [],
    configurationOptions: [
      { key: "token", label: "Token", type: "password", required: true },
      { key: "limit", type: "int", default: 5 },
    ],
  }));
  assert.match(
    configTemplate("old", manifest),
    /\[PluginConfig\.old\]\n\n## Token\n## string, required, secret\ntoken = ""\n\n## integer, default: 5\n# limit = 5\n$/,
  );
});

Deno.test("a plugin without settings has a template that sets nothing", () => {
  const manifest = manifestWith({ type: "object" });
  assert.equal(configTemplate("a", manifest), "## Sample (a) takes no settings.\n");
});

const TEXTS = [
  "plain",
  "",
  "two\nlines",
  "\r\nevil = 1",
  "]\n[Server]\nListen = 1",
  'quo"te',
  "back\\slash",
  "'''",
  '"""',
  "\u0000\u001b[2J\u007f\u0085",
  "\u202eturned",
  "\u2028",
  "東京 🎵",
  "a.b",
  "__proto__",
  "constructor",
  "é".repeat(300),
  " ",
  "#",
  "1979-05-27",
  "inf",
  "true",
] as const;
const NUMBERS = [0, -0, 1, -1, 1.5, 1e21, 1e-7, 2 ** 53, -(2 ** 60), 1e308, 5e-324] as const;
const TYPES = ["string", "integer", "number", "boolean", "array", "object", "null"] as const;

/** Any JSON value, at most three levels deep. */
function anyValue(below: (limit: number) => number, level = 0): Json {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  switch (below(level < 3 ? 7 : 5)) {
    case 0:
      return null;
    case 1:
      return below(2) === 0;
    case 2:
      return pick(NUMBERS);
    case 3:
    case 4:
      return pick(TEXTS);
    case 5:
      return Array.from({ length: below(4) }, () => anyValue(below, level + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: below(4) }, () => [pick(TEXTS), anyValue(below, level + 1)]),
      );
  }
}

/** A schema of settings, its texts and values as hostile as they come. */
function anySchema(below: (limit: number) => number): Record<string, Json> {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const maybe = <T>(key: string, make: () => T): [string, T][] =>
    below(2) === 0 ? [] : [[key, make()]];
  const property = (): Json =>
    below(12) === 0
      ? true
      : below(10) === 0
      ? { $ref: "#/$defs/shared", allOf: [{ title: pick(TEXTS) }] }
      : Object.fromEntries<Json>([
        ...maybe("type", () => below(4) === 0 ? [...new Set([pick(TYPES), "null"])] : pick(TYPES)),
        ...maybe("title", () => pick(TEXTS)),
        ...maybe("description", () => pick(TEXTS).repeat(1 + below(3))),
        ...maybe("default", () => anyValue(below)),
        ...maybe("enum", () => [anyValue(below), "other"]),
        ...maybe("examples", () => [anyValue(below)]),
        ...(below(4) === 0 ? [["writeOnly", true] as [string, Json]] : []),
      ]);
  const keys = [...new Set(Array.from({ length: below(8) }, () => pick(TEXTS)))];
  return {
    ...(below(2) === 0 && { $schema: "http://json-schema.org/draft-07/schema#" }),
    $defs: { shared: { type: "string", default: pick(TEXTS) } },
    type: "object",
    required: [
      ...new Set([
        ...keys.filter(() => below(2) === 0),
        ...maybe(pick(TEXTS), () => 1)
          .map(([key]) => key),
      ]),
    ],
    properties: Object.fromEntries(keys.map((key) => [key, property()])),
  };
}

Deno.test("2,000 generated schemas: the template is valid TOML, is understood, and sets what must be set", () => {
  const below = randomOf(5);
  let tried = 0;
  for (let round = 0; tried < 2_000; round++) {
    assert.ok(round < 10_000);
    let manifest: Manifest;
    try {
      manifest = manifestWith(anySchema(below));
    } catch {
      continue; // no valid schema
    }
    tried++;
    const id = TEXTS[below(TEXTS.length)] || "id";
    const template = configTemplate(id, manifest);
    const set = settingsIn(id, template);
    const wanted = settingsOf(manifest)
      .filter((setting) => setting.required && (setting.default === undefined || setting.secret));
    assert.deepEqual(Object.keys(set).sort(), wanted.map(({ key }) => key).sort(), template);
    for (const line of template.split("\n")) {
      if (line.startsWith("## ")) assert.ok(displayWidth(line) <= 80, line);
    }
    // With the comments taken away, every other setting has its default, or is left out.
    const all = settingsIn(id, template.replaceAll(/^# /gm, ""));
    for (const { key, secret, ...rest } of settingsOf(manifest)) {
      if (secret || rest.default === undefined || !Object.hasOwn(all, key)) continue;
      const loose = (value: Json | undefined) => JSON.stringify(value)?.replaceAll("-0", "0");
      const text = JSON.stringify(rest.default);
      if (text.includes("null") || text.length > 300) continue; // TOML has no null
      assert.equal(loose(sorted(all[key])), loose(sorted(rest.default)), template);
    }
  }
});

Deno.test("a template that is filled in is what the plugin takes", () => {
  const manifest = manifestWith({
    type: "object",
    additionalProperties: false,
    required: ["mode", "count", "on"],
    properties: {
      mode: { enum: ["a", "b"] },
      count: { type: "integer", examples: [3] },
      on: { type: "boolean" },
      list: { type: "array", items: { type: "string" }, default: ["x"] },
    },
  });
  assert.deepEqual(
    validateConfig(manifest, { ...settingsIn("s", configTemplate("s", manifest)) }),
    [],
  );
});

Deno.test("a schema that is endless or repeats a long text has a short template", () => {
  const description = "word ".repeat(20_000);
  const manifest = manifestWith({
    $ref: "#/$defs/loop",
    $defs: {
      loop: { allOf: [{ $ref: "#/$defs/loop" }, { properties: { a: { $ref: "#/$defs/text" } } }] },
      text: { description, default: description },
    },
    properties: Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`k${index}`, { $ref: "#/$defs/text" }]),
    ),
  });
  const template = configTemplate("s", manifest);
  assert.ok(template.length < 5_000_000, String(template.length));
  assert.deepEqual({ ...settingsIn("s", template) }, {});
});

/** A value with its keys in order, for a comparison. */
function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map((
      [key, item],
    ) => [key, sorted(item) ?? null]),
  );
}
