/**
 * How faults in a document are pointed at and quoted. What is quoted was written by a stranger:
 * it is shortened, and nothing in it can steer a terminal or reverse the text beside it.
 *
 * @module
 */

import { type Problem, SoundproofError } from "../errors.ts";
import type { Json } from "./types.ts";

/** Most problems, and most warnings, that one document is given; the rest are counted. */
export const MAX_PROBLEMS = 100;

const MAX_QUOTED_CHARACTERS = 80;

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Whether a value is an object, and not an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Controls, bidirectional overrides and line separators: what can disguise a text when shown. */
const DISGUISES = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu;

/** The text with each disguising character, apart from those in `kept`, replaced by U+FFFD. */
export function plainText(text: string, kept = ""): string {
  return text.replace(DISGUISES, (character) => kept.includes(character) ? character : "\uFFFD");
}

/** A value as JSON, shortened and harmless to print; `nothing` where there is none. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = preview(value, MAX_QUOTED_CHARACTERS).replace(
    DISGUISES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return json.length > MAX_QUOTED_CHARACTERS ? `${json.slice(0, MAX_QUOTED_CHARACTERS)}…` : json;
}

/** The beginning of a value's JSON, without writing the rest first: that can be a gigabyte. */
function preview(value: unknown, left: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, left + 1));
  if (typeof value !== "object" || value === null) return String(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  let text = `${open}`;
  for (const key in value) {
    if (text.length > left) break;
    if (text !== open) text += ",";
    if (open === "{") text += `${preview(key, left - text.length)}:`;
    text += preview(Reflect.get(value, key), left - text.length);
  }
  return text + close;
}

/** The JSON path of a child: `$.a`, `$.a[0]`, `$["any other key"]`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  return /^[A-Za-z_$][\w$]{0,79}$/.test(key) ? `${path}.${key}` : `${path}[${shown(key)}]`;
}

/** At most {@link MAX_PROBLEMS} of them, the last one saying how many more there are. */
export function capped(problems: readonly Problem[]): Problem[] {
  if (problems.length <= MAX_PROBLEMS) return [...problems];
  const left = problems.length - MAX_PROBLEMS + 1;
  return [
    ...problems.slice(0, MAX_PROBLEMS - 1),
    { path: "$", found: `${left} more problems`, wanted: "a document without them" },
  ];
}

/** The error that lists every fault of a manifest, the first ones in its text too. */
export function manifestInvalid(problems: readonly Problem[]): SoundproofError {
  const listed = capped(problems);
  const texts = listed.slice(0, 10).map((problem) =>
    `${problem.path}: found ${problem.found}, wanted ${problem.wanted}`
  );
  if (listed.length > texts.length) texts.push(`and ${listed.length - texts.length} more`);
  return new SoundproofError(
    "manifest.invalid",
    `Cannot accept manifest: parsing manifest found ${problems.length} problem${
      problems.length === 1 ? "" : "s"
    }: ${texts.join("; ")}`,
    { problems: listed },
  );
}
