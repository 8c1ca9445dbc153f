import { randomBytes } from "node:crypto";
import { SoundproofError } from "../errors.ts";

/** 256 bits in base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads the API token of a data folder; makes one (256 random bits, base64url, mode 0600) where there is none.
 *
 * @throws {SoundproofError} `api.token_exposed` if others can read the file; `api.token_invalid` if it holds none
 */
export function openToken(path: string): string {
  try {
    const token = randomBytes(32).toString("base64url");
    Deno.writeTextFileSync(path, `${token}\n`, { createNew: true, mode: 0o600 });
    return token;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const mode = (Deno.statSync(path).mode ?? 0) & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new SoundproofError(
      "api.token_exposed",
      `Cannot use token file "${path}": its mode is ${mode.toString(8)}, want 600; ` +
        "delete the file for a new token, since others may have read this one",
    );
  }
  const token = Deno.readTextFileSync(path).trim();
  if (!TOKEN.test(token)) {
    throw new SoundproofError(
      "api.token_invalid",
      `Cannot use token file "${path}": want 43 characters of base64url; delete the file for a new token`,
    );
  }
  return token;
}
