/**
 * Reading a response body under a cap.
 *
 * @module
 */

import { readAll } from "../byte_stream.ts";
import { SoundproofError } from "../errors.ts";

/** Bytes that several readers may hold together. */
export class ByteBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes `bytes` and says whether they were there to take. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** Reads the body of a response as {@link readStream} does, in one go where its length is certain. */
export async function readBody(
  response: Response,
  maxBytes: number,
  overflow: "error" | "cut",
  budget: ByteBudget,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = certainLength(response.headers);
  if (length === undefined || length > maxBytes || !budget.take(length)) {
    return await readStream(response.body, maxBytes, overflow, budget);
  }
  try {
    return new Uint8Array(await response.arrayBuffer());
  } finally {
    budget.give(length);
  }
}

/**
 * The Content-Length, where nothing takes precedence over it (RFC 9112, 6.3: Transfer-Encoding does) or
 * is undone: hyper then ends the body there.
 */
function certainLength(headers: Headers): number | undefined {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) && !headers.has("transfer-encoding") &&
      !headers.has("content-encoding")
    ? Number(length)
    : undefined;
}

/**
 * Reads a decompressed body to its end or to `maxBytes`, counted while it streams.
 *
 * Throws `egress.body_too_large` when there is more (with `overflow: "cut"` it stops there instead),
 * and `egress.busy` when the budget that all readers share is used up. The rest is cancelled.
 */
export async function readStream(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  overflow: "error" | "cut",
  budget: ByteBudget,
): Promise<Uint8Array<ArrayBuffer>> {
  let held = 0;
  try {
    return await readAll(stream, (piece, before) => {
      const fits = piece.subarray(0, maxBytes - before);
      if (fits.length < piece.length && overflow === "error") {
        const text = `Cannot read response body: it is larger than ${maxBytes} bytes`;
        throw new SoundproofError("egress.body_too_large", text);
      }
      if (!budget.take(fits.length)) {
        const text = "Cannot read response body: other responses of this plugin fill the buffer";
        throw new SoundproofError("egress.busy", text);
      }
      held += fits.length;
      return fits;
    });
  } finally {
    budget.give(held);
  }
}
