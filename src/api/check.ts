import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Problem, SoundproofError } from "../errors.ts";
import type { Shape } from "./schemas.ts";

/** Faults of a value that are told. */
const MAX_PROBLEMS = 20;
/** Characters of a value that are quoted. */
const MAX_FOUND = 60;

/** Whether a value is of a schema's shape. */
export function isOf<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
): value is Shape<Schema> {
  return Value.Check(schema, value);
}

/** What keeps a value from being of a schema's shape, the first fault of each place. */
export function problemsOf(schema: TSchema, value: unknown): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { path, message, value: found, schema: part } of Value.Errors(schema, value)) {
    if (problems.size === MAX_PROBLEMS) break;
    const at = `$${path.replaceAll("/", ".")}`;
    if (!problems.has(at)) {
      problems.set(at, { path: at, found: shown(found), wanted: wantedBy(part) ?? message });
    }
  }
  return [...problems.values()];
}

/**
 * JSON bytes as the shape that a schema describes.
 *
 * @param what What is read, for the error's text: `the decision`
 * @throws {SoundproofError} `api.body_invalid`
 */
export function readJson<Schema extends TSchema>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
): Shape<Schema> {
  const value = parseJson(bytes);
  if (value !== undefined && isOf(schema, value)) return value;
  const problems = value === undefined ? [] : problemsOf(schema, value);
  const state = problems[0] === undefined ? "it is no JSON" : `${problems[0].path} is wrong`;
  throw new SoundproofError("api.body_invalid", `Cannot read ${what}: ${state}`, { problems });
}

/** The value of JSON bytes; `undefined` where they are none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function wantedBy({ enum: words }: TSchema): string | undefined {
  return Array.isArray(words) ? `one of ${words.join(", ")}` : undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > MAX_FOUND ? `${text.slice(0, MAX_FOUND - 1)}…` : text;
}
