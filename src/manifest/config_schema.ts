/**
 * Compiles the JSON Schema of a plugin's settings, which an enemy may have written.
 *
 * Nothing remote is loaded: a `$ref` that leaves the document is a fault. No keyword of it becomes code:
 * ajv quotes all that it takes from a schema, `$async`, `$data` and custom keywords are off, and patterns are
 * compiled here. Compiling and validating are stopped at a deadline. What remains: for that long the host's
 * thread is busy, when a manifest is read or settings are written, and memory taken meanwhile is not bounded.
 *
 * @module
 */

import { Ajv, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { errorText, type Problem } from "../errors.ts";
import { goPattern } from "./go_pattern.ts";
import { type JsonObject, MAX_PROBLEMS, shown } from "./problem.ts";
import { pathOf } from "./schema_check.ts";
import { withinMs } from "../time_limit.ts";
import type { ConfigDefinition, Json } from "./types.ts";

/** Longest time to compile a schema; one of 96 kB takes about 80 ms. */
export const COMPILE_LIMIT_MS = 2_000;

/** Longest time to validate settings. */
export const VALIDATE_LIMIT_MS = 500;

/** A compiled schema, or its faults. */
export interface CompiledConfigSchema {
  /** Faults of the schema itself, under `$.config.schema`; empty if it can be used. */
  readonly problems: readonly Problem[];
  /** Faults of a settings value; undefined where validating does not end. */
  readonly validate?: (value: Json) => readonly ErrorObject[] | undefined;
}

const OPTIONS: Options = {
  allErrors: true,
  verbose: true, // for what was found
  strict: false, // unknown keywords are ignored, as by upstream's library
  validateFormats: false, // nor does that assert formats
  validateSchema: false, // done first, by a validator that is kept
  inlineRefs: false, // bounds the code that `$ref`s can make
  ownProperties: true, // `constructor` and the like are missing unless written
  logger: false,
  code: { optimize: false, regExp: Object.assign(goPattern, { code: "goPattern" }) },
};

type AjvClass = new (options: Options) => Ajv;

const BY_DIALECT: readonly (readonly [RegExp, AjvClass])[] = [
  [/^https?:\/\/json-schema\.org\/draft-0[467]\/schema#?$/, Ajv],
  [/^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/, Ajv2019],
  [/^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/, Ajv2020],
];

const metaValidators = new Map<AjvClass, Ajv>();
const compiled = new WeakMap<object, CompiledConfigSchema>();

/** Compiles a settings schema, once for each object. Draft 2020-12 unless it names another. */
export function compileConfigSchema(schema: ConfigDefinition["schema"]): CompiledConfigSchema {
  const known = compiled.get(schema);
  if (known) return known;
  const result = compile(schema);
  compiled.set(schema, result);
  return result;
}

function compile(schema: ConfigDefinition["schema"]): CompiledConfigSchema {
  const named = schema.$schema ?? "https://json-schema.org/draft/2020-12/schema";
  const AjvOfDialect = BY_DIALECT.find(([uri]) => typeof named === "string" && uri.test(named))
    ?.[1];
  if (!AjvOfDialect) {
    return fault(schema.$schema, "draft-04, draft-06, draft-07, 2019-09 or 2020-12", ".$schema");
  }
  const { $schema: _, $async: __, ...plain } = schema;
  const meta = metaValidator(AjvOfDialect);
  const valid = withinMs(COMPILE_LIMIT_MS, () => meta.validateSchema(plain));
  if (valid.kind === "timeout") return tooSlow();
  if (valid.kind === "error") return fault(plain, errorText(valid.error));
  if (!valid.value) return { problems: metaProblems(meta.errors ?? [], plain) };
  const made = withinMs(COMPILE_LIMIT_MS, () => new AjvOfDialect(OPTIONS).compile(plain));
  if (made.kind === "timeout") return tooSlow();
  if (made.kind === "error") return fault(plain, errorText(made.error));
  const check = made.value;
  return {
    problems: [],
    validate(value) {
      const checked = withinMs(VALIDATE_LIMIT_MS, () => check(value));
      // An error is a stack used up by `$ref`s in a circle: no end either.
      if (checked.kind !== "value") return undefined;
      return checked.value ? [] : check.errors ?? [];
    },
  };
}

/** Made outside any deadline: one stopped half-way would stay broken. */
function metaValidator(AjvOfDialect: AjvClass): Ajv {
  let meta = metaValidators.get(AjvOfDialect);
  if (!meta) {
    meta = new AjvOfDialect({ ...OPTIONS, code: { optimize: false } });
    meta.validateSchema({});
    metaValidators.set(AjvOfDialect, meta);
  }
  return meta;
}

/** One problem a place: the first error there is the plainest, those of `anyOf` only follow. */
function metaProblems(errors: readonly ErrorObject[], schema: JsonObject): Problem[] {
  const byPath = new Map<string, Problem>();
  for (const error of errors.slice(0, MAX_PROBLEMS * 4)) {
    const path = pathOf(error.instancePath, schema).path.replace("$", "$.config.schema");
    const choices = error.keyword === "enum" ? `: ${error.params.allowedValues.join(", ")}` : "";
    const wanted = `invalid config schema: ${error.message ?? error.keyword}${choices}`;
    if (!byPath.has(path)) byPath.set(path, { path, found: shown(error.data), wanted });
  }
  return [...byPath.values()];
}

function fault(found: unknown, cause: string, below = ""): CompiledConfigSchema {
  // A cause can quote the schema; it is kept as short and harmless as what is found.
  const wanted = `a schema that compiles (invalid config schema: ${shown(cause).slice(1, -1)})`;
  return { problems: [{ path: `$.config.schema${below}`, found: shown(found), wanted }] };
}

function tooSlow(): CompiledConfigSchema {
  return fault("a schema too slow to compile", `more than ${COMPILE_LIMIT_MS} ms`);
}
