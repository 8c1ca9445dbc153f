/**
 * The settings that a schema describes, one by one, for those who ask a person for them.
 *
 * @module
 */

import { localRef } from "./config_defaults.ts";
import { isObject, type JsonObject } from "./problem.ts";
import { secretKeys } from "./secrets.ts";
import type { Json, Manifest } from "./types.ts";

/** Most settings told; a form of more is nobody's. */
const MAX_SETTINGS = 1_000;
/** Longest title or description told, in characters. */
const MAX_TEXT = 2_000;
/** Most steps through a schema: `$ref`s can make a small one endless. */
const MAX_STEPS = 20_000;

/** A top-level setting, as far as its schema says something of it. */
export interface Setting {
  /** Its key. */
  readonly key: string;
  /** What people call it. */
  readonly title?: string;
  /** What it is for; may have line breaks. */
  readonly description?: string;
  /** JSON Schema types it can have; empty where any will do. */
  readonly types: readonly string[];
  /** The values to choose from; absent where there is a wider choice. */
  readonly choices?: readonly Json[];
  /** What holds where nobody sets it. */
  readonly default?: Json;
  /** A value the author gives as an example. */
  readonly example?: Json;
  /** Whether there is no plugin without it. */
  readonly required: boolean;
  /** Whether it is to be masked. */
  readonly secret: boolean;
}

/**
 * The top-level settings of a plugin, in the order of its schema: what stands in `properties` and `required`, local `$ref`s
 * and `allOf` followed. Of alternatives nothing is told, since nobody has chosen.
 */
export function settingsOf(manifest: Pick<Manifest, "config">): Setting[] {
  const { config } = manifest;
  if (config === undefined) return [];
  const properties = new Map<string, JsonObject>();
  const required = new Set<string>();
  for (const part of partsOf(config.schema, config.schema)) {
    if (isObject(part.properties)) {
      for (const [key, node] of Object.entries(part.properties)) {
        if (!properties.has(key)) properties.set(key, isObject(node) ? node : {});
      }
    }
    if (Array.isArray(part.required)) {
      for (const key of part.required) if (typeof key === "string") required.add(key);
    }
  }
  for (const key of required) if (!properties.has(key)) properties.set(key, {});
  const secrets = new Set(secretKeys(manifest));
  return [...properties].slice(0, MAX_SETTINGS).map(([key, node]) => ({
    key,
    ...described([...partsOf(config.schema, node)]),
    required: required.has(key),
    secret: secrets.has(key),
  }));
}

function described(parts: readonly JsonObject[]): Omit<Setting, "key" | "required" | "secret"> {
  const first = (keyword: string): Json | undefined =>
    parts.find((part) => part[keyword] !== undefined)?.[keyword];
  const text = (keyword: string) => {
    const value = first(keyword);
    return typeof value === "string" && value !== "" ? value.slice(0, MAX_TEXT) : undefined;
  };
  const [title, description] = [text("title"), text("description")];
  const [constant, choices, examples] = [first("const"), first("enum"), first("examples")];
  const standard = first("default");
  const example = Array.isArray(examples) ? examples[0] : undefined;
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    types: [first("type")].flat().filter((type) => typeof type === "string"),
    ...(constant !== undefined
      ? { choices: [constant] }
      : Array.isArray(choices)
      ? { choices }
      : {}),
    ...(standard !== undefined && { default: standard }),
    ...(example !== undefined && { example }),
  };
}

/** A schema and those that hold beside it. */
function* partsOf(root: JsonObject, node: Json): Generator<JsonObject> {
  const queue: Json[] = [node];
  const seen = new Set<Json>();
  for (let steps = 0; queue.length > 0 && steps < MAX_STEPS; steps++) {
    const part = queue.shift();
    if (!isObject(part) || seen.has(part)) continue;
    seen.add(part);
    yield part;
    const target = localRef(root, part.$ref);
    if (target !== undefined) queue.push(target);
    if (Array.isArray(part.allOf)) queue.push(...part.allOf);
  }
}
