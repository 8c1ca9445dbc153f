/**
 * JSON texts from and for guests: a request decoded by a shape, an answer encoded by one.
 *
 * Requests come from an enemy: size, depth and number of values are bounded, and nothing but
 * {@link JsonError} is thrown for them.
 *
 * @module
 */

import {
  type Decoded,
  type Encodable,
  JsonError,
  NumberText,
  readShape,
  type Shape,
  writeShape,
} from "./shape.ts";

/** The largest request that is read, in bytes: a body of 10 MiB in base64, and room for the rest. */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
/** How deep a request may nest. No shape needs more than 5; unknown fields may. */
export const MAX_DEPTH = 64;
/** How many objects and arrays a request may hold in all: each costs the host far more than its two bytes. */
export const MAX_CONTAINERS = 100_000;

// The third argument of a reviver is in V8, and not yet in TypeScript's library.
const parse: (
  text: string,
  reviver?: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown = JSON.parse;

function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  return Number.isSafeInteger(value) && /^-?\d+$/.test(context.source)
    ? value
    : new NumberText(context.source);
}

function checkNesting(text: string): void {
  let depth = 0;
  let containers = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) throw new JsonError(`exceeded max depth of ${MAX_DEPTH}`);
      if (++containers > MAX_CONTAINERS) {
        throw new JsonError(`exceeded maximum of ${MAX_CONTAINERS} objects and arrays`);
      }
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}

/** Whether there are so many openers that the exact look at nesting is needed. */
function mayNestTooDeep(text: string): boolean {
  let count = 0;
  for (const opener of "{[") {
    for (let at = text.indexOf(opener); at !== -1; at = text.indexOf(opener, at + 1)) {
      if (++count > MAX_DEPTH) return true;
    }
  }
  return false;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Decodes a request.
 *
 * @throws {JsonError} for anything that is not JSON of this shape, or is beyond the bounds.
 */
export function decode<S extends Shape>(shape: S, request: Uint8Array): Decoded<S> {
  if (request.length > MAX_REQUEST_BYTES) {
    throw new JsonError(
      `request size ${request.length} exceeds maximum of ${MAX_REQUEST_BYTES} bytes`,
    );
  }
  const text = utf8.decode(request);
  if (text.trim() === "") throw new JsonError("unexpected end of JSON input");
  if (mayNestTooDeep(text)) checkNesting(text);
  let value: unknown;
  try {
    // A double holds every number but those with 16 digits and more, and forgets how 1.0 and 1e3 were written.
    value = /\d{16}|\d[.eE]/.test(text) ? parse(text, keepNumber) : parse(text);
  } catch (error) {
    throw new JsonError(syntaxText(error, text));
  }
  return value === null ? readShape(shape, {}, "") : readShape(shape, value, "");
}

function syntaxText(error: unknown, document: string): string {
  const text = error instanceof Error ? error.message : String(error);
  // V8 quotes the document: a guest's text has no place in an error that may be logged.
  const [where = "", position] = / at position (\d+)/.exec(text) ?? [];
  const isAtEnd = /end of JSON input|Unterminated/.test(text) ||
    Number(position) >= document.length;
  return isAtEnd ? "unexpected end of JSON input" : `invalid JSON${where}`;
}

/** Encodes a successful answer: `{}` when there is nothing to say. */
export function encode<S extends Shape>(shape: S, answer: Encodable<S>): Uint8Array {
  return encoder.encode(writeShape(shape, answer));
}

/** Encodes a failed answer, `{"error": text}`. An empty text would read as success, so there is none. */
export function encodeError(text: string): Uint8Array {
  return encoder.encode(JSON.stringify({ error: text === "" ? "unknown error" : text }));
}
