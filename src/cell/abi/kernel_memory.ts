/**
 * Kernel memory: the blocks through which an Extism guest and its host exchange bytes
 * (`extism-abi.md`, 1.1 and 1.2).
 *
 * The bytes live in a `WebAssembly.Memory` and are reached by the guest through six functions of a
 * tiny module (`kernel_memory.wat`, assembled below; a test assembles it again and compares). The
 * table of blocks lives beside it in typed arrays, out of the guest's reach and off the JavaScript
 * heap, so a guest that makes a million blocks costs a few megabytes and no more.
 *
 * @module
 */

const ACCESSORS = new WebAssembly.Module(Uint8Array.from(
  atob(
    "AGFzbQEAAAABGQVgAAF+YAF+AX9gAn5/AGABfgF+YAJ+fgACFQEGa2VybmVsBm1lbW9yeQIBAYCABAMJCAABAQIDBAEDBgsCfgFCAAt+" +
      "AUIACwdsCAxpbnB1dF9vZmZzZXQDAAxpbnB1dF9sZW5ndGgDAQdsb2FkX3U4AAIIc3RvcmVfdTgAAwhsb2FkX3U2NAAECXN0b3JlX3U2" +
      "NAAFDWlucHV0X2xvYWRfdTgABg5pbnB1dF9sb2FkX3U2NAAHCpEBCAgAPwCtQhCGCxIAIABC/////w9WBEAACyAApwsTACAAEABaBH9B" +
      "AAUgAKctAAALCxIAIAAQAFQEQCAApyABOgAACwsJACAAEAEpAAALCwAgABABIAE3AAALFgAgACMBWgR/QQAFIwAgAHynLQAACwsfACMB" +
      "QghUIAAjAUIIfVZyBH5CAAUjACAAfKcpAAALCw==",
  ),
  (c) => c.charCodeAt(0),
));

const PAGE = 65_536;
/** Handles start here: address 0 means "no block", and guests expect small numbers. */
const FIRST_HANDLE = 64;
const FIRST_ROWS = 64;
const MAX_BLOCKS = 1 << 20;
const NONE = -1;

/** A WebAssembly function that the guest imports as it is. */
export type Accessor = (...args: never[]) => unknown;

/** The blocks of one guest. Reused by the next call of the same cell, after {@link KernelMemory.clear}. */
export class KernelMemory {
  /** The six functions that reach the bytes, by import name; identity matters, so they are made once. */
  readonly accessors: Readonly<Record<string, Accessor>>;
  readonly #memory: WebAssembly.Memory;
  readonly #maxBytes: number;
  readonly #inputOffset: WebAssembly.Global;
  readonly #inputLength: WebAssembly.Global;
  #bytes: Uint8Array;
  #top = FIRST_HANDLE;
  #count = 0;
  // One row a block, in order of address: start, room, length (0 when free), next free of its class.
  #start = new Uint32Array(FIRST_ROWS);
  #room = new Uint32Array(FIRST_ROWS);
  #length = new Uint32Array(FIRST_ROWS);
  #next = new Int32Array(FIRST_ROWS);
  readonly #free = new Int32Array(33).fill(NONE);

  /** Makes an empty memory that never grows beyond `maxBytes`. */
  constructor(maxBytes: number) {
    const maximum = Math.max(1, Math.floor(maxBytes / PAGE));
    this.#maxBytes = maximum * PAGE;
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum });
    this.#bytes = new Uint8Array(this.#memory.buffer);
    const { exports } = new WebAssembly.Instance(ACCESSORS, { kernel: { memory: this.#memory } });
    const { input_offset, input_length, ...functions } = exports;
    this.#inputOffset = input_offset as WebAssembly.Global;
    this.#inputLength = input_length as WebAssembly.Global;
    this.accessors = functions as Record<string, Accessor>;
  }

  /** Bytes of memory held, whether in blocks or not. */
  get size(): number {
    return this.#bytes.byteLength;
  }

  /** Handle and length of the input range. */
  get input(): { offset: number; length: number } {
    return { offset: Number(this.#inputOffset.value), length: Number(this.#inputLength.value) };
  }

  /** Declares which range is the input; the caller has checked it with {@link KernelMemory.inside}. */
  set input(range: { offset: number; length: number }) {
    this.#inputOffset.value = BigInt(range.offset);
    this.#inputLength.value = BigInt(range.length);
  }

  /**
   * Forgets every block and wipes all bytes (a guest can write beside its blocks too), so that the next
   * call finds nothing of this one. Whatever step a guest that ran out of stack broke off is made good.
   */
  clear(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#bytes.fill(0);
    this.#top = FIRST_HANDLE;
    this.#count = 0;
    this.#free.fill(NONE);
    this.input = { offset: 0, length: 0 };
  }

  /** Makes a block of `length` bytes; 0 when `length` is 0 or there is no room. */
  alloc(length: number): number {
    if (length <= 0 || !(length <= 0xffffffff)) return 0;
    const reused = this.#takeFree(length);
    if (reused !== NONE) {
      this.#length[reused] = length;
      return this.#start[reused] ?? 0;
    }
    const room = (length + 7) & ~7;
    const handle = this.#top;
    if (room < length || !this.#reserve(handle + room) || !this.#reserveRow()) return 0;
    this.#start[this.#count] = handle;
    this.#room[this.#count] = room;
    this.#length[this.#count] = length;
    this.#count++;
    this.#top = handle + room;
    return handle;
  }

  /** Makes a block that holds `bytes`; 0 as {@link KernelMemory.alloc}. */
  store(bytes: Uint8Array): number {
    const handle = this.alloc(bytes.byteLength);
    if (handle !== 0) this.#bytes.set(bytes, handle);
    return handle;
  }

  /** Releases a block; a handle that is none is ignored. */
  free(handle: number): void {
    const row = this.#find(handle);
    if (row === NONE) return;
    this.#length[row] = 0;
    const kind = sizeClass(this.#room[row] ?? 0);
    this.#next[row] = this.#free[kind] ?? NONE;
    this.#free[kind] = row;
    if (this.input.offset === handle) this.input = { offset: 0, length: 0 };
  }

  /** Length of the block that starts exactly at `handle`; 0 where none does. */
  length(handle: number): number {
    const row = this.#find(handle);
    return row === NONE ? 0 : this.#length[row] ?? 0;
  }

  /** Whether a range, which may be empty, lies within what has been allocated so far. */
  inside(offset: number, length: number): boolean {
    return offset >= FIRST_HANDLE && offset < this.#top && length >= 0 &&
      offset + length <= this.#top;
  }

  /** A copy of a range; at most `limit` bytes of it. */
  copy(offset: number, length: number, limit = length): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(offset, offset + Math.min(length, limit));
  }

  /** A copy of a block; empty for a handle that is none. */
  block(handle: number, limit?: number): Uint8Array<ArrayBuffer> {
    return this.copy(handle, this.length(handle), limit);
  }

  /** Grows the memory so that `end` lies within it; false where the ceiling forbids it. */
  #reserve(end: number): boolean {
    if (end <= this.#bytes.byteLength) return true;
    // Asked first: an attempt that must fail is slow, because the engine collects garbage for it.
    if (end > this.#maxBytes) return false;
    try {
      this.#memory.grow(Math.ceil((end - this.#bytes.byteLength) / PAGE));
    } catch {
      return false;
    }
    this.#bytes = new Uint8Array(this.#memory.buffer);
    return true;
  }

  #reserveRow(): boolean {
    // The column that is widened last tells whether all of them were.
    if (this.#count < this.#next.length) return true;
    if (this.#count >= MAX_BLOCKS) return false;
    const rows = this.#count * 2;
    this.#start = widen(this.#start, new Uint32Array(rows));
    this.#room = widen(this.#room, new Uint32Array(rows));
    this.#length = widen(this.#length, new Uint32Array(rows));
    this.#next = widen(this.#next, new Int32Array(rows));
    return true;
  }

  /** Row of the live block at `handle`: rows are in order of address, so it is found by halving. */
  #find(handle: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const start = this.#start[middle] ?? 0;
      if (start === handle) return this.#length[middle] === 0 ? NONE : middle;
      if (start < handle) low = middle + 1;
      else high = middle - 1;
    }
    return NONE;
  }

  /** A free row with room for `length`, taken off its list: the last freed of its class or the next. */
  #takeFree(length: number): number {
    const smallest = sizeClass(length);
    for (const kind of [smallest, smallest + 1]) {
      const row = this.#free[kind] ?? NONE;
      if (row === NONE || (this.#room[row] ?? 0) < length) continue;
      this.#free[kind] = this.#next[row] ?? NONE;
      return row;
    }
    return NONE;
  }
}

/** The power of two at or below `size`. */
function sizeClass(size: number): number {
  return 31 - Math.clz32(size);
}

function widen<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
