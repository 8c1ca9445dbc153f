/**
 * The first design's `configurationOptions` as a JSON Schema, so that there is one kind of settings.
 *
 * @module
 */

import type { Problem } from "../errors.ts";
import { childPath, isObject, type JsonObject, shown } from "./problem.ts";
import type { Json } from "./types.ts";

/** Words for a type, and the type; `password` and `select` say more and are seen to below. */
const TYPES = new Map<string, string>([
  ["array", "array"],
  ["bool", "boolean"],
  ["boolean", "boolean"],
  ["checkbox", "boolean"],
  ["float", "number"],
  ["int", "integer"],
  ["integer", "integer"],
  ["list", "array"],
  ["number", "number"],
  ["object", "object"],
  ["password", "string"],
  ["secret", "string"],
  ["string", "string"],
  ["text", "string"],
  ["textarea", "string"],
  ["url", "string"],
]);

/** The schema of a settings object with these options (a list, or an object from key to option). */
export function configOptionsSchema(
  options: Json[] | JsonObject,
): { schema: JsonObject; warnings: Problem[] } {
  const warnings: Problem[] = [];
  const properties = new Map<string, Json>();
  const required: string[] = [];
  const listed = Array.isArray(options)
    ? options.map((option, index) => [index, option] as const)
    : Object.entries(options);
  for (const [at, option] of listed) {
    const path = childPath("$.configurationOptions", at);
    if (!isObject(option)) continue;
    const key = [option.key, option.name, at].find((name) => typeof name === "string");
    if (typeof key !== "string") {
      warnings.push({ path, found: shown(option), wanted: "an option with a key; it is ignored" });
      continue;
    }
    // Under an object the object's key is the setting's name, and `name` only its label.
    const name = typeof at === "string" ? at : key;
    if (properties.has(name)) {
      warnings.push({ path, found: shown(name), wanted: "each option once; the last one holds" });
    }
    properties.set(name, optionSchema(option, path, warnings));
    if (option.required === true && !required.includes(name)) required.push(name);
  }
  const schema: JsonObject = { type: "object", properties: Object.fromEntries(properties) };
  if (required.length > 0) schema.required = required;
  return { schema, warnings };
}

function optionSchema(option: JsonObject, path: string, warnings: Problem[]): JsonObject {
  const schema: JsonObject = {};
  const word = typeof option.type === "string" ? option.type.toLowerCase() : "string";
  const choices = choicesOf(option);
  const type = TYPES.get(word);
  if (choices) schema.enum = choices;
  else if (type) schema.type = type;
  if (!type && !choices) {
    const wanted = `one of ${[...TYPES.keys()].join(", ")}, or options; any value is taken`;
    warnings.push({ path: `${path}.type`, found: shown(option.type), wanted });
  }
  const title = option.label ?? option.title;
  if (typeof title === "string") schema.title = title;
  if (typeof option.description === "string") schema.description = option.description;
  if (option.default !== undefined) schema.default = option.default;
  const secret = option.secret === true || option.sensitive === true ||
    word === "password" || word === "secret";
  if (secret) schema.writeOnly = true;
  if (type === "string" && typeof option.pattern === "string") schema.pattern = option.pattern;
  const [lowest, highest] = type === "string"
    ? ["minLength", "maxLength"]
    : type === "array"
    ? ["minItems", "maxItems"]
    : ["minimum", "maximum"];
  if (typeof option.min === "number") schema[lowest] = option.min;
  if (typeof option.max === "number") schema[highest] = option.max;
  return schema;
}

function choicesOf(option: JsonObject): Json[] | undefined {
  const listed = [option.enum, option.options].find((list) => Array.isArray(list));
  if (!Array.isArray(listed)) return undefined;
  const values = listed.map((item) =>
    isObject(item) && item.value !== undefined ? item.value : item
  );
  return values.filter((value, index) => values.indexOf(value) === index);
}
