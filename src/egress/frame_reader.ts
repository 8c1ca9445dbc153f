/**
 * Frames from a socket that is not trusted yet: few bytes, little time.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { GatewayRefusalCode } from "./gateway_policy.ts";
import type { Frame } from "./socks5.ts";

/** More than the three frames of a handshake can hold. */
const MAX_BYTES = 1024;

/** Reads frames until released; its signal aborts when the client goes, stalls or talks too much. */
export class FrameReader {
  readonly #socket: Socket;
  readonly #over = new AbortController();
  #bytes = new Uint8Array(0);
  #fault: GatewayRefusalCode = "egress.malformed";
  #gone = false;
  #wake: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#take);
    socket.on("end", this.#leave);
    socket.on("close", this.#leave);
    socket.on("error", this.#leave);
  }

  /** Aborts when the client is gone, the time is over, or too much was sent. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the client went away. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** The code of what went wrong while reading. */
  fault(): GatewayRefusalCode {
    return this.#fault;
  }

  /** Sets the time from now on, in place of what was set before. */
  limit(ms: number): void {
    clearTimeout(this.#timer);
    if (ms === Infinity) return;
    this.#timer = setTimeout(() => this.#stop("egress.handshake_timeout", "handshake is slow"), ms);
  }

  /** Reads one frame. Rejects with the signal's reason, or where the bytes are no such frame. */
  async read<T>(parse: (bytes: Uint8Array) => Frame<T>): Promise<T> {
    while (true) {
      this.signal.throwIfAborted();
      const frame = parse(this.#bytes);
      if (frame.state === "malformed") throw new Error(frame.why);
      if (frame.state === "read") {
        this.#bytes = this.#bytes.slice(frame.used);
        return frame.value;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Gives the socket back, with the bytes that were read too far. */
  release(): Uint8Array {
    clearTimeout(this.#timer);
    this.#socket.off("data", this.#take);
    this.#socket.off("end", this.#leave);
    this.#socket.off("close", this.#leave);
    // The error listener stays: a socket without one would end the process.
    return this.#bytes;
  }

  readonly #take = (chunk: Uint8Array): void => {
    if (this.#bytes.length + chunk.length > MAX_BYTES) {
      return this.#stop("egress.malformed", "handshake is too long");
    }
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
    this.#wake();
  };

  readonly #leave = (): void => {
    this.#gone = true;
    this.#stop("egress.malformed", "client went away");
  };

  #stop(code: GatewayRefusalCode, reason: string): void {
    if (this.signal.aborted) return;
    this.#fault = code;
    this.#over.abort(new Error(reason));
    this.#wake();
  }
}
