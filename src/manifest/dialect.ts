/**
 * Tells the dialects apart by their marks: design.md, "Manifests: four dialects, one type".
 *
 * @module
 */

import { isObject } from "./problem.ts";
import type { Dialect, Json } from "./types.ts";

/**
 * The dialects a document may be read as, the likeliest first. There is more than one only where
 * the module decides and is not known (`extism` undefined).
 *
 * `permissions` wins over the marks of the first design: a host of any other dialect would read it,
 * and take the first design's keys for unknown ones.
 */
export function dialectsOf(value: Json, extism?: boolean): readonly [Dialect, ...Dialect[]] {
  if (isObject(value) && !Object.hasOwn(value, "permissions") && isFirstDesign(value)) {
    return ["first_design"];
  }
  if (extism === false) return ["protobuf"];
  if (!isObject(value) || !Array.isArray(value.capabilities)) return ["navidrome"];
  return extism ? ["protobuf_on_extism"] : ["protobuf", "protobuf_on_extism"];
}

/** A plugin that needs no permission has only its `pluginType` to be known by. */
function isFirstDesign(value: { readonly [key: string]: Json }): boolean {
  return Object.hasOwn(value, "requiredPermissions") ||
    typeof value.pluginType === "string" || Array.isArray(value.pluginType);
}
