/**
 * What the gate takes and gives: requests, responses, sockets, limits.
 *
 * @module
 */

/** One header: name and value. Values hold one character per byte (ISO 8859-1), as in HTTP. */
export type Header = readonly [name: string, value: string];

/** One HTTP request of a plugin. */
export interface GateRequest {
  /** `http` or `https`. Credentials in it become basic authentication. */
  readonly url: string;
  /** Any case; sent in upper case. */
  readonly method: string;
  /**
   * Host, Content-Length, Accept-Encoding, hop-by-hop, `Proxy-*` and `Sec-*` headers are dropped: the
   * gate sets its own. Values with CR, LF or NUL refuse the request.
   */
  readonly headers: readonly Header[];
  /** Dropped for GET and HEAD, which `fetch` sends without one. */
  readonly body?: Uint8Array;
  readonly followRedirects: boolean;
  /** Redirects that are followed before the request fails; at most 20, by default 5. */
  readonly maxRedirects?: number;
  /** From the call to the last byte of the body; below 1 is over at once. */
  readonly timeoutMs: number;
  /** Cap on the decompressed body. */
  readonly maxBodyBytes: number;
  /** What a larger body does: refuse the response, or be cut at the cap. */
  readonly overflow: "error" | "cut";
  /** What a redirect beyond `maxRedirects` does: fail (default), or be the response itself. */
  readonly surplusRedirect?: "error" | "response";
  /** What a redirect that may not be followed does: fail (default), or be the response itself. */
  readonly refusedRedirect?: "error" | "response";
}

/** The answer to a {@link GateRequest}. */
export interface GateResponse {
  readonly status: number;
  /** Of the last hop, without credentials and fragment. */
  readonly url: string;
  /**
   * Names in lower case. `set-cookie` is repeated; `fetch` joins other repeated headers with `, `.
   * Content-Encoding and Content-Length are gone where the body was decompressed.
   */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** Redirects that were followed. */
  readonly hops: number;
}

/** A WebSocket to open. */
export interface GateConnect {
  /** `ws` or `wss`, without credentials. */
  readonly url: string;
  /** Host is dropped; the handshake's own headers are refused. */
  readonly headers: readonly Header[];
  /** For the handshake. */
  readonly timeoutMs: number;
}

/**
 * What a socket's owner is told, one call at a time: the next starts after the promise of the one
 * before has settled. What a handler throws is ignored.
 */
export interface SocketHandlers {
  onMessage(kind: "text" | "binary", data: string | Uint8Array): Promise<void> | void;
  /** The last call, exactly once for an opened socket. 1005: no code was sent. 1006: no close frame. */
  onClose(code: number, reason: string, clean: boolean): Promise<void> | void;
  /** A loss, a protocol fault, an overflow; {@link SocketHandlers.onClose} follows. */
  onError(text: string): Promise<void> | void;
}

/** An open WebSocket. */
export interface GateSocket {
  readonly id: number;
  /** Settles when the message has been handed to the network. */
  sendText(text: string): Promise<void>;
  /** Settles when the message has been handed to the network. */
  sendBinary(data: Uint8Array): Promise<void>;
  /**
   * Sends a close frame; no message is delivered after it, and `onClose` gets this code and reason.
   *
   * A reason is cut to 123 bytes of UTF-8. 1000 and 3000–4999 go out as they are, 1005 as a frame
   * without code; the standard `WebSocket` can send no other, so 1001 goes out as 1000 and
   * 1002–1014 as 4002–4014. Throws `egress.close_refused` for any other code.
   */
  close(code: number, reason: string): void;
}

/** Ceilings of one gate. */
export interface GateLimits {
  /** HTTP requests under way. */
  readonly requests: number;
  /** WebSockets, until the far end has let go of them. */
  readonly sockets: number;
  /** Requests and handshakes started in a minute. */
  readonly requestsPerMinute: number;
  /** Request bodies and socket messages on their way out. */
  readonly queuedBytes: number;
  /** Response bodies being read at once. */
  readonly responseBytes: number;
  /** Bytes of all request headers. */
  readonly requestHeaderBytes: number;
  /** One WebSocket message, either way. */
  readonly messageBytes: number;
  /** WebSocket messages that wait for their handler, per socket. */
  readonly waitingMessages: number;
  /** Bytes of the same. */
  readonly waitingBytes: number;
  /** The longest time a request may ask for. */
  readonly timeoutMs: number;
  /** How long a worker with nothing to do is kept. */
  readonly idleMs: number;
}

/** The limits where nothing else is said. */
export const DEFAULT_GATE_LIMITS: GateLimits = {
  requests: 32,
  sockets: 16,
  requestsPerMinute: 1_200,
  queuedBytes: 16 * 1024 * 1024,
  responseBytes: 64 * 1024 * 1024,
  requestHeaderBytes: 64 * 1024,
  messageBytes: 1024 * 1024,
  waitingMessages: 256,
  waitingBytes: 4 * 1024 * 1024,
  timeoutMs: 120_000,
  idleMs: 60_000,
};
