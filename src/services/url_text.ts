/**
 * URLs as guests write them, before the egress room judges what they mean.
 *
 * @module
 */

import { ServiceError } from "./ports.ts";

/** The longest URL that is looked at. */
const MAX_URL_LENGTH = 65_536;

/** A URL that can be parsed, and the parts of its text that error texts quote. */
export interface WrittenUrl {
  readonly text: string;
  /** Lower case; empty where there is none. */
  readonly scheme: string;
  /** Host and port as they were written. */
  readonly host: string;
  /** Whether it carries a user name or password. */
  readonly hasCredentials: boolean;
}

/**
 * Reads a URL with one of these schemes.
 *
 * @param wrongScheme The error text for another scheme.
 * @throws {ServiceError} `invalid URL: …` or the text for a wrong scheme.
 */
export function readUrl(
  text: string,
  schemes: readonly string[],
  wrongScheme: (scheme: string) => string,
): WrittenUrl {
  const invalid = (cause: string): ServiceError =>
    new ServiceError(`invalid URL: parse ${JSON.stringify(text.slice(0, 256))}: ${cause}`);
  if (text.length > MAX_URL_LENGTH) throw invalid(`longer than ${MAX_URL_LENGTH} characters`);
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) throw invalid("net/url: invalid control character in URL");
  if (text.startsWith(":")) throw invalid("missing protocol scheme");
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? "";
  if (!schemes.includes(scheme)) throw new ServiceError(wrongScheme(scheme));
  const url = URL.parse(text);
  if (url === null) throw invalid("invalid URL");
  const [, credentials, host = ""] = /^[^:]*:[\\/]*(?:([^\\/?#]*)@)?([^\\/?#]*)/.exec(text) ?? [];
  return { text, scheme, host, hasCredentials: credentials !== undefined };
}
