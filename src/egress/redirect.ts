/**
 * Redirects, one hop at a time: what the next request is, or why there is none.
 *
 * @module
 */

import { withoutBodyHeaders, withoutCredentials } from "./request_headers.ts";

/** One request of a chain. */
export interface Hop {
  /** Without credentials and fragment. */
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: [string, string][];
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Whether a response of this status points somewhere else (Fetch standard, redirect status). */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * The request that follows a redirect, or a sentence on why it is refused.
 *
 * Method and body as in the Fetch standard (HTTP-redirect fetch, steps 12 and 13): 301 and 302 turn POST into GET, 303 all
 * but GET and HEAD, 307 and 308 keep both. Credentials do not cross to another origin, and those in
 * the Location are removed. Refused: an empty Location, one that is no URL, any scheme but http
 * and https, and the way from https to http.
 *
 * @param location The header's value, one character per byte; read as UTF-8 where it is that.
 */
export function nextHop(hop: Hop, status: number, location: string): Hop | string {
  if (location === "") return "its Location is empty";
  const url = URL.parse(fromBytes(location), hop.url);
  if (url === null) return "its Location is not a URL";
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return `its Location has the scheme "${url.protocol.slice(0, -1)}"`;
  }
  if (hop.url.protocol === "https:" && url.protocol === "http:") {
    return "its Location leads from https to http";
  }
  url.username = "";
  url.password = "";
  url.hash = "";
  const dropsBody = status === 303
    ? hop.method !== "GET" && hop.method !== "HEAD"
    : (status === 301 || status === 302) && hop.method === "POST";
  const kept = url.origin === hop.url.origin ? hop.headers : withoutCredentials(hop.headers);
  return dropsBody
    ? { url, method: "GET", headers: withoutBodyHeaders(kept), body: undefined }
    : { url, method: hop.method, headers: kept, body: hop.body };
}

function fromBytes(text: string): string {
  try {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return text;
  }
}
