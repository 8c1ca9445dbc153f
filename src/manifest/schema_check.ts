/**
 * Checks a manifest against `schema/manifest.schema.json`, in upstream's words where it has some.
 *
 * @module
 */

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import manifestSchema from "../../schema/manifest.schema.json" with { type: "json" };
import type { Problem } from "../errors.ts";
import { childPath, isObject, type JsonObject, MAX_PROBLEMS, shown } from "./problem.ts";
import type { Dialect, Json } from "./types.ts";

/** The `$defs` of the manifest schema, by name. */
export const DEFINITIONS: JsonObject = manifestSchema.$defs;

/** The schema of one dialect. */
export function dialectSchema(dialect: Dialect): JsonObject {
  return manifestSchema.$defs[dialect];
}

// Made at the first manifest and kept. All errors are wanted; the number of values in a document
// is bounded before this (`MAX_VALUES`), which bounds the errors too.
let ajv: Ajv2020 | undefined;

/** Every fault of a document by the schema of its dialect. */
export function checkSchema(dialect: Dialect, value: Json): Problem[] {
  ajv ??= new Ajv2020({
    allErrors: true,
    verbose: true,
    ownProperties: true,
    // The schema is ours, and a test compiles it strictly: what would check it only costs time here.
    strict: false,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  }).addSchema(manifestSchema);
  const validate = ajv.getSchema(`${manifestSchema.$id}#/$defs/${dialect}`);
  if (!validate) throw new TypeError(`Cannot check manifest: the schema lacks "${dialect}"`);
  if (validate(value)) return [];
  return (validate.errors ?? [])
    .filter((error) => error.keyword !== "propertyNames") // the fault of the name itself is listed
    .slice(0, MAX_PROBLEMS * 2)
    .map((error) => problemOf(error, value, dialect));
}

/** The JSON path of an instance path (a JSON pointer), and the last key in it. */
export function pathOf(pointer: string, root: unknown): { path: string; key: string | number } {
  let path = "$";
  let key: string | number = "$";
  let at: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    key = Array.isArray(at) ? Number(name) : name;
    at = Array.isArray(at) ? at[Number(name)] : isObject(at) ? at[name] : undefined;
    path = childPath(path, key);
  }
  return { path, key };
}

function problemOf(error: ErrorObject, root: Json, dialect: Dialect): Problem {
  const { path, key } = pathOf(error.instancePath, root);
  const { params } = error;
  if (error.keyword === "required") {
    const missing = String(params.missingProperty);
    const wanted = `field ${missing} in ${typeName(error.instancePath, dialect)}: required`;
    return { path: childPath(path, missing), found: "nothing", wanted };
  }
  if (error.propertyName !== undefined) {
    return { path, found: shown(error.propertyName), wanted: wantedText(error, "key") };
  }
  return { path, found: shown(error.data), wanted: wantedText(error, key) };
}

/** What upstream's generated decoder calls the object. */
function typeName(pointer: string, dialect: Dialect): string {
  const permission = /^\/permissions\/([^/]+)$/.exec(pointer)?.[1];
  if (permission) {
    return `PluginManifestPermissions${permission.charAt(0).toUpperCase()}${permission.slice(1)}`;
  }
  if (pointer === "/config") return "ConfigDefinition";
  return dialect === "protobuf" ? "PluginManifest" : "Manifest";
}

function wantedText(error: ErrorObject, key: string | number): string {
  const { keyword, params, schema } = error;
  switch (keyword) {
    case "type":
      return `field ${key}: ${[schema].flat().join(" or ")}`;
    case "minLength":
    case "minItems":
      return `field ${key} length: must be >= ${params.limit}`;
    case "minimum":
      return `field ${key}: must be >= ${params.limit}`;
    case "enum":
      return `invalid value (expected one of [${params.allowedValues.join(" ")}]): ${
        shown(error.data)
      }`;
    case "pattern":
      return `field ${key}: no control characters`;
    default:
      return `field ${key}: ${error.message ?? keyword}`;
  }
}
