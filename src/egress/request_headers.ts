/**
 * Which headers of a guest go out with a request or a WebSocket handshake.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import type { Header } from "./gate_types.ts";

/** A token of RFC 9110, section 5.6.2: what a header name or a method is made of. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One byte per character, without CR, LF and NUL. */
// deno-lint-ignore no-control-regex
const VALUE = /^[\t\x01-\x09\x0b\x0c\x0e-\xff]*$/;

/** Hop-by-hop (RFC 9110, 7.6.1) or set by the gate itself; upstream ignores Host and Content-Length. */
const DROPPED = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers of the handshake itself (RFC 6455, 4.1); upstream refuses each by name. */
const HANDSHAKE = new Map([
  ["connection", "Connection"],
  ["sec-websocket-extensions", "Sec-WebSocket-Extensions"],
  ["sec-websocket-key", "Sec-WebSocket-Key"],
  ["sec-websocket-version", "Sec-WebSocket-Version"],
  ["upgrade", "Upgrade"],
]);

/** Credentials that do not cross to another origin (as upstream's list), never to come back. */
const CREDENTIALS = new Set([
  "authorization",
  "cookie",
  "cookie2",
  "host",
  "proxy-authenticate",
  "proxy-authorization",
  "www-authenticate",
]);

/** Headers that describe a body, dropped with it (Fetch standard, request-body-header name). */
const OF_THE_BODY = new Set([
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
]);

function checked(headers: readonly Header[], maxBytes: number): [string, string][] {
  let bytes = 0;
  return headers.map(([name, value]) => {
    bytes += name.length + value.length + 4;
    if (!TOKEN.test(name)) {
      throw refused("the name of a header holds characters that are not allowed");
    }
    if (!VALUE.test(value)) {
      throw refused(`the value of "${name}" holds a line break, NUL or a character above U+00FF`);
    }
    if (bytes > maxBytes) throw refused(`headers are larger than ${maxBytes} bytes`);
    return [name.toLowerCase(), value];
  });
}

function refused(state: string): SoundproofError {
  return new SoundproofError("egress.header_refused", `Cannot send request: ${state}`);
}

/**
 * The headers of an HTTP request that go out: checked, in lower case, without those the gate sets.
 *
 * Throws `egress.header_refused` for a name that is no token, for CR, LF, NUL or characters above
 * U+00FF in a value, and for more than `maxBytes` in all.
 */
export function requestHeaders(headers: readonly Header[], maxBytes: number): [string, string][] {
  return checked(headers, maxBytes).filter(([name]) =>
    !DROPPED.has(name) && !name.startsWith("proxy-") && !name.startsWith("sec-")
  );
}

/** What a handshake is opened with. */
export interface HandshakeHeaders {
  readonly headers: [string, string][];
  /** From `Sec-WebSocket-Protocol`, which `new WebSocket` takes apart from the headers. */
  readonly protocols: string[];
}

/**
 * The headers of a WebSocket handshake that go out.
 *
 * Throws `egress.header_refused`: `websocket: duplicate header not allowed: <Name>` (upstream's
 * text) for the handshake's own headers, and as {@link requestHeaders} does.
 */
export function handshakeHeaders(headers: readonly Header[], maxBytes: number): HandshakeHeaders {
  const all = checked(headers, maxBytes);
  for (const [name] of all) {
    const own = HANDSHAKE.get(name);
    if (own === undefined) continue;
    const text = `websocket: duplicate header not allowed: ${own}`;
    throw new SoundproofError("egress.header_refused", text);
  }
  const protocols = all.filter(([name]) => name === "sec-websocket-protocol")
    .flatMap(([, value]) =>
      value.split(",").map((item) => item.trim()).filter((item) => item !== "")
    );
  if (protocols.some((item) => !TOKEN.test(item)) || new Set(protocols).size < protocols.length) {
    throw refused('"Sec-WebSocket-Protocol" is not a list of different tokens');
  }
  return { headers: requestHeaders(headers, maxBytes), protocols };
}

/** The headers without credentials, for another origin. */
export function withoutCredentials(headers: readonly [string, string][]): [string, string][] {
  return headers.filter(([name]) => !CREDENTIALS.has(name));
}

/** The headers of a request that lost its body. */
export function withoutBodyHeaders(headers: readonly [string, string][]): [string, string][] {
  return headers.filter(([name]) => !OF_THE_BODY.has(name));
}
