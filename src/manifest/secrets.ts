/**
 * Which settings are secrets.
 *
 * @module
 */

import { localRef } from "./config_defaults.ts";
import { isObject } from "./problem.ts";
import type { Json, Manifest } from "./types.ts";

/** Most schemas looked at; after that every setting counts as a secret. */
const MAX_STEPS = 500_000;

/**
 * The top-level settings that hold a secret, themselves or anywhere within, sorted: each is to be masked as a
 * whole. A secret is marked by `writeOnly: true` or `format: "password"` in the schema, or by
 * `options.format: "password"` in the layout. When in doubt it is one.
 */
export function secretKeys(manifest: Pick<Manifest, "config">): string[] {
  const { config } = manifest;
  if (!config) return [];
  const secrets = new Set<string>();
  const seen = new Set<Json>();
  let steps = MAX_STEPS;

  /** Whether a marker stands in a schema or below, `$ref`s followed; `seen` is for this question. */
  function marked(node: Json | undefined, seen: Set<Json>): boolean {
    if (typeof node !== "object" || node === null || seen.has(node)) return false;
    if (steps-- <= 0) return true;
    seen.add(node);
    if (Array.isArray(node)) return node.some((item) => marked(item, seen));
    return node.writeOnly === true || node.format === "password" ||
      (config !== undefined && marked(localRef(config.schema, node.$ref), seen)) ||
      Object.values(node).some((item) => marked(item, seen));
  }

  /** Properties of the settings object, whichever applicator at its root brings them. */
  function collect(node: Json | undefined): void {
    if (typeof node !== "object" || node === null || seen.has(node)) return;
    seen.add(node);
    if (Array.isArray(node)) return node.forEach(collect);
    for (
      const [key, property] of Object.entries(isObject(node.properties) ? node.properties : {})
    ) {
      if (!secrets.has(key) && marked(property, new Set())) secrets.add(key);
    }
    if (config) collect(localRef(config.schema, node.$ref));
    for (const [keyword, below] of Object.entries(node)) {
      if (["allOf", "anyOf", "oneOf", "if", "then", "else"].includes(keyword)) collect(below);
      if (keyword === "dependentSchemas" && isObject(below)) Object.values(below).forEach(collect);
    }
  }

  /** `key` is the setting that the layout element around this one shows. */
  function collectLayout(node: Json, key: string | undefined): void {
    if (Array.isArray(node)) return node.forEach((item) => collectLayout(item, key));
    if (!isObject(node)) return;
    const shows = key ?? topKey(node.scope);
    if (shows && isObject(node.options) && node.options.format === "password") secrets.add(shows);
    for (const below of Object.values(node)) collectLayout(below, shows);
  }

  collect(config.schema);
  if (config.uiSchema) collectLayout(config.uiSchema, undefined);
  return [...secrets].sort();
}

function topKey(scope: Json | undefined): string | undefined {
  if (typeof scope !== "string") return undefined;
  return /^#\/properties\/([^/]+)/.exec(scope)?.[1]?.replaceAll("~1", "/").replaceAll("~0", "~");
}
