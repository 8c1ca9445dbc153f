/**
 * From the text of a `manifest.json` to a {@link Manifest}, or to everything that is wrong with it.
 *
 * @module
 */

import type { Problem } from "../errors.ts";
import { compileConfigSchema } from "./config_schema.ts";
import { dialectsOf } from "./dialect.ts";
import { keyedPermissions } from "./first_design.ts";
import { readJsonText } from "./json_text.ts";
import { knownPart } from "./known_keys.ts";
import { capped, isObject, type JsonObject, manifestInvalid } from "./problem.ts";
import { readManifest } from "./read.ts";
import { checkNeeds } from "./rules.ts";
import { checkSchema, DEFINITIONS, dialectSchema } from "./schema_check.ts";
import type { Dialect, Json, Manifest } from "./types.ts";

/** What is known beside the text. */
export interface ParseManifestOptions {
  /**
   * Whether the module imports from `extism:host/*`. Absent where the module was not looked at: a
   * document with `capabilities` is then read as `protobuf` if it is valid so, and otherwise as
   * `protobuf_on_extism`, with a warning for each rule it breaks on a protobuf module. Parse it
   * again once the module is known.
   */
  readonly extism?: boolean;
}

/** A manifest and what an author or administrator should know about it. */
export interface ParsedManifest {
  /** The manifest, with nothing in it that its dialect does not know. */
  readonly manifest: Manifest;
  /** Unknown keys and permissions (never granted), odd spellings, disguised text. */
  readonly warnings: Problem[];
}

/**
 * Reads a manifest of any dialect.
 *
 * Accepted is what upstream's loaders accept (Extism ABI 4.1 and 4.2, protobuf ABI 4.1 to 4.4).
 * More is refused only for safety: texts over 1 MiB, 64 levels or 50,000 values, keys that stand twice,
 * lone surrogates, more than 1,000 rules in a list, rules over 2,048 characters or with control
 * characters in them, and configuration schemas that take over two seconds to compile.
 *
 * @throws {SoundproofError} `manifest.invalid`, with every problem in `problems`.
 */
export function parseManifest(text: string, options: ParseManifestOptions = {}): ParsedManifest {
  const reading = readJsonText(text);
  if (reading.value === undefined) throw manifestInvalid(reading.problems);
  const [likeliest, other] = dialectsOf(reading.value, options.extism);
  const read = readAs(likeliest, reading.value);
  if (read.manifest) return { manifest: read.manifest, warnings: capped(read.warnings) };
  if (other) {
    const second = readAs(other, reading.value);
    if (second.manifest) {
      const asProtobuf = read.problems.map((problem) => ({
        ...problem,
        wanted: `${problem.wanted} (unless the module is an Extism module)`,
      }));
      const warnings = capped([...asProtobuf, ...second.warnings]);
      return { manifest: second.manifest, warnings };
    }
  }
  throw manifestInvalid(read.problems);
}

/** A reading in one dialect: a manifest, or problems. */
interface Reading {
  readonly manifest?: Manifest;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

function readAs(dialect: Dialect, document: Json): Reading {
  const keyed = dialect === "first_design" ? keyedPermissions(document) : document;
  const known = knownPart(keyed, dialectSchema(dialect), DEFINITIONS);
  const problems = [...known.problems, ...checkSchema(dialect, known.value)];
  const warnings = [...known.warnings];
  if (!isObject(known.value)) return { problems, warnings };
  problems.push(...checkNeeds(dialect, declaredPermissions(known.value)));
  if (problems.length > 0) {
    // Its own faults are reported in the same round, wherever there is a schema to look at.
    const schema = isObject(known.value.config) ? known.value.config.schema : undefined;
    if (isObject(schema)) problems.push(...compileConfigSchema(schema).problems);
    return { problems, warnings };
  }
  const read = readManifest(dialect, known.value);
  warnings.push(...read.warnings);
  const { config } = read.manifest;
  if (config) problems.push(...compileConfigSchema(config.schema).problems);
  return problems.length > 0 ? { problems, warnings } : { ...read, problems, warnings };
}

/** Keys of `permissions` that are there and not null: a present key asks, `{}` suffices. */
function declaredPermissions(document: JsonObject): Set<string> {
  const { permissions } = document;
  if (!isObject(permissions)) return new Set();
  return new Set(Object.keys(permissions).filter((key) => permissions[key] !== null));
}
