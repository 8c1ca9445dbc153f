import type { Clock } from "../services/mod.ts";

/** Failures in a row that an address is answered with a reason. */
const BURST = 20;
/** After how long one more is. Milliseconds. */
const REFILL_MS = 3_000;
/** Addresses that are remembered; those that failed longest ago make room. */
const MAX_ADDRESSES = 4_096;

/**
 * How often each address failed to show a token that is good for what it asked.
 *
 * Tokens are 256 random bits, which nobody guesses at any rate. What this bounds is what trying costs: work, answers,
 * lines in a log. So an address beyond its rate is told no more than that; but a token that holds is served from there too, or
 * any program on a machine could lock its administrator out.
 */
export class Failures {
  readonly #clock: Pick<Clock, "now">;
  /** By address, until when its failures count, those that failed last at the end. Milliseconds since the Unix epoch. */
  readonly #until = new Map<string, number>();

  /** Begins with no failure. */
  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Counts a failure. @returns Milliseconds until it would be answered again; 0 while it is. */
  add(address: string): number {
    const key = networkOf(address);
    const now = this.#clock.now();
    const until = Math.max(this.#until.get(key) ?? 0, now) + REFILL_MS;
    const over = until - now - BURST * REFILL_MS;
    if (over > 0) return over;
    this.#until.delete(key);
    this.#until.set(key, until);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_ADDRESSES && oldest !== undefined) this.#until.delete(oldest);
    return 0;
  }

  /** Addresses that are remembered now. */
  get size(): number {
    return this.#until.size;
  }
}

/** An IPv6 host has 2^64 addresses at its hand: they count as one. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const count = tail === undefined ? 0 : tail.split(":").filter((group) => group !== "").length;
  while (groups.length + count < 8 && groups.length < 4) groups.push("0");
  return groups.slice(0, 4).join(":");
}
