/** What can be followed: it has a place among others, and may be about a plugin. */
export interface Followed {
  readonly id: number;
  readonly plugin?: string;
}

/** The records after one id, oldest first. */
export interface Page<T> {
  readonly records: readonly T[];
  /** The id up to which there is nothing more to be found by the same question; undefined where the page is full. */
  readonly until?: number;
}

/** Bounds of a {@link RecordRing}. */
export interface RingLimits {
  readonly records: number;
  /** Characters of their texts. */
  readonly characters: number;
}

/** The newest records of a kind, in memory: bounded in number and size, the oldest make room. */
export class RecordRing<T extends Followed> {
  readonly #limits: RingLimits;
  readonly #size: (record: T) => number;
  #records: T[] = [];
  /** Records at the head that are gone; they are cut off in one go now and then. */
  #gone = 0;
  #characters = 0;
  #next: number;

  /**
   * @param size Characters of a record.
   * @param firstId Ids grow from here on: from start to start as well, if it is a time.
   */
  constructor(limits: RingLimits, size: (record: T) => number, firstId: number) {
    this.#limits = limits;
    this.#size = size;
    this.#next = firstId;
  }

  /** The id that the next record must have. */
  get nextId(): number {
    return this.#next;
  }

  /** Adds a record with the next id. */
  add(record: T): void {
    this.#next = record.id + 1;
    this.#records.push(record);
    this.#characters += this.#size(record);
    const { records, characters } = this.#limits;
    while (this.#records.length - this.#gone > records || this.#characters > characters) {
      const oldest = this.#records[this.#gone++];
      if (oldest === undefined) break;
      this.#characters -= this.#size(oldest);
    }
    if (this.#gone > this.#limits.records) {
      this.#records = this.#records.slice(this.#gone);
      this.#gone = 0;
    }
  }

  /** At most `limit` records after an id, of one plugin if given. */
  after(id: number, limit: number, plugin?: string): Page<T> {
    const records: T[] = [];
    for (let index = this.#indexAfter(id); index < this.#records.length; index++) {
      const record = this.#records[index];
      if (record === undefined || (plugin !== undefined && record.plugin !== plugin)) continue;
      records.push(record);
      if (records.length === limit) return { records };
    }
    return { records, until: this.#next - 1 };
  }

  #indexAfter(id: number): number {
    let [low, high] = [this.#gone, this.#records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.id ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
