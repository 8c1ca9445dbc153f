/**
 * Bytes that come piece by piece, brought together: the one place where bodies are read. How much may come, and
 * with which fault it is refused, is for each reader to say, before a piece is kept.
 *
 * @module
 */

/** Pieces in the order they came. */
export class Pieces {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Keeps a piece, which must not be changed after that. */
  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** All of them as one. */
  joined(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const piece of this.#pieces) {
      all.set(piece, offset);
      offset += piece.length;
    }
    return all;
  }
}

/**
 * Reads a stream to its end; a stream that is read no further is cancelled.
 *
 * @param admit Is given each piece before it is kept, and the number of bytes that came before it. It gives what of
 * the piece is kept, where less than all of it is also the last; or it throws, and that is what the reader gets.
 */
export async function readAll(
  stream: AsyncIterable<Uint8Array> | null,
  admit: (piece: Uint8Array, before: number) => Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces = new Pieces();
  // Leaving the loop early cancels the stream.
  for await (const piece of stream ?? []) {
    const kept = admit(piece, pieces.length);
    pieces.add(kept);
    if (kept.length < piece.length) break;
  }
  return pieces.joined();
}
