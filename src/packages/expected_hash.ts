import { timingSafeEqual } from "node:crypto";
import { SoundproofError } from "../errors.ts";

/**
 * Checks that bytes have the hash they must have, in a time that does not depend on where the two differ.
 *
 * @param what Where the bytes come from, for the error's text.
 * @param actual SHA-256 of the bytes, in hex.
 * @param wanted SHA-256 they must have, in hex.
 * @throws {SoundproofError} `package.hash_mismatch`, also where `wanted` is no SHA-256.
 */
export function checkHash(what: string, actual: string, wanted: string): void {
  if (timingSafeEqual(hashBytes(actual), hashBytes(wanted))) return;
  const text = `Cannot use "${what}": its SHA-256 is ${actual}, want ${wanted}`;
  throw new SoundproofError("package.hash_mismatch", text);
}

/** @throws {SoundproofError} `package.hash_mismatch` for what no bytes can have. */
export function hashBytes(hex: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(hex)) return Uint8Array.fromHex(hex);
  const text = `Cannot use "${hex.slice(0, 100)}" as a SHA-256: it is not 64 hexadecimal digits`;
  throw new SoundproofError("package.hash_mismatch", text);
}
