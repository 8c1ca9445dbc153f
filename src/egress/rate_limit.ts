/**
 * How many requests in a minute.
 *
 * @module
 */

/** A token bucket: a full minute's worth at the start, refilled evenly. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  #tokens: number;
  #last: number;

  /** @param now A clock in milliseconds that never goes back. */
  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#tokens = perMinute;
    this.#last = now();
  }

  /** Takes one and says whether there was one. */
  take(): boolean {
    const now = this.#now();
    const refill = (now - this.#last) * this.#perMinute / 60_000;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + refill);
    this.#last = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
