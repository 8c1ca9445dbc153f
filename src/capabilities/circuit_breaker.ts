import type { Clock } from "../services/mod.ts";

/** When a plugin is left alone. */
export interface BreakerLimits {
  /** Faults in a row after which it is left alone. */
  readonly faults: number;
  /** How long, the first time. Milliseconds. */
  readonly pauseMs: number;
  /** How long at most: each probe that fails doubles the pause. Milliseconds. */
  readonly maxPauseMs: number;
}

/** After five faults in a row a plugin rests for half a minute, then longer, up to five minutes. */
export const DEFAULT_BREAKER_LIMITS: BreakerLimits = Object.freeze({
  faults: 5,
  pauseMs: 30_000,
  maxPauseMs: 300_000,
});

/** `closed`: calls go through; `open`: none does; `half_open`: one may, and its outcome decides. */
export type BreakerState = "closed" | "open" | "half_open";

/** Leaves a plugin alone that keeps failing, and tries it again with one call at a time. *
 * @example
 * ```ts
 * import { CircuitBreaker } from "@soundproof/host";
 *
 * const breaker = new CircuitBreaker(Date, { faults: 1, pauseMs: 1_000, maxPauseMs: 60_000 });
 * if (breaker.enter()) breaker.failed();
 * if (breaker.state !== "open") throw new Error("it lets calls through");
 * ```
 */
export class CircuitBreaker {
  readonly #clock: Pick<Clock, "now">;
  readonly #limits: BreakerLimits;
  #faults = 0;
  /** Pauses in a row. */
  #pauses = 0;
  #pausedAt = 0;
  #isProbing = false;

  /** Makes a closed one. */
  constructor(clock: Pick<Clock, "now">, limits: BreakerLimits = DEFAULT_BREAKER_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** What it lets through now. */
  get state(): BreakerState {
    if (this.#pauses === 0) return "closed";
    const { pauseMs, maxPauseMs } = this.#limits;
    const lastedMs = this.#clock.now() - this.#pausedAt;
    const wantedMs = Math.min(pauseMs * 2 ** (this.#pauses - 1), maxPauseMs);
    // A clock that was set back must not make the pause longer.
    return lastedMs >= 0 && lastedMs < wantedMs ? "open" : "half_open";
  }

  /** Whether a call may be made. After `true`, exactly one of the three methods below is owed. */
  enter(): boolean {
    const { state } = this;
    if (state === "closed") return true;
    if (state === "open" || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  /** The call had an answer. */
  succeeded(): void {
    this.#isProbing = false;
    this.#faults = 0;
    this.#pauses = 0;
  }

  /** The call came to nothing through no fault of the plugin. */
  abandoned(): void {
    this.#isProbing = false;
  }

  /** The call was a fault. Gives whether the plugin is left alone from now on. */
  failed(): boolean {
    const wasProbe = this.#isProbing;
    this.#isProbing = false;
    // A call that began before the pause says nothing new.
    if (this.#pauses > 0 && !wasProbe) return false;
    this.#faults++;
    if (!wasProbe && this.#faults < this.#limits.faults) return false;
    this.#pauses++;
    this.#pausedAt = this.#clock.now();
    return true;
  }
}
