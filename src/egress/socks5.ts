/**
 * Frames of SOCKS5 (RFC 1928) with user name and password (RFC 1929): bytes in, values out.
 *
 * @module
 */

import { isIPv6 } from "node:net";

/** A frame that was read, one that needs more bytes, or one that is none. */
export type Frame<T> =
  | { readonly state: "read"; readonly value: T; readonly used: number }
  | { readonly state: "short" }
  | { readonly state: "malformed"; readonly why: string };

/** What a client asks the proxy to do. */
export interface SocksRequest {
  /** 1 is CONNECT. */
  readonly command: number;
  /** A domain name as sent, or the text of an address. */
  readonly host: string;
  /** Whether the client sent a name. */
  readonly isName: boolean;
  readonly port: number;
}

/** Methods of RFC 1928 3. */
export const METHOD_PASSWORD = 2;
/** No method of the client's is acceptable. */
export const METHOD_NONE = 0xff;
/** The command that opens a connection. */
export const COMMAND_CONNECT = 1;

/** Replies of RFC 1928 6. */
export const REPLY = {
  succeeded: 0,
  failure: 1,
  notAllowed: 2,
  hostUnreachable: 4,
  refused: 5,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const;

const SHORT = { state: "short" } as const;
const malformed = (why: string) => ({ state: "malformed", why }) as const;
/** Letters, digits, hyphen, underscore and dots: what a URL's host can hold after IDNA. */
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i;

/** Reads the greeting: the methods a client offers. */
export function readGreeting(bytes: Uint8Array): Frame<readonly number[]> {
  if (bytes.length > 0 && bytes[0] !== 5) return malformed("version is not 5");
  const count = bytes[1];
  if (count === undefined || bytes.length < 2 + count) return SHORT;
  return { state: "read", value: [...bytes.subarray(2, 2 + count)], used: 2 + count };
}

/** Reads user name and password (RFC 1929 2), as raw bytes. */
export function readCredentials(
  bytes: Uint8Array,
): Frame<{ readonly username: Uint8Array; readonly password: Uint8Array }> {
  if (bytes.length > 0 && bytes[0] !== 1) return malformed("credentials version is not 1");
  const nameLength = bytes[1];
  if (nameLength === undefined) return SHORT;
  const passwordLength = bytes[2 + nameLength];
  if (passwordLength === undefined) return SHORT;
  const used = 3 + nameLength + passwordLength;
  if (bytes.length < used) return SHORT;
  const username = bytes.slice(2, 2 + nameLength);
  return { state: "read", value: { username, password: bytes.slice(3 + nameLength, used) }, used };
}

/** Reads a request (RFC 1928 4). */
export function readRequest(bytes: Uint8Array): Frame<SocksRequest> {
  if (bytes.length > 0 && bytes[0] !== 5) return malformed("version is not 5");
  if (bytes.length > 2 && bytes[2] !== 0) return malformed("reserved byte is not 0");
  const command = bytes[1];
  const type = bytes[3];
  const first = bytes[4];
  if (type !== undefined && type !== 1 && type !== 3 && type !== 4) {
    return malformed("address type is unknown");
  }
  if (command === undefined || type === undefined || first === undefined) return SHORT;
  const start = type === 3 ? 5 : 4;
  const end = start + (type === 1 ? 4 : type === 4 ? 16 : first);
  if (bytes.length < end + 2) return SHORT;
  const port = (bytes[end] ?? 0) * 256 + (bytes[end + 1] ?? 0);
  if (port === 0) return malformed("port is 0");
  const raw = bytes.subarray(start, end);
  const isName = type === 3;
  const host = isName ? String.fromCharCode(...raw) : addressText(raw);
  if (isName && (!NAME.test(host) || host.length > 254) && !isIpv6Shaped(host)) {
    return malformed("name is not a host name");
  }
  return { state: "read", value: { command, host, isName, port }, used: end + 2 };
}

/** Some clients send an IPv6 literal as a name. */
function isIpv6Shaped(host: string): boolean {
  return !host.includes("%") && isIPv6(host.replace(/^\[(.*)\]$/, "$1"));
}

function addressText(raw: Uint8Array): string {
  if (raw.length === 4) return raw.join(".");
  const view = new DataView(raw.buffer, raw.byteOffset, 16);
  return [0, 2, 4, 6, 8, 10, 12, 14].map((at) => view.getUint16(at).toString(16)).join(":");
}

/** A reply to a request; the bound address is not told. */
export function writeReply(code: number): Uint8Array {
  return new Uint8Array([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}
