/**
 * Settings of a plugin: checked, completed with defaults, and as the guest reads them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Problem, SoundproofError } from "../errors.ts";
import { withDefaults } from "./config_defaults.ts";
import { compileConfigSchema, VALIDATE_LIMIT_MS } from "./config_schema.ts";
import { readJsonText } from "./json_text.ts";
import { capped, childPath, isObject, shown } from "./problem.ts";
import { pathOf } from "./schema_check.ts";
import { secretKeys } from "./secrets.ts";
import type { Json, Manifest } from "./types.ts";

/** Most characters in the whole of a guest's configuration; a hostile schema can repeat a default. */
export const MAX_CONFIG_CHARACTERS = 4_194_304;

/** Errors of keywords that only say that one below them failed. */
const COMPOSITE = new Set(["allOf", "anyOf", "if", "not", "oneOf", "$ref", "propertyNames"]);

/**
 * A settings document from its text; an empty one is `{}`.
 *
 * @throws {SoundproofError} `manifest.config_invalid`, with one problem, where it is not JSON.
 */
export function parseConfig(text: string): Json {
  if (text.trim() === "") return {};
  const reading = readJsonText(text);
  if (reading.value !== undefined) return reading.value;
  const [first] = reading.problems;
  const cause = `found ${first?.found}, wanted ${first?.wanted}`;
  throw new SoundproofError(
    "manifest.config_invalid",
    `Cannot read settings: invalid JSON: ${cause} at ${first?.path}`,
    { problems: reading.problems.slice(0, 1) },
  );
}

/**
 * Every fault of a settings value by the manifest's schema, defaults applied first. Empty where
 * there is none. What stands in a secret is never quoted.
 */
export function validateConfig(manifest: Manifest, value: Json): Problem[] {
  const schema = manifest.config?.schema;
  if (!schema) return [problem("$", "settings", "none: plugin has no configurable options")];
  const { validate, problems } = compileConfigSchema(schema);
  if (!validate) return [...problems];
  const completed = withDefaults(schema, value);
  const errors = validate(completed);
  if (!errors) {
    const wanted = `settings whose checks end within ${VALIDATE_LIMIT_MS} ms`;
    return [problem("$", "settings, or a schema, too slow to check", wanted)];
  }
  const leaves = errors.filter((error) => !COMPOSITE.has(error.keyword));
  const secrets = new Set(secretKeys(manifest));
  return capped((leaves.length > 0 ? leaves : errors).map((error) => {
    const { path } = pathOf(error.instancePath, completed);
    const missing = error.params.missingProperty;
    if (error.keyword === "required" && typeof missing === "string") {
      return problem(childPath(path, missing), "nothing", `a value: ${error.message ?? ""}`);
    }
    const top = error.instancePath.split("/")[1]?.replaceAll("~1", "/").replaceAll("~0", "~");
    // At the root everything would be quoted, with the secrets in it.
    const hidden = top === undefined || secrets.has(top);
    const choices = error.keyword === "enum" ? `: ${shown(error.params.allowedValues)}` : "";
    const extra = error.params.additionalProperty ?? error.params.unevaluatedProperty;
    return problem(
      typeof extra === "string" ? childPath(path, extra) : path,
      hidden ? "a value that is not shown" : shown(error.data),
      `${error.message ?? error.keyword}${choices}`,
    );
  }));
}

/**
 * The settings as the guest reads them (Extism ABI 5.6): strings as they are, every other value as compact JSON
 * with sorted keys and `<`, `>`, `&` escaped; keys that are missing have the schema's defaults.
 *
 * @throws {SoundproofError} `manifest.config_invalid` where the settings are no object, or too large.
 */
export function configMap(manifest: Manifest, value: Json): Map<string, string> {
  const schema = manifest.config?.schema;
  const completed = schema ? withDefaults(schema, value) : value;
  if (!isObject(completed)) {
    throw configInvalid(problem("$", "a value that is not shown", "an object"));
  }
  const entries = new Map<string, string>();
  let left = MAX_CONFIG_CHARACTERS;

  function write(text: string): string {
    left -= text.length;
    if (left < 0) {
      const wanted = `at most ${MAX_CONFIG_CHARACTERS} characters`;
      throw configInvalid(problem("$", "more text, defaults included", wanted));
    }
    return text;
  }
  function json(value: Json): string {
    if (Array.isArray(value)) return `[${value.map(json).join(write(","))}]`;
    if (isObject(value)) {
      const members = sortedEntries(value).map(([key, item]) => `${json(key)}:${json(item)}`);
      return `{${members.join(write(","))}}`;
    }
    if (Object.is(value, -0)) return write("-0");
    return write(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escaped));
  }

  for (const [key, item] of sortedEntries(completed)) {
    entries.set(write(key), typeof item === "string" ? write(item) : json(item));
  }
  return entries;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Keys in the order of their UTF-8 bytes, as Go sorts them. */
function sortedEntries(value: { readonly [key: string]: Json }): [string, Json][] {
  return Object.entries(value)
    .map((entry) => ({ entry, bytes: Buffer.from(entry[0]) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

function problem(path: string, found: string, wanted: string): Problem {
  return { path, found, wanted };
}

function configInvalid(fault: Problem): SoundproofError {
  return new SoundproofError(
    "manifest.config_invalid",
    `Cannot read settings: parsing plugin config: found ${fault.found}, wanted ${fault.wanted}`,
    { problems: [fault] },
  );
}
