import { SoundproofError } from "../errors.ts";

interface Flight<T> {
  readonly result: Promise<T>;
  readonly ended: AbortController;
  /** Callers that still wait. */
  waiting: number;
}

/** Makes one call of identical ones that are made at the same time. */
export class Coalescer {
  readonly #flights = new Map<string, Flight<unknown>>();
  #joined = 0;

  /** Calls that were not made, since another was under way. */
  get joined(): number {
    return this.#joined;
  }

  /**
   * Starts a call, or waits for one with the same key. A caller that gives up leaves the others waiting;
   * once all have given up the call is given up, too.
   *
   * @param start Must give the same type for the same key, and heed its signal.
   * @throws {SoundproofError} `call.cancelled` for a caller that gave up; what `start` rejects with.
   */
  async join<T>(
    key: string,
    start: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (signal?.aborted) throw cancelled();
    let flight = this.#flights.get(key) as Flight<T> | undefined;
    if (flight === undefined) flight = this.#start(key, start);
    else this.#joined++;
    flight.waiting++;
    let leave: (() => void) | undefined;
    try {
      if (signal === undefined) return await flight.result;
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(cancelled());
        signal.addEventListener("abort", leave);
      });
      return await Promise.race([flight.result, left]);
    } finally {
      if (leave !== undefined) signal?.removeEventListener("abort", leave);
      flight.waiting--;
      if (flight.waiting === 0) this.#end(key, flight);
    }
  }

  #start<T>(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const ended = new AbortController();
    const flight: Flight<T> = { result: start(ended.signal), ended, waiting: 0 };
    this.#flights.set(key, flight);
    // Those who come after its end want a new answer. Whoever waits sees the fault; that nobody may is no fault.
    const done = () => this.#end(key, flight);
    flight.result.then(done, done);
    return flight;
  }

  #end<T>(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    if (flight.waiting === 0) flight.ended.abort();
  }
}

function cancelled(): SoundproofError {
  return new SoundproofError("call.cancelled", "Cannot wait for answer: its caller cancelled it");
}
