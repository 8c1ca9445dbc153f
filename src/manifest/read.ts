/**
 * From a document that its dialect's schema accepted to the one {@link Manifest} type.
 *
 * @module
 */

import type { Problem } from "../errors.ts";
import { configOptionsSchema } from "./config_options.ts";
import { firstDesignPermissions } from "./first_design.ts";
import { childPath, isObject, type JsonObject, plainText, shown } from "./problem.ts";
import { readPermissions } from "./read_permissions.ts";
import type { ConfigDefinition, Dialect, Json, Manifest } from "./types.ts";

/** A manifest, and what was odd about it. */
export interface ManifestReading {
  readonly manifest: Manifest;
  readonly warnings: readonly Problem[];
}

/** Reads a document that `checkSchema` found no fault with. */
export function readManifest(dialect: Dialect, document: JsonObject): ManifestReading {
  const warnings: Problem[] = [];

  /** A text for people to read. It cannot be made to look like another one in a permission review. */
  function shownText(value: Json | undefined, path: string, kept = ""): string {
    const written = typeof value === "string" ? value : "";
    const text = plainText(written, kept);
    if (text !== written) {
      const wanted = "no control or text-direction characters; they are replaced";
      warnings.push({ path, found: shown(written), wanted });
    }
    return text;
  }

  const firstDesign = dialect === "first_design";
  const asked = firstDesign ? firstDesignPermissions(document, warnings) : document.permissions;
  const permissionsPath = firstDesign ? "$.requiredPermissions" : "$.permissions";
  const capabilities = firstDesign ? document.pluginType : document.capabilities;
  const config = firstDesign ? optionsConfig(document, warnings) : configOf(document);
  return {
    manifest: {
      dialect,
      name: shownText(document.name, "$.name"),
      author: shownText(document.author, "$.author"),
      version: shownText(document.version, "$.version"),
      ...typeof document.description === "string" &&
        { description: shownText(document.description, "$.description", "\n\t") },
      ...typeof document.website === "string" &&
        { website: shownText(document.website, "$.website") },
      ...capabilities && { capabilities: names(capabilities) },
      permissions: readPermissions(
        dialect,
        isObject(asked) ? asked : {},
        (key, reason) => shownText(reason, `${childPath(permissionsPath, key)}.reason`, "\n\t"),
      ),
      ...Array.isArray(document.hostFunctions) && { hostFunctions: names(document.hostFunctions) },
      ...config && { config },
    },
    warnings,
  };
}

/** Strings of a list, or of a single one; others are not names. */
function names(value: Json): string[] {
  return [value].flat().filter((item) => typeof item === "string").map((item) => plainText(item));
}

/** A null schema counts as none, and without one there is nothing to configure. */
function configOf(document: JsonObject): ConfigDefinition | undefined {
  const { config } = document;
  if (!isObject(config) || !isObject(config.schema)) return undefined;
  return {
    schema: config.schema,
    ...isObject(config.uiSchema) && { uiSchema: config.uiSchema },
  };
}

function optionsConfig(document: JsonObject, warnings: Problem[]): ConfigDefinition | undefined {
  const { configurationOptions: options } = document;
  if (!options || typeof options !== "object") return undefined;
  const read = configOptionsSchema(options);
  warnings.push(...read.warnings);
  return { schema: read.schema };
}
