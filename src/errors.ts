/**
 * The one error type of Soundproof, and the list of its codes.
 *
 * Texts follow one rule: *Cannot do what: state*, upper case first, no full stop, values in quotes.
 * The README's table of codes is checked against {@link ERROR_CODES} by a test.
 *
 * @module
 */

/** Every code an error of Soundproof can carry, with what it means. */
export const ERROR_CODES = {
  "egress.address_refused": "The gateway refused the address a name resolves to, or the host",
  "egress.body_too_large": "A response body is larger than its limit once decompressed",
  "egress.busy": "A plugin has too many requests, sockets or bytes under way",
  "egress.byte_limit": "A plugin has sent or received as many bytes as it may in an hour",
  "egress.cancelled": "The caller gave up, or the plugin was unloaded",
  "egress.close_refused": "A WebSocket close code or reason that cannot be sent",
  "egress.connect_failed": "No address of a host could be connected to",
  "egress.connection_limit": "A plugin has as many connections open as it may",
  "egress.credentials": "A client of the gateway showed no credentials, or wrong ones",
  "egress.handshake_timeout": "A client of the gateway, or the host it asked for, was too slow",
  "egress.header_refused": "A request header that may not be sent",
  "egress.host_not_allowed": "No rule of the plugin covers a host and port",
  "egress.malformed": "A client of the gateway sent what is no SOCKS5 CONNECT request",
  "egress.message_too_large": "A WebSocket message is larger than its limit",
  "egress.method_not_allowed": "The rule that covers a URL does not allow the method",
  "egress.own_address": "A plugin asked for an address the host itself listens on",
  "egress.rate_limit": "A plugin asked for more requests or connections in a minute than it may",
  "egress.redirect_refused": "A redirect leads where the plugin may not go",
  "egress.resolution_failed": "A host name has no address, or none was found in time",
  "egress.response_headers_too_large": "A response has too many or too large headers",
  "egress.scheme_not_allowed": "A URL is not of http, https, ws or wss",
  "egress.socket_closed": "The WebSocket is closed",
  "egress.timeout": "No full answer within the time limit",
  "egress.too_many_redirects": "A chain of redirects is longer than its limit",
  "egress.transport": "A connection, TLS or protocol fault",
  "egress.url_not_allowed": "No rule of the plugin covers a URL",
  "manifest.invalid": "A manifest is not valid; `problems` lists each fault with its JSON path",
} as const;

/** A stable, dotted name of what went wrong; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** One fault in a document, where it is, what stands there and what is wanted. */
export interface Problem {
  /** JSON path of the fault, `$` at the root, such as `$.permissions.http.requiredHosts[0]`. */
  readonly path: string;
  /** What was found there, shortened. */
  readonly found: string;
  /** What is wanted there. */
  readonly wanted: string;
}

/** Options of {@link SoundproofError}. */
export interface SoundproofErrorOptions extends ErrorOptions {
  /** The single faults, where the error is about a document. */
  readonly problems?: readonly Problem[];
}

/** A refusal or fault with a stable code, for programs, and a sentence, for people. */
export class SoundproofError extends Error {
  override readonly name = "SoundproofError";
  /** What kind of refusal or fault this is. */
  readonly code: ErrorCode;
  /** The single faults of a document; empty for other errors. */
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: SoundproofErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.problems = options.problems ?? [];
  }
}

/** The text of anything that was thrown, an error or not. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
