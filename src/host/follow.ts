import type { FollowOptions } from "./administration.ts";
import type { Followed, Page } from "./record_ring.ts";

/** Records looked at in one go. */
const PAGE = 500;

/** Tells those who wait that there is something new. */
export class Bell {
  #next = Promise.withResolvers<void>();
  #isSilent = false;

  /** Whether it never rings again. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Resolves at the next ring. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Wakes all who wait now. */
  ring(): void {
    this.#next.resolve();
    if (!this.#isSilent) this.#next = Promise.withResolvers();
  }

  /** Wakes all who wait, for the last time. */
  silence(): void {
    this.#isSilent = true;
    this.#next.resolve();
  }
}

/**
 * Follows records: those that are kept, and with `live` those to come. Who reads slowly misses what had to make room
 * meanwhile, and sees that by the ids; nothing is kept for them.
 *
 * @param pageAfter The records after an id.
 * @param bell Rings when there are new ones.
 */
export async function* follow<T extends Followed>(
  pageAfter: (id: number, limit: number, plugin?: string) => Page<T>,
  bell: Bell,
  { after = 0, plugin, live = false, signal }: FollowOptions,
): AsyncGenerator<T> {
  const ended = Promise.withResolvers<void>();
  const end = () => ended.resolve();
  signal?.addEventListener("abort", end);
  try {
    for (let id = after; !signal?.aborted;) {
      // Asked for before the records are: what comes in between is not missed.
      const news = bell.next;
      if (bell.isSilent && live) return;
      const { records, until } = pageAfter(id, PAGE, plugin);
      for (const record of records) {
        id = record.id;
        yield record;
        if (signal?.aborted) return;
      }
      if (until === undefined) continue;
      id = Math.max(id, until);
      if (!live) return;
      await Promise.race([news, ended.promise]);
    }
  } finally {
    signal?.removeEventListener("abort", end);
  }
}
