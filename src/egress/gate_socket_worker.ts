/**
 * A WebSocket inside the gate's worker: one message at a time to the host, a bounded queue behind it.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import { closeArguments } from "./close_code.ts";
import { faultOf } from "./fault.ts";
import type { FromWorker } from "./gate_protocol.ts";
import type { GateConnect, GateLimits } from "./gate_types.ts";
import type { Decide } from "./http_exchange.ts";
import { handshakeHeaders } from "./request_headers.ts";
import { urlText } from "./url_text.ts";

/** What a socket works with. */
export interface SocketTools {
  readonly decide: Decide;
  readonly client: Deno.HttpClient;
  readonly limits: GateLimits;
  readonly post: (message: FromWorker) => void;
  /** Called once, when nothing of the socket is left. */
  readonly onGone: () => void;
}

type Message = string | Uint8Array;

/** One WebSocket, from the URL rules to its end. */
export class WorkerSocket {
  readonly #id: number;
  readonly #url: URL;
  readonly #tools: SocketTools;
  readonly #socket: WebSocket;
  readonly #waiting: Message[] = [];
  #waitingBytes = 0;
  /** The host is busy with a message. */
  #handing = false;
  #opened = false;
  #closing = false;
  #fault: { code: number; text: string } | undefined;
  #end: { code: number; reason: string; clean: boolean } | undefined;

  /** Opens a socket. Throws what the URL rules and the header rules refuse. */
  constructor(id: number, request: GateConnect, tools: SocketTools) {
    this.#id = id;
    this.#tools = tools;
    this.#url = allowedUrl(request.url, tools.decide);
    const { headers, protocols } = handshakeHeaders(
      request.headers,
      tools.limits.requestHeaderBytes,
    );
    try {
      this.#socket = new WebSocket(this.#url, { headers, protocols, client: tools.client });
    } catch (thrown) {
      throw faultOf(thrown, "open WebSocket", this.#url);
    }
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => {
      this.#opened = true;
      tools.post({ kind: "open", id });
    };
    this.#socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) =>
      this.#take(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
    this.#socket.onerror = (event) => {
      const text = event instanceof ErrorEvent ? event.message : "the connection failed";
      this.#fault ??= { code: text === "Frame too large" ? 1009 : 1006, text };
    };
    this.#socket.onclose = ({ code, reason, wasClean }) => {
      this.#end = this.#fault === undefined || wasClean && this.#fault.code === 1006
        ? { code: code === 0 ? 1006 : code, reason, clean: wasClean }
        : { code: this.#fault.code, reason: "", clean: false };
      this.#next();
    };
  }

  /** Sends one message and reports it. */
  send(data: Message): void {
    const { limits, post } = this.#tools;
    let error: string | undefined;
    if (this.#socket.readyState !== WebSocket.OPEN) error = "the WebSocket is not open";
    else if (this.#socket.bufferedAmount + byteLength(data) > limits.queuedBytes) {
      error = "the far end does not read what it was sent";
    } else this.#socket.send(typeof data === "string" ? data : new Uint8Array(data));
    post({ kind: "sent", id: this.#id, ...(error === undefined ? {} : { error }) });
  }

  /** The host is done with a message. */
  handled(): void {
    this.#handing = false;
    this.#next();
  }

  /** Closes at the host's wish; messages that wait are dropped. */
  close(code: number, reason: string): void {
    this.#closing = true;
    this.#drop();
    this.#shut(code, reason);
  }

  #take(data: Message): void {
    if (this.#closing || this.#fault !== undefined) return;
    const { messageBytes, waitingBytes, waitingMessages } = this.#tools.limits;
    const bytes = byteLength(data);
    if (bytes > messageBytes) {
      return this.#overflow(1009, `a message is larger than ${messageBytes} bytes`);
    }
    if (this.#waiting.length >= waitingMessages || this.#waitingBytes + bytes > waitingBytes) {
      return this.#overflow(1008, "messages come faster than they are handled");
    }
    this.#waiting.push(data);
    this.#waitingBytes += bytes;
    this.#next();
  }

  #overflow(code: number, text: string): void {
    this.#fault = { code, text };
    this.#shut(code, text);
    this.#next();
  }

  #shut(code: number, reason: string): void {
    if (this.#socket.readyState <= WebSocket.OPEN) {
      this.#socket.close(...closeArguments(code, reason));
    }
  }

  #drop(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  /** Hands the next message over, or the end once there is none left. */
  #next(): void {
    if (this.#handing && !this.#closing) return;
    const data = this.#waiting.shift();
    if (data !== undefined) {
      this.#waitingBytes -= byteLength(data);
      this.#handing = true;
      this.#tools.post({ kind: "message", id: this.#id, data });
    } else if (this.#end !== undefined) {
      this.#report(this.#end);
    }
  }

  #report(end: { code: number; reason: string; clean: boolean }): void {
    this.#end = undefined;
    const id = this.#id;
    if (this.#opened) {
      const error = end.clean ? undefined : this.#fault?.text ?? "the connection was lost";
      const reason = end.reason.slice(0, 123);
      this.#tools.post({
        kind: "closed",
        id,
        ...end,
        reason,
        ...(error === undefined ? {} : { error }),
      });
    } else {
      const text = this.#fault?.text ?? "the connection was lost";
      const { code, message } = faultOf(text, "open WebSocket", this.#url);
      this.#tools.post({ kind: "failure", id, code, message });
    }
    this.#tools.onGone();
  }
}

/** The URL of a WebSocket that the rules allow. Throws what they refuse. */
export function allowedUrl(text: string, decide: Decide): URL {
  const url = URL.parse(text);
  if (url === null) {
    const text = "Cannot open WebSocket: it has no valid URL";
    throw new SoundproofError("egress.url_not_allowed", text);
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    const text = `Cannot open WebSocket "${urlText(url)}": the scheme must be ws or wss`;
    throw new SoundproofError("egress.scheme_not_allowed", text);
  }
  if (url.username !== "" || url.password !== "") {
    const text = `Cannot open WebSocket "${urlText(url)}": the URL holds credentials`;
    throw new SoundproofError("egress.url_not_allowed", text);
  }
  url.hash = "";
  const verdict = decide(url, "GET");
  if (!verdict.allowed) throw new SoundproofError(verdict.code, verdict.message);
  return url;
}

/** Of a text, at least the half of its bytes: UTF-16 units, which is what it takes in memory. */
function byteLength(data: Message): number {
  return typeof data === "string" ? data.length : data.byteLength;
}
