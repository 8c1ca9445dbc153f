import { SoundproofError } from "../errors.ts";
import type { Clock } from "../services/mod.ts";
import {
  type BreakerLimits,
  type BreakerState,
  CircuitBreaker,
  DEFAULT_BREAKER_LIMITS,
} from "./circuit_breaker.ts";
import { Coalescer } from "./coalescer.ts";
import { type Capability, detectCapabilities } from "./detect.ts";
import type { Answer, CallOptions, GuestCaller } from "./guest_caller.ts";

/** Why one of several plugins gave no answer. */
export interface PluginFault {
  /** The plugin's id. */
  readonly plugin: string;
  /** What went wrong. */
  readonly error: SoundproofError;
}

/** What asking several plugins came to. */
export type FirstAnswer<T> =
  | {
    readonly kind: "found";
    readonly value: T;
    /** Who answered. */
    readonly plugin: string;
  }
  /** Definitive: every plugin was asked, and none has anything. `asked` says who; perhaps nobody. */
  | { readonly kind: "not_found"; readonly asked: readonly string[] }
  /** None has anything, and at least one could not say: ask again later. `error` is the first fault. */
  | {
    readonly kind: "fault";
    readonly error: SoundproofError;
    readonly faults: readonly PluginFault[];
  };

/** What all that ask several plugins are made from. */
export interface ChainOptions<Guest extends GuestCaller = GuestCaller> {
  /** The plugins that run now, in any order. */
  readonly plugins: () => Iterable<Guest>;
  /** The ids of those to ask, in this order; all, in the order of their ids, unless given. */
  readonly order?: readonly string[] | undefined;
  /** The time by which a plugin is left alone. */
  readonly clock: Pick<Clock, "now">;
  /** Deadline of each plugin's call; the plugin's own unless given. Milliseconds. */
  readonly timeoutMs?: number;
  /** When a plugin is left alone. */
  readonly breaker?: BreakerLimits;
}

/** What has happened to a plugin in a chain. */
export interface ChainPluginCounters {
  /** Times it was left alone since it kept failing. */
  readonly opened: number;
  /** Calls it was spared by that. */
  readonly skipped: number;
  /** What it gets now. */
  readonly state: BreakerState;
}

/** What has happened in a chain. */
export interface ChainCounters {
  /** Questions that waited for the answer to an identical one. */
  readonly coalesced: number;
  /** By plugin id; those that ever failed. */
  readonly plugins: ReadonlyMap<string, ChainPluginCounters>;
}

/** Faults that say nothing of the plugin. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set([
  "call.cancelled",
  "pool.closed",
  "pool.queue_full",
]);

/**
 * The plugins of one capability, asked one after another until one has an answer.
 *
 * A plugin that has nothing and a plugin that fails are both passed by; they differ in what is told at the
 * end. One that fails five times in a row is left alone for a while. Loaded anew, it begins afresh.
 */
export class PluginChain<Guest extends GuestCaller = GuestCaller> {
  readonly #capability: Capability;
  readonly #options: ChainOptions<Guest>;
  readonly #calls = new Coalescer();
  readonly #breakers = new WeakMap<Guest, CircuitBreaker>();
  readonly #counts = new Map<string, { opened: number; skipped: number; of: CircuitBreaker }>();

  /** Makes a chain of the plugins that have a capability. */
  constructor(capability: Capability, options: ChainOptions<Guest>) {
    this.#capability = capability;
    this.#options = options;
  }

  /** The plugins that would be asked now, in order. */
  get plugins(): Guest[] {
    const { plugins, order } = this.#options;
    return inOrder(plugins(), order)
      .filter(({ exports }) => detectCapabilities(exports).includes(this.#capability));
  }

  /** What has happened, for metrics. */
  get counters(): ChainCounters {
    const plugins = new Map(
      [...this.#counts].map(([id, { opened, skipped, of }]) =>
        [id, { opened, skipped, state: of.state }] as const
      ),
    );
    return { coalesced: this.#calls.joined, plugins };
  }

  /**
   * The first answer that is found. Identical questions at the same time are one: each plugin is asked once,
   * and everyone gets what it answered.
   *
   * @param question Its name and whatever tells it from others; JSON.
   * @param ask Asks one plugin. Never rejects.
   */
  async first<T>(
    question: readonly unknown[],
    ask: (guest: Guest, options: CallOptions) => Promise<Answer<T>>,
    signal?: AbortSignal,
  ): Promise<FirstAnswer<T>> {
    try {
      const key = JSON.stringify(question);
      return await this.#calls.join(key, (ended) => this.#walk(ask, ended), signal);
    } catch (thrown) {
      if (!(thrown instanceof SoundproofError)) throw thrown;
      return { kind: "fault", error: thrown, faults: [] };
    }
  }

  async #walk<T>(
    ask: (guest: Guest, options: CallOptions) => Promise<Answer<T>>,
    signal: AbortSignal,
  ): Promise<FirstAnswer<T>> {
    const { timeoutMs } = this.#options;
    const options = { signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    const asked: string[] = [];
    const faults: PluginFault[] = [];
    for (const guest of this.plugins) {
      if (signal.aborted) break;
      const breaker = this.#breakerOf(guest);
      if (!breaker.enter()) {
        this.#countOf(guest.id, breaker).skipped++;
        faults.push({ plugin: guest.id, error: leftAlone(guest.id) });
        continue;
      }
      const answer = await ask(guest, options);
      asked.push(guest.id);
      if (answer.kind !== "fault") breaker.succeeded();
      else if (NOT_ITS_FAULT.has(answer.error.code)) breaker.abandoned();
      else if (breaker.failed()) this.#countOf(guest.id, breaker).opened++;
      if (answer.kind === "found") return { ...answer, plugin: guest.id };
      if (answer.kind === "fault") faults.push({ plugin: guest.id, error: answer.error });
    }
    const [first] = faults;
    return first === undefined
      ? { kind: "not_found", asked }
      : { kind: "fault", error: first.error, faults };
  }

  #breakerOf(guest: Guest): CircuitBreaker {
    const known = this.#breakers.get(guest);
    if (known !== undefined) return known;
    const { clock, breaker = DEFAULT_BREAKER_LIMITS } = this.#options;
    const made = new CircuitBreaker(clock, breaker);
    this.#breakers.set(guest, made);
    return made;
  }

  #countOf(id: string, of: CircuitBreaker): { opened: number; skipped: number } {
    const { opened = 0, skipped = 0 } = this.#counts.get(id) ?? {};
    const count = { opened, skipped, of };
    this.#counts.set(id, count);
    return count;
  }
}

/** Those of the plugins that are named, in that order; all, by id, where none are named. */
export function inOrder<Guest extends GuestCaller>(
  plugins: Iterable<Guest>,
  order: readonly string[] | undefined,
): Guest[] {
  const all = [...plugins];
  if (order === undefined) return all.sort((a, b) => a.id < b.id ? -1 : 1);
  return [...new Set(order)].flatMap((id) => all.filter((guest) => guest.id === id));
}

function leftAlone(id: string): SoundproofError {
  return new SoundproofError(
    "plugin.left_alone",
    `Cannot ask plugin "${id}": it keeps failing, and is left alone for a while`,
  );
}
