import vm from "node:vm";

let collector: (() => void) | undefined;

/**
 * Collects the garbage of this thread, where it may be asked for: V8 frees the memories of dead guests
 * late, hundreds of megabytes late. Takes some milliseconds.
 */
export function collectGarbage(): void {
  // Only a context made after the flag was set has it; see cell.ts.
  collector ??= vm.runInNewContext("typeof gc === 'function' ? gc : () => {}") as () => void;
  collector();
}

/**
 * Memory of objects that nobody needs any more and V8 has not collected yet. It collects by itself too, a piece at a
 * time while calls go on, and what it has given back so is not counted.
 */
export class DeadMemory {
  #bytes = 0;
  #added = { bytes: 0, times: 0 };
  /** How often this collected: what V8 tells of owners from before is known already. */
  #collections = 0;
  readonly #given = new FinalizationRegistry<{ bytes: number; collections: number }>(
    ({ bytes, collections }) => {
      if (collections === this.#collections) this.#bytes -= bytes;
    },
  );

  /** Not given back, as far as this thread knows. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What was added since the last {@link collect}, given back or not. */
  get added(): { readonly bytes: number; readonly times: number } {
    return this.#added;
  }

  /** Counts memory that goes with its owner; without one it counts until the next {@link collect}. */
  add(owner: object | undefined, bytes: number): void {
    this.#bytes += bytes;
    this.#added.bytes += bytes;
    this.#added.times++;
    if (owner !== undefined) this.#given.register(owner, { bytes, collections: this.#collections });
  }

  /** Collects the garbage of this thread, all of it. */
  collect(): void {
    this.#bytes = 0;
    this.#added = { bytes: 0, times: 0 };
    this.#collections++;
    collectGarbage();
  }
}
