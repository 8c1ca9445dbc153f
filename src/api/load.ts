import { SoundproofError } from "../errors.ts";

/** What callers may hold at once. */
export interface LoadLimits {
  /** Requests under way. */
  readonly requests: number;
  /** Requests under way of one caller. */
  readonly requestsOfOne: number;
  /** Event streams that are open. */
  readonly streams: number;
  /** Event streams that are open of one caller. */
  readonly streamsOfOne: number;
  /** Bodies that arrive or are worked on, and answers that wait to be fetched. Bytes. */
  readonly bytes: number;
}

/** The ceilings of a service. */
export const DEFAULT_LOAD_LIMITS: LoadLimits = Object.freeze({
  requests: 1_024,
  requestsOfOne: 512,
  streams: 128,
  streamsOfOne: 32,
  bytes: 160 * 1024 * 1024,
});

/** One request, or one event stream, that was let in. */
export interface Visit {
  /** Counts bytes that are kept until it is over. @throws {SoundproofError} `api.busy` */
  hold(bytes: number): void;
  /** It is over; a second time does nothing. */
  end(): void;
}

/** Whatever callers do, the memory it costs has a ceiling: counts what is under way, and refuses what is beyond. */
export class Load {
  readonly #limits: LoadLimits;
  readonly #own = { requests: new Map<string, number>(), streams: new Map<string, number>() };
  readonly #total = { requests: 0, streams: 0 };
  #bytes = 0;

  /** Begins with nothing under way. */
  constructor(limits: LoadLimits = DEFAULT_LOAD_LIMITS) {
    this.#limits = limits;
  }

  /** What is under way now. */
  get counters(): { readonly requests: number; readonly streams: number; readonly bytes: number } {
    return { ...this.#total, bytes: this.#bytes };
  }

  /** Lets a request, or an event stream, of this caller in. @throws {SoundproofError} `api.busy` */
  enter(kind: "requests" | "streams", caller: string): Visit {
    const own = this.#own[kind];
    const before = own.get(caller) ?? 0;
    if (this.#total[kind] >= this.#limits[kind]) throw busy(`${this.#total[kind]} ${kind}`);
    if (before >= this.#limits[`${kind}OfOne`]) throw busy(`${before} ${kind} of this token`);
    own.set(caller, before + 1);
    this.#total[kind]++;
    let held = 0;
    let over = false;
    return {
      hold: (bytes) => {
        if (this.#bytes + bytes > this.#limits.bytes) throw busy(`${this.#bytes} bytes`);
        held += bytes;
        this.#bytes += bytes;
      },
      end: () => {
        if (over) return;
        over = true;
        this.#bytes -= held;
        this.#total[kind]--;
        const left = (own.get(caller) ?? 1) - 1;
        if (left > 0) own.set(caller, left);
        else own.delete(caller);
      },
    };
  }
}

function busy(state: string): SoundproofError {
  return new SoundproofError(
    "api.busy",
    `Cannot answer now: ${state} are under way; try again later`,
  );
}
