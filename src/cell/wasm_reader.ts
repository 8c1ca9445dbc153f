/**
 * Reads the parts of a WebAssembly binary that admission decides on: a cursor over bytes with the
 * encodings of the core specification, chapter 5.
 *
 * @module
 */

/** The bytes are not a WebAssembly module, or not one that can be read. */
export class MalformedModule extends Error {
  override readonly name = "MalformedModule";
}

/** A cursor over a range of bytes. Every method throws {@link MalformedModule} at its end. */
export class WasmReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Position of the next byte. */
  get position(): number {
    return this.#at;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Passes the next `length` bytes. */
  skip(length: number): this {
    this.take(length);
    return this;
  }

  /** The next byte. */
  byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new MalformedModule(`it ends early, at byte ${this.#at}`);
    this.#at++;
    return byte;
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new MalformedModule(`number out of range before byte ${this.#at}`);
  }

  /** A cursor over the next `length` bytes, which this one passes. */
  take(length: number): WasmReader {
    if (length > this.#end - this.#at) {
      throw new MalformedModule(`a part of ${length} bytes at byte ${this.#at} passes its end`);
    }
    const part = new WasmReader(this.#bytes, this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  /** A name of at most `limit` bytes of UTF-8. */
  name(limit: number): string {
    const length = this.u32();
    if (length > limit) {
      throw new MalformedModule(`a name is too long: length is ${length}, max length is ${limit}`);
    }
    const { position } = this.take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        this.#bytes.subarray(position, position + length),
      );
    } catch {
      throw new MalformedModule(`a name at byte ${position} is not UTF-8`);
    }
  }
}

/** An unsigned LEB128 number. */
export function encodeU32(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? low | 0x80 : low);
  } while (value > 0);
  return bytes;
}
