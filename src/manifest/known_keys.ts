/**
 * Takes from a document only what its dialect's schema names. What is left out is warned of, and
 * cannot be granted, because nothing after this sees it.
 *
 * @module
 */

import type { Problem } from "../errors.ts";
import { childPath, isObject, type JsonObject, shown } from "./problem.ts";
import type { Json } from "./types.ts";

/** What was taken, and what was said about the rest. */
export interface KnownPart {
  readonly value: Json;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * The part of a document that a schema names.
 *
 * Upstream's decoder (Go's `encoding/json`) takes keys in any case, so that a permission `Cache` is
 * granted there: such a key is read as the known one, with a warning. Required keys are looked for
 * in their exact case there, and so here. Of two spellings of one key Go takes the later; that is
 * refused here, for the same reason as a key that stands twice. (Go folds two letters outside
 * ASCII too, `ſ` and the Kelvin sign; keys with these stay unknown.)
 */
export function knownPart(value: Json, schema: JsonObject, definitions: JsonObject): KnownPart {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];

  function take(value: Json, node: Json | undefined, path: string): Json {
    while (isObject(node) && typeof node.$ref === "string") {
      node = definitions[node.$ref.replace("#/$defs/", "")];
    }
    if (!isObject(node)) return value;
    const { items, additionalProperties } = node;
    if (Array.isArray(value)) {
      return value.map((item, index) => take(item, items, childPath(path, index)));
    }
    if (!isObject(value)) return value;
    if (isObject(node.properties)) {
      return takeKeys(value, node.properties, requiredKeys(node), path);
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) =>
        [key, take(item, additionalProperties, childPath(path, key))] as const
      ),
    );
  }

  function takeKeys(value: JsonObject, known: JsonObject, required: Json[], path: string): Json {
    const byFolded = new Map(Object.keys(known).map((key) => [folded(key), key]));
    const taken = new Map<string, Json>();
    for (const [key, item] of Object.entries(value)) {
      const name = byFolded.get(folded(key));
      const here = childPath(path, key);
      if (name === undefined || (name !== key && required.includes(name))) {
        warnings.push({ path: here, found: shown(item), wanted: unknownText(path, known) });
        continue;
      }
      if (name !== key) {
        const wanted = `the key ${name}; it is read as that`;
        warnings.push({ path: here, found: shown(key), wanted });
      }
      if (taken.has(name)) {
        problems.push({ path: here, found: `${name} in two spellings`, wanted: "each key once" });
      }
      taken.set(name, take(item, known[name], childPath(path, name)));
    }
    return Object.fromEntries(taken);
  }

  return { value: take(value, schema, "$"), problems, warnings };
}

function folded(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function requiredKeys(node: JsonObject): Json[] {
  return Array.isArray(node.required) ? node.required : [];
}

function unknownText(path: string, known: JsonObject): string {
  return /^\$\.(permissions|requiredPermissions)$/.test(path)
    ? `a permission of this dialect (${Object.keys(known).join(", ")}); this one is not granted`
    : "no such key here; it is ignored";
}
