/**
 * Cron expressions as Navidrome reads them. Source: `extism-abi.md` 2.3.
 *
 * The grammar is read here, strictly, into plain lists of values; croner, which knows more forms than
 * that, is given those lists and finds the next time in a zone, over DST changes: a fixed time that the
 * clock skips runs right after the gap, one that comes twice runs once.
 *
 * @module
 */

import { Cron } from "croner";
import { parseDuration } from "./duration.ts";

/** A schedule that knows its next time. */
export interface Recurrence {
  /** The first time after `afterMs`, in Unix milliseconds; `undefined` when there is none. */
  next(afterMs: number): number | undefined;
}

/** The longest expression; all of a field's values written out fit five times. */
const MAX_LENGTH = 1024;

interface FieldRange {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const WEEKDAYS = "sun mon tue wed thu fri sat".split(" ");
const FIELDS: readonly FieldRange[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: WEEKDAYS },
];

const DESCRIPTORS: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

/**
 * Reads an expression: five fields, six with leading seconds, a descriptor, `@every 5m` or `5m`, each
 * but the last with a zone in front (`TZ=Europe/Berlin …`) if wanted, server-local time otherwise.
 *
 * @param random A number in [0, 1); random fields (`0~59`) are drawn with it, once.
 * @throws {RangeError} with what is wrong.
 */
export function parseCron(expression: string, random: () => number = Math.random): Recurrence {
  if (expression.length > MAX_LENGTH) {
    throw new RangeError(`expression exceeds maximum length of ${MAX_LENGTH}`);
  }
  const duration = parseDuration(expression);
  if (duration !== undefined) return every(duration);
  const { zone, rest } = splitZone(expression);
  if (rest === "") throw new RangeError("empty spec string");
  if (rest.startsWith("@every ")) {
    const text = rest.slice("@every ".length);
    const interval = parseDuration(text.trim());
    if (interval === undefined) {
      throw new RangeError(`failed to parse duration ${rest}: invalid duration "${text}"`);
    }
    return every(interval);
  }
  const spec = rest.startsWith("@") ? DESCRIPTORS.get(rest) : rest;
  if (spec === undefined) throw new RangeError(`unrecognized descriptor: ${rest}`);
  const given = spec.split(/\s+/);
  if (given.length !== 5 && given.length !== 6) {
    throw new RangeError(`expected 5 to 6 fields, found ${given.length}: [${given.join(" ")}]`);
  }
  const fields = given.length === 5 ? ["0", ...given] : given;
  const values = FIELDS.map((range, index) => readField(fields[index] ?? "", range, random));
  const cron = new Cron(
    values.map((list) => list === "*" ? "*" : list.join(",")).join(" "),
    { mode: "6-part", ...(zone !== undefined && { timezone: zone }) },
  );
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
}

/** Whole seconds, at least one, from one full second to another. */
function every(intervalMs: number): Recurrence {
  const step = Math.max(1000, Math.floor(intervalMs / 1000) * 1000);
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + step };
}

function splitZone(expression: string): { zone?: string; rest: string } {
  const [, name, rest] = /^(?:CRON_)?TZ=(\S*)(.*)$/s.exec(expression.trim()) ?? [];
  if (name === undefined || rest === undefined) return { rest: expression.trim() };
  if (name === "Local") return { rest: rest.trim() };
  const zone = name === "" ? "UTC" : name;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    throw new RangeError(`provided bad location ${name}: unknown time zone ${name}`);
  }
  return { zone, rest: rest.trim() };
}

/** The values of a field in order, or `*` where it restricts nothing. */
type Values = readonly number[] | "*";

function readField(text: string, range: FieldRange, random: () => number): Values {
  if (text.includes("~")) return [readRandom(text, range, random)];
  const values = new Set<number>();
  let star = false;
  // An empty part is passed over, as upstream.
  for (const part of text.split(",").filter((part) => part !== "")) {
    const { from, to, step } = readRange(part, range);
    star ||= /^[*?](\/1)?$/.test(part);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  if (values.size === 0) throw new RangeError(`failed to parse int from "${text}"`);
  return star ? "*" : [...values].sort((a, b) => a - b);
}

function readRange(part: string, range: FieldRange): { from: number; to: number; step: number } {
  const [bounds = "", stepText, ...moreSteps] = part.split("/");
  if (moreSteps.length > 0) throw new RangeError(`too many slashes: ${part}`);
  const [first = "", last, ...moreBounds] = bounds.split("-");
  if (moreBounds.length > 0) throw new RangeError(`too many hyphens: ${part}`);
  const all = first === "*" || first === "?";
  const from = all ? range.min : readValue(first, range);
  let to = all ? range.max : from;
  if (!all && last !== undefined) to = readValue(last, range);
  // `5/15` means from 5 on.
  else if (stepText !== undefined) to = range.max;
  const step = stepText === undefined ? 1 : readNumber(stepText);
  if (step === 0) throw new RangeError(`step of range should be a positive number: ${part}`);
  checkBounds(from, to, range, part);
  return { from, to, step };
}

function readRandom(text: string, range: FieldRange, random: () => number): number {
  const [first = "", last = "", ...more] = text.split("~");
  if (more.length > 0) throw new RangeError(`too many tildes: ${text}`);
  const from = first === "" ? range.min : readValue(first, range);
  const to = last === "" ? range.max : readValue(last, range);
  checkBounds(from, to, range, text);
  return from + Math.floor(random() * (to - from + 1));
}

function checkBounds(from: number, to: number, { min, max }: FieldRange, text: string): void {
  if (from < min) {
    throw new RangeError(`beginning of range (${from}) below minimum (${min}): ${text}`);
  }
  if (to > max) throw new RangeError(`end of range (${to}) above maximum (${max}): ${text}`);
  if (from > to) {
    throw new RangeError(`beginning of range (${from}) beyond end of range (${to}): ${text}`);
  }
}

function readValue(text: string, { min, names }: FieldRange): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  return named === -1 ? readNumber(text) : named + min;
}

function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`failed to parse int from ${text}`);
  return Number(text);
}
