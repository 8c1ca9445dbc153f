/**
 * What a plugin was from when to when, and whether an answer fits it.
 *
 * @module
 */

/** What a plugin is: each answer tells it. */
export interface PluginState {
  readonly version: string;
  /** By the administrator. */
  readonly set: string;
  /** By the configuration file. */
  readonly file: string;
}

/** A state, and the moment from which on no earlier one is there. */
interface Known {
  readonly lines: string;
  done: number;
}

/** Which state answered: of those around a change, or of the only one there was. */
export type Answered = "before" | "after" | "either" | "steady";

/** How many changes back a call may have begun. */
const KEPT = 50;

let moments = 0;

/** The moment that is now: a number that grows. */
export function moment(): number {
  return ++moments;
}

/** The states of one plugin. */
export class PluginHistory {
  #states: Known[] = [];
  /** When calls could last be refused. */
  #awayUntil = -Infinity;
  /** The number of the latest state that has answered. */
  #latest = 0;
  #first = 0;

  constructor(public now: PluginState) {
    this.#states.push({ lines: linesOf(now), done: -Infinity });
  }

  /** Does what brings another state, or the same one anew. */
  async change(to: PluginState, work: () => Promise<unknown>): Promise<void> {
    const next = { lines: linesOf(to), done: Infinity };
    this.now = to;
    this.#states.push(next);
    if (this.#states.length > KEPT) {
      this.#states.shift();
      this.#first++;
    }
    await work();
    next.done = moment();
  }

  /** Does what leaves the plugin away for a while. */
  async away(work: () => Promise<unknown>): Promise<void> {
    this.#awayUntil = Infinity;
    await work();
    this.#awayUntil = moment();
  }

  /** Whether a call that has begun then and ended now may have met no plugin. */
  wasAway(from: number): boolean {
    return this.#awayUntil >= from;
  }

  /** The latest state that has answered so far: whoever calls from now on is answered by no earlier one. */
  get latest(): number {
    return this.#latest;
  }

  /**
   * Which state gave an answer.
   *
   * @param lines The first lines of the answer.
   * @param from When it was called.
   * @param latest The latest state that had answered then.
   * @returns Nothing where it was none that was there between then and now.
   */
  answered(lines: string, from: number, latest: number): Answered | undefined {
    const all = this.#states;
    const there = all.map((_, index) => index).filter((index) =>
      (all[index + 1]?.done ?? Infinity) >= from
    );
    const fits = there.filter((index) =>
      all[index]?.lines === lines && this.#first + index >= latest
    );
    const [earliest] = fits;
    if (earliest === undefined) return undefined;
    this.#latest = Math.max(this.#latest, this.#first + earliest);
    if (there.length === 1) return "steady";
    if (fits.length > 1) return "either";
    return earliest === there.at(-1) ? "after" : "before";
  }
}

function linesOf({ version, set, file }: PluginState): string {
  return `${version}\n${set}\n${file}`;
}
