/**
 * Durations as Go writes them: `1h30m`, `1.5s`, `300ms`.
 *
 * @module
 */

const UNIT_MS: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  "\u00B5s": 1e-3,
  "\u03BCs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00B5s|\u03BCs|ms|s|m|h)/g;
/** The longest duration that Go can hold: 2^63 nanoseconds. */
const MAX_MS = 2 ** 63 / 1e6;

/** Milliseconds of a duration, `undefined` for a text that is none. */
export function parseDuration(text: string): number | undefined {
  const [, sign, rest = ""] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  if (rest === "" || rest.replace(PART, "") !== "") return undefined;
  let ms = 0;
  for (const [, number, unit = ""] of rest.matchAll(PART)) {
    ms += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  if (ms > MAX_MS) return undefined;
  return sign === "-" ? -ms : ms;
}
