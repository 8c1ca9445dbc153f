/**
 * The shared buffer through which a guest's host call leaves its cell and the answer comes back, while
 * the cell's thread waits.
 *
 * Layout: four 32-bit words (state, function, length of the payload, whether the cell has ended), then the
 * payload. The buffer grows to the largest payload seen; {@link HostEnd.isLarge} tells when to give the cell a fresh one.
 *
 * To the host the other end is hostile: it reads each word once, checks it against the buffer as it is,
 * and copies the payload out before anyone looks at it.
 *
 * @module
 */

const STATE = 0;
const FUNCTION = 1;
const LENGTH = 2;
const ENDED = 3;
const HEADER_BYTES = 16;
const FIRST_BYTES = 64 * 1024;
const LARGE_BYTES = 1024 * 1024;

const ENDED_TEXT = "its cell was ended";
const TOO_LARGE = new TextEncoder().encode("answer of the host call is too large");

const IDLE = 0;
const REQUEST = 1;
const ANSWER = 2;
const REFUSAL = 3;

/** A host call as it came out of the buffer. */
export interface HostCall {
  /** Index into the names of functions the cell was given. Not checked. */
  readonly index: number;
  readonly request: Uint8Array<ArrayBuffer>;
}

/** Makes the buffer of one cell. `maxBytes` bounds a payload either way. */
export function makeChannel(maxBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.min(FIRST_BYTES, HEADER_BYTES + maxBytes), {
    maxByteLength: HEADER_BYTES + maxBytes,
  });
}

/** The host's end. */
export class HostEnd {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
  }

  /** Whether the buffer has grown so far that it is better dropped than kept. */
  get isLarge(): boolean {
    return this.buffer.byteLength > LARGE_BYTES;
  }

  /** Takes the request that lies in the buffer, or `undefined` where none lies there or it is malformed. */
  take(): HostCall | undefined {
    if (Atomics.load(this.#words, STATE) !== REQUEST) return undefined;
    const index = Atomics.load(this.#words, FUNCTION);
    const length = Atomics.load(this.#words, LENGTH);
    if (length < 0 || length > this.buffer.byteLength - HEADER_BYTES) return undefined;
    return { index, request: copyOut(this.buffer, length) };
  }

  /** Answers the request and wakes the cell. */
  answer(response: Uint8Array): void {
    this.#reply(ANSWER, response);
  }

  /** Ends the guest's call with a fault of this text, and wakes the cell. */
  refuse(text: string): void {
    this.#reply(REFUSAL, new TextEncoder().encode(text));
  }

  /**
   * Refuses the host call that waits, and every later one: a worker that is terminated while its thread waits goes on
   * waiting, and keeps its memory, until its guest's deadline.
   */
  end(): void {
    Atomics.store(this.#words, ENDED, 1);
    this.refuse(ENDED_TEXT);
  }

  #reply(state: number, payload: Uint8Array): void {
    if (!copyIn(this.buffer, payload)) {
      state = REFUSAL;
      payload = TOO_LARGE.subarray(0, this.buffer.byteLength - HEADER_BYTES);
      copyIn(this.buffer, payload);
    }
    Atomics.store(this.#words, LENGTH, payload.byteLength);
    Atomics.store(this.#words, STATE, state);
    Atomics.notify(this.#words, STATE);
  }
}

/** What a host call comes to, seen from the cell. */
export type HostCallResult =
  | { readonly kind: "answer"; readonly response: Uint8Array<ArrayBuffer> }
  | { readonly kind: "refusal"; readonly text: string }
  | { readonly kind: "timeout" }
  | { readonly kind: "too_large" };

/** The cell's end. */
export class CellEnd {
  readonly #buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
  }

  /**
   * Puts a request into the buffer, announces it and waits for the answer.
   *
   * @param announce Tells the host that a request is there.
   * @param timeoutMs How long to wait at most.
   */
  call(
    index: number,
    request: Uint8Array,
    announce: () => void,
    timeoutMs: number,
  ): HostCallResult {
    if (!copyIn(this.#buffer, request)) return { kind: "too_large" };
    Atomics.store(this.#words, FUNCTION, index);
    Atomics.store(this.#words, LENGTH, request.byteLength);
    Atomics.store(this.#words, STATE, REQUEST);
    // Looked at after the state was set, as the host sets the state after this: one of the two sees the other.
    if (Atomics.load(this.#words, ENDED) !== 0) return { kind: "refusal", text: ENDED_TEXT };
    announce();
    const end = performance.now() + timeoutMs;
    // What wakes the cell may be the answer before this one: the host may be kept from it after the cell has seen that.
    do {
      const leftMs = end - performance.now();
      if (Atomics.wait(this.#words, STATE, REQUEST, leftMs) === "timed-out") {
        return { kind: "timeout" };
      }
    } while (Atomics.load(this.#words, STATE) === REQUEST);
    const payload = copyOut(this.#buffer, Atomics.load(this.#words, LENGTH));
    const refused = Atomics.exchange(this.#words, STATE, IDLE) === REFUSAL;
    return refused
      ? { kind: "refusal", text: new TextDecoder().decode(payload) }
      : { kind: "answer", response: payload };
  }
}

/** Copies a payload into the buffer, which grows for it; false where its ceiling forbids that. */
function copyIn(buffer: SharedArrayBuffer, payload: Uint8Array): boolean {
  const needed = HEADER_BYTES + payload.byteLength;
  if (needed > buffer.maxByteLength) return false;
  while (needed > buffer.byteLength) {
    try {
      buffer.grow(needed);
    } catch {
      // Memory is short, or the other end has just grown it further than that.
      if (needed > buffer.byteLength) return false;
    }
  }
  new Uint8Array(buffer, HEADER_BYTES).set(payload);
  return true;
}

function copyOut(buffer: SharedArrayBuffer, length: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(buffer, HEADER_BYTES, length));
  return copy;
}
