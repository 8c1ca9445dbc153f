/**
 * JSON text into a value, for documents an enemy may have written: bounded in size, depth and
 * number of values, and refused where two readers could disagree on what it says.
 *
 * @module
 */

import { errorText, type Problem } from "../errors.ts";
import { childPath, shown } from "./problem.ts";
import type { Json } from "./types.ts";

/** Largest document in bytes of UTF-8; a real manifest of 87 kB is known. */
export const MAX_TEXT_BYTES = 1_048_576;

/** Deepest nesting. Upstream's decoder stops at 10,000; ours is for safety, as readers recurse. */
export const MAX_DEPTH = 64;

/** Most values, keys not counted; bounds what validating can cost. For safety. */
export const MAX_VALUES = 50_000;

/** A document, or why it is none. */
export type JsonReading =
  | { readonly value: Json; readonly problems: readonly [] }
  | { readonly value?: undefined; readonly problems: readonly Problem[] };

/** Reads a JSON text; every problem found is in the answer, nothing is thrown. */
export function readJsonText(text: string): JsonReading {
  const bytes = text.length > MAX_TEXT_BYTES ? text.length : new TextEncoder().encode(text).length;
  if (bytes > MAX_TEXT_BYTES) {
    return refused(`${bytes} bytes or more`, `at most ${MAX_TEXT_BYTES} bytes`);
  }
  if (text.startsWith("\uFEFF")) return refused("a byte order mark", "JSON without one");
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    // V8 quotes the text around the fault, which in settings may be a secret.
    const cause = errorText(thrown).replace(/, (\.\.\.)?".*" is not valid JSON$/s, "");
    return refused(shown(cause), "valid JSON (parsing manifest JSON)");
  }
  const problems = scan(text);
  return problems.length > 0 ? { problems } : { value, problems: [] };
}

function refused(found: string, wanted: string): JsonReading {
  return { problems: [{ path: "$", found, wanted }] };
}

/** One open array (`keys` absent) or object. */
interface Frame {
  readonly keys?: Set<string>;
  at: string | number;
  expectsKey: boolean;
}

/** Walks a text known to be valid JSON, and so looks at strings and brackets only. */
function scan(text: string): Problem[] {
  const problems: Problem[] = [];
  const frames: Frame[] = [];
  const path = () => frames.reduce((above, frame) => childPath(above, frame.at), "$");
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const top = frames.at(-1);
    switch (text[at]) {
      case "{":
        frames.push({ keys: new Set(), at: "", expectsKey: true });
        values++;
        break;
      case "[":
        frames.push({ at: 0, expectsKey: false });
        values++;
        break;
      case "}":
      case "]":
        frames.pop();
        break;
      case ",":
        values++;
        if (top?.keys) top.expectsKey = true;
        else if (typeof top?.at === "number") top.at++;
        break;
      case '"': {
        const end = stringEnd(text, at);
        const string = stringValue(text.slice(at, end + 1));
        at = end;
        // `JSON.parse` takes the last of two, other readers the first: then what an
        // administrator was shown and what holds could differ.
        if (top?.keys && top.expectsKey) {
          top.at = string;
          top.expectsKey = false;
          if (top.keys.has(string)) {
            problems.push({ path: path(), found: "the key again", wanted: "each key once" });
          }
          top.keys.add(string);
        }
        // Go reads a lone surrogate as U+FFFD, JavaScript keeps it: again two readings.
        if (!string.isWellFormed()) {
          problems.push({ path: path(), found: "a lone surrogate", wanted: "valid UTF-16" });
        }
      }
    }
    if (frames.length > MAX_DEPTH || values > MAX_VALUES) {
      const tooDeep = frames.length > MAX_DEPTH;
      problems.push({
        path: tooDeep ? "$" : path(),
        found: tooDeep ? "deeper nesting" : "more values",
        wanted: tooDeep ? `at most ${MAX_DEPTH} levels` : `at most ${MAX_VALUES} values`,
      });
      return problems;
    }
  }
  return problems;
}

function stringEnd(text: string, start: number): number {
  let end = start + 1;
  while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return end;
}

function stringValue(quoted: string): string {
  return quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}
