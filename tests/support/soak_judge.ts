/**
 * Whether something grew: what a soak measured at its rests, first against last.
 *
 * @module
 */

/** What is measured at each rest, when nothing runs. */
export interface Rest {
  /** Rounds of work until then. */
  readonly rounds: number;
  /**
   * Most memory of the process while it worked towards the rest. Bytes. What it has at the rest itself goes up and down by
   * more than a short soak could leak, as free memory is given back or is not.
   */
  readonly busyRss: number;
  /** JavaScript heap and buffers of the main isolate after a collection. Bytes. */
  readonly live: number;
  /** Open file descriptors. */
  readonly handles: number;
  /** Threads: one at least for each worker. */
  readonly threads: number;
  /** Timers that wait. */
  readonly timers: number;
}

/** One measure over a soak. */
export interface Growth {
  readonly measure: keyof typeof BOUNDS;
  /** Median of the first third of the rests after the warm-up. */
  readonly first: number;
  /** Median of the last third. */
  readonly last: number;
  /** The median slope over all pairs of rests (Theil and Sen), times the span between the two thirds. */
  readonly trend: number;
  /** What it may be. */
  readonly bound: number;
  /** Whether both the level and the slope say more. */
  readonly grows: boolean;
}

/** The part of the rests in which caches fill and code is compiled. */
const WARM_UP = 0.25;

/** Until then code is compiled, and the engine learns shapes: some 100 KB a round at first, next to nothing later. */
const YOUNG_ROUNDS = 60;

/** What may come on top of the first third, for the rounds from one third to the other, of a process of that age. */
const BOUNDS = {
  handles: () => 3,
  threads: () => 3,
  timers: () => 3,
  live: (rounds: number, isYoung: boolean) => 500_000 + (isYoung ? 150_000 : 3_000) * rounds,
  busyRss: (rounds: number, isYoung: boolean) =>
    24_000_000 + (isYoung ? 3_000_000 : 10_000) * rounds,
};

/** Judges every measure. */
export function growths(rests: readonly Rest[]): Growth[] {
  const settled = rests.slice(Math.ceil(rests.length * WARM_UP));
  const third = Math.max(1, Math.floor(settled.length / 3));
  const [early, late] = [settled.slice(0, third), settled.slice(-third)];
  const span = median(late.map(({ rounds }) => rounds)) - median(early.map(({ rounds }) => rounds));
  return (Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).map((measure) => {
    const level = (some: readonly Rest[]) => median(some.map((rest) => rest[measure]));
    const first = level(early);
    const last = level(late);
    const slopes = settled.flatMap((from, index) =>
      settled.slice(index + 1).map((to) =>
        (to[measure] - from[measure]) / (to.rounds - from.rounds)
      )
    );
    const trend = median(slopes) * span;
    const bound = BOUNDS[measure](span, (early[0]?.rounds ?? 0) < YOUNG_ROUNDS);
    return { measure, first, last, trend, bound, grows: last - first > bound && trend > bound };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}
