/**
 * Small facts about bytes and identifiers that several services need.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { ServiceError } from "./ports.ts";

/** Orders strings by their UTF-8 bytes, which is by code point, not by UTF-16 unit. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** How many bytes a string has in UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** The longest identifier a guest can give to a schedule or a connection, in bytes. Ours: upstream has no bound. */
const MAX_ID_BYTES = 1024;

/** @throws {ServiceError} for an identifier of a `kind` of thing that is too long. */
export function checkId(kind: string, id: string): void {
  if (byteLength(id) > MAX_ID_BYTES) {
    throw new ServiceError(`${kind} ID exceeds maximum length of ${MAX_ID_BYTES} bytes`);
  }
}

const BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** 128 random bits in base62, padded to 22 characters; `extism-abi.md` 2.1. */
export function randomId(): string {
  const words = crypto.getRandomValues(new BigUint64Array(2));
  let rest = words.reduce((all, word) => (all << 64n) | word, 0n);
  let id = "";
  while (id.length < 22) {
    id = BASE62.charAt(Number(rest % 62n)) + id;
    rest /= 62n;
  }
  return id;
}
