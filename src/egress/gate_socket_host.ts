/**
 * A WebSocket as its owner sees it: handlers called strictly one after another.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import { closeArguments } from "./close_code.ts";
import type { FromWorker, ToWorker } from "./gate_protocol.ts";
import type { GateSocket, SocketHandlers } from "./gate_types.ts";

/** What a socket needs of its gate. */
export interface SocketLink {
  post(message: ToWorker): void;
  /** Counts bytes on their way out; throws `egress.busy` when there are too many. */
  queue(bytes: number): void;
  unqueue(bytes: number): void;
  /** The owner is done with the socket; the far end may not be. */
  onEnded(): void;
}

interface Sending {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: SoundproofError) => void;
}

/** The host's side of one WebSocket, from the handshake on. */
export class HostSocket implements GateSocket {
  readonly id: number;
  readonly #handlers: SocketHandlers;
  readonly #link: SocketLink;
  readonly #maxMessageBytes: number;
  readonly #opened = Promise.withResolvers<GateSocket>();
  readonly #sending: Sending[] = [];
  #state: "connecting" | "open" | "ended" = "connecting";
  #handling = false;
  #last: Promise<void> = Promise.resolve();

  constructor(id: number, handlers: SocketHandlers, maxMessageBytes: number, link: SocketLink) {
    this.id = id;
    this.#handlers = handlers;
    this.#maxMessageBytes = maxMessageBytes;
    this.#link = link;
  }

  /** Settles with the handshake. */
  get opened(): Promise<GateSocket> {
    return this.#opened.promise;
  }

  /** Whether the owner still has the socket. */
  get live(): boolean {
    return this.#state !== "ended";
  }

  sendText(text: string): Promise<void> {
    return this.#send(text, text.length);
  }

  sendBinary(data: Uint8Array): Promise<void> {
    return this.#send(data, data.byteLength);
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    closeArguments(code, reason); // throws for what cannot be sent
    this.#link.post({ kind: "close", id: this.id, code, reason });
    this.#finish(code, reason, true);
  }

  /** Ends a handshake that took too long or is not wanted any more. */
  abandon(error: SoundproofError): void {
    if (this.#state !== "connecting") return;
    this.#link.post({ kind: "close", id: this.id, code: 1000, reason: "" });
    this.#fail(error);
  }

  /** The worker is gone, and the connection with it. */
  lost(text: string): void {
    if (this.#state === "connecting") {
      this.#fail(new SoundproofError("egress.transport", `Cannot open WebSocket: ${text}`));
    } else if (this.#state === "open") this.#finish(1006, "", false, text);
  }

  /** Takes a message of the worker about this socket; returns what is wrong with it, if anything. */
  take(message: FromWorker): string | undefined {
    switch (message.kind) {
      case "open":
        if (this.#state === "open") return "it opened a WebSocket twice";
        if (this.#state === "connecting") {
          this.#state = "open";
          this.#opened.resolve(this);
        }
        return undefined;
      case "failure":
        if (this.#state === "open") return "it failed a WebSocket that was open";
        this.#fail(new SoundproofError(message.code, message.message));
        return undefined;
      case "sent":
        return this.#sent(message.error);
      case "message":
        return this.#message(message.data);
      case "closed":
        if (this.#state === "connecting") return "it closed a WebSocket that was not open";
        if (this.#state === "open") {
          this.#finish(message.code, message.reason, message.clean, message.error);
        }
        return undefined;
      default:
        return "it answered a WebSocket with a response";
    }
  }

  #message(data: string | Uint8Array): string | undefined {
    if (this.#state === "ended") return undefined; // crossed the close on its way
    if (this.#state === "connecting" || this.#handling) return "it did not wait with a message";
    const size = typeof data === "string" ? data.length : data.byteLength;
    if (size > this.#maxMessageBytes) return "it sent a message over the limit";
    this.#handling = true;
    const kind = typeof data === "string" ? "text" : "binary";
    this.#then(() => this.#handlers.onMessage(kind, data), () => {
      this.#handling = false;
      if (this.#state === "open") this.#link.post({ kind: "handled", id: this.id });
    });
    return undefined;
  }

  #send(data: string | Uint8Array, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state !== "open") {
        const text = "Cannot send message: the WebSocket is closed";
        throw new SoundproofError("egress.socket_closed", text);
      }
      if (bytes > this.#maxMessageBytes) {
        const text = `Cannot send message: it is larger than ${this.#maxMessageBytes} bytes`;
        throw new SoundproofError("egress.message_too_large", text);
      }
      this.#link.queue(bytes);
      this.#sending.push({ bytes, resolve, reject });
      this.#link.post({ kind: "data", id: this.id, data });
    });
  }

  #sent(error: string | undefined): string | undefined {
    if (this.#state === "ended") return undefined;
    const sending = this.#sending.shift();
    if (sending === undefined) return "it reported a message that was not sent";
    this.#link.unqueue(sending.bytes);
    if (error === undefined) sending.resolve();
    else sending.reject(new SoundproofError("egress.transport", `Cannot send message: ${error}`));
    return undefined;
  }

  #fail(error: SoundproofError): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#opened.reject(error);
    this.#link.onEnded();
  }

  #finish(code: number, reason: string, clean: boolean, error?: string): void {
    this.#state = "ended";
    for (const { bytes, reject } of this.#sending.splice(0)) {
      this.#link.unqueue(bytes);
      const text = "Cannot send message: the WebSocket is closed";
      reject(new SoundproofError("egress.socket_closed", text));
    }
    if (error !== undefined) this.#then(() => this.#handlers.onError(error));
    this.#then(() => this.#handlers.onClose(code, reason, clean));
    this.#link.onEnded();
  }

  /** Calls a handler after those before it; its failures are its owner's affair. */
  #then(call: () => Promise<void> | void, after: () => void = () => {}): void {
    this.#last = this.#last.then(call).catch(() => {}).then(after);
  }
}
