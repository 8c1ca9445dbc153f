/**
 * Texts that nobody promised to be UTF-8 (`protobuf-abi.md`, 1.9), as strings and back without loss.
 *
 * A byte that is no part of valid UTF-8 becomes the lone surrogate U+DC00 + byte, which no valid UTF-8 holds,
 * and that surrogate becomes the byte again (PEP 383 does the same). So such texts live in the host's strings,
 * as keys, ids and payloads, and come back to their guest as they were. {@link shownText} is what people and
 * JSON see of them.
 *
 * @module
 */

import type { Entry } from "./messages/entry_pb.ts";

const ESCAPE = 0xdc00;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const EMPTY = new Uint8Array();

/** A string that {@link bytesOf} turns back into the same bytes, whatever they are. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escapedText(bytes);
  }
}

/** The bytes of a string. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return text.isWellFormed() ? encoder.encode(text) : unescapedBytes(text);
}

/** The text with U+FFFD for what is no UTF-8. */
export function shownText(bytes: Uint8Array): string {
  return textOf(bytes).toWellFormed();
}

/** The entries of a map; of those with one key, the last counts. */
export function mapOf(entries: readonly Entry[]): Map<string, string> {
  return new Map(entries.map(({ key, value }) => [textOf(key ?? EMPTY), textOf(value ?? EMPTY)]));
}

/** The entries of a map, both fields of each written. */
export function entriesOf(
  map: ReadonlyMap<string, string>,
): { key: Uint8Array; value: Uint8Array }[] {
  return [...map].map(([key, value]) => ({ key: bytesOf(key), value: bytesOf(value) }));
}

function escapedText(bytes: Uint8Array): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(
      strict.decode(bytes.subarray(from, at)),
      String.fromCharCode(ESCAPE + (bytes[at] ?? 0)),
    );
    from = ++at;
  }
  parts.push(strict.decode(bytes.subarray(from)));
  return parts.join("");
}

/** How many bytes from `at` on are one character of UTF-8 (RFC 3629, section 4); 0 where none is. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    const low = i > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = i > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

function unescapedBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) bytes[length++] = code - ESCAPE;
    else length += encoder.encodeInto(character, bytes.subarray(length)).written;
  }
  return bytes.slice(0, length);
}
