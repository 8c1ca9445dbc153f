// A text that grows in place. Nothing is freed in a guest's life, so joining many small texts by `+`
// or by `Array.join`, which copies what it has for each of them, would fill the memory.

const FIRST_BYTES: i32 = 64;

/** Collects pieces of text. */
@final
export class TextBuilder {
  private units: ArrayBuffer = new ArrayBuffer(FIRST_BYTES);
  private bytes: i32 = 0;

  /** Appends a text, or the part of it from one index to before another. */
  append(text: string, from: i32 = 0, to: i32 = text.length): TextBuilder {
    const added = (to - from) << 1;
    if (added > 0) {
      memory.copy(this.room(added), changetype<usize>(text) + (<usize> from << 1), <usize> added);
    }
    return this;
  }

  /** Appends one UTF-16 code unit. */
  unit(code: i32): TextBuilder {
    store<u16>(this.room(2), <u16> code);
    return this;
  }

  toString(): string {
    return String.UTF16.decodeUnsafe(changetype<usize>(this.units), <usize> this.bytes);
  }

  /** The address where so many bytes more can be stored, which are counted at once. */
  private room(added: i32): usize {
    const before = this.bytes;
    this.bytes += added;
    if (this.bytes > this.units.byteLength) {
      const larger = new ArrayBuffer(max(this.bytes, this.units.byteLength << 1));
      memory.copy(changetype<usize>(larger), changetype<usize>(this.units), <usize> before);
      this.units = larger;
    }
    return changetype<usize>(this.units) + <usize> before;
  }
}
