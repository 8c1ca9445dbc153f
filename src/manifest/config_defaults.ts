/**
 * Defaults of a settings schema.
 *
 * @module
 */

import { isObject } from "./problem.ts";
import type { ConfigDefinition, Json } from "./types.ts";

/** Most steps through a schema and a value: `$ref`s can make a small schema endless. */
const MAX_STEPS = 20_000;

/** Deepest way through a schema. */
const MAX_LEVELS = 256;

/** The schema that a `$ref` within the same document names; undefined for any other. */
export function localRef(
  schema: ConfigDefinition["schema"],
  ref: Json | undefined,
): Json | undefined {
  if (typeof ref !== "string" || !ref.startsWith("#")) return undefined;
  let at: Json | undefined = schema;
  for (const part of ref.slice(1).split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = isObject(at) && Object.hasOwn(at, key)
      ? at[key]
      : Array.isArray(at)
      ? at[Number(key)]
      : undefined;
  }
  return at;
}

/**
 * The value with each missing key that has a `default` filled in, in objects and lists within it too. Looks
 * into `properties`, `items`, `allOf` and local `$ref`s; where the schema offers alternatives it does not
 * choose. A missing object is made only if it has a default itself. The value given is not changed.
 */
export function withDefaults(schema: ConfigDefinition["schema"], value: Json): Json {
  let steps = MAX_STEPS;

  function complete(node: Json | undefined, value: Json, level: number): Json {
    if (!isObject(node) || steps-- <= 0 || level > MAX_LEVELS) return value;
    let result = value;
    const target = localRef(schema, node.$ref);
    if (target !== undefined) result = complete(target, result, level + 1);
    if (Array.isArray(node.allOf)) {
      for (const part of node.allOf) result = complete(part, result, level + 1);
    }
    if (Array.isArray(result)) return result.map((item) => complete(node.items, item, level + 1));
    if (!isObject(result) || !isObject(node.properties)) return result;
    const members = new Map(Object.entries(result));
    for (const [key, property] of Object.entries(node.properties)) {
      const present = members.has(key) ? members.get(key) : defaultOf(property);
      if (present !== undefined) members.set(key, complete(property, present, level + 1));
    }
    return Object.fromEntries(members);
  }

  function defaultOf(node: Json): Json | undefined {
    let at: Json | undefined = node;
    while (isObject(at) && steps-- > 0) {
      if (at.default !== undefined) return at.default;
      at = localRef(schema, at.$ref);
    }
    return undefined;
  }

  return complete(schema, value, 0);
}
