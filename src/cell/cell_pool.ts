/**
 * The cells of one plugin: started when calls need them, ended when idle.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import { type CallResult, Cell, type CellCallOptions, type CellProgram } from "./cell.ts";

/** Bounds of a pool. */
export interface PoolLimits {
  /** Cells at once. */
  readonly cells: number;
  /** Cells beyond these for calls that are made from inside a call of the same plugin. */
  readonly nestedCells: number;
  /** An idle cell ends after this. Milliseconds. */
  readonly idleMs: number;
  /** Calls that may wait for a cell. */
  readonly queue: number;
  /** How long a call may wait for a cell. Milliseconds. */
  readonly queueMs: number;
  /** Cells that may be lost before the plugin is given no more: each may still hold a thread. */
  readonly lostCells: number;
}

/** The bounds that hold where nothing else is configured. */
export const DEFAULT_POOL_LIMITS: PoolLimits = Object.freeze({
  cells: 8,
  nestedCells: 8,
  idleMs: 60_000,
  queue: 1_000,
  queueMs: 30_000,
  lostCells: 8,
});

/** What a call may say of itself. */
export interface PoolCallOptions extends CellCallOptions {
  /** The guest's deadline. Milliseconds. */
  readonly timeoutMs: number;
  /** Whether a call of this plugin waits for this one, so that waiting for its cell would never end. */
  readonly nested?: boolean;
}

/** What a pool has done and holds. */
export interface PoolCounters {
  /** Cells alive. */
  readonly cells: number;
  /** Calls in the queue. */
  readonly waiting: number;
  /** Calls that were given a cell. */
  readonly calls: number;
  /** Calls that were stopped at their deadline. */
  readonly deadlines: number;
  /** Cells that did not come back, and the calls with them. */
  readonly lost: number;
}

/** Runs the calls of one plugin on up to `limits.cells` cells, one call a cell at a time. */
export class CellPool {
  readonly #program: CellProgram;
  readonly #limits: PoolLimits;
  readonly #cells = new Set<Cell>();
  /** Idle cells and the timers that will end them; the last used one is the last. */
  readonly #idle = new Map<Cell, ReturnType<typeof setTimeout>>();
  readonly #waiting = new Set<(cell: Cell | SoundproofError) => void>();
  #calls = 0;
  #deadlines = 0;
  #lost = 0;
  #closed = false;

  constructor(program: CellProgram, limits: PoolLimits = DEFAULT_POOL_LIMITS) {
    this.#program = program;
    this.#limits = limits;
  }

  /** What the pool has done and holds now. */
  get counters(): PoolCounters {
    return {
      cells: this.#cells.size,
      waiting: this.#waiting.size,
      calls: this.#calls,
      deadlines: this.#deadlines,
      lost: this.#lost,
    };
  }

  /**
   * Calls an export on a fresh instance, as soon as a cell is free.
   *
   * @throws {SoundproofError} `pool.closed`, `pool.queue_full`, `pool.queue_deadline`,
   * `pool.cells_lost`: the guest was not called; `call.cancelled`: it was not, or its cell is free again as soon
   * as it asks its host for something, or at its deadline.
   */
  async call(name: string, input: Uint8Array, options: PoolCallOptions): Promise<CallResult> {
    const { signal, nested } = options;
    if (signal?.aborted) throw cancelledError();
    const cell = this.#takeFree(nested) ?? await this.#wait(signal);
    // Between a cell's being given and this line anything may have happened to it.
    if (this.#closed) throw closedError();
    if (signal?.aborted) {
      this.#release(cell);
      throw cancelledError();
    }
    this.#calls++;
    const run = cell.call(name, input, options.timeoutMs, options).then((result) => {
      if (result.outcome.kind === "deadline") this.#deadlines++;
      this.#release(cell);
      return result;
    });
    return signal === undefined ? await run : await unlessCancelled(run, signal);
  }

  /** Ends idle cells, for instance because memory is short. They come back when they are needed. */
  endIdle(): void {
    for (const cell of [...this.#idle.keys()]) this.#end(cell);
  }

  /** Refuses what waits and ends every cell; calls that run are lost. */
  close(): void {
    this.#closed = true;
    for (const give of [...this.#waiting]) give(closedError());
    for (const cell of [...this.#cells]) this.#end(cell);
  }

  #takeFree(nested = false): Cell | undefined {
    if (this.#closed) throw closedError();
    const idle = [...this.#idle.keys()];
    const cell = idle.findLast((cell) => cell.prepared) ?? idle.at(-1);
    if (cell !== undefined) {
      clearTimeout(this.#idle.get(cell));
      this.#idle.delete(cell);
      return cell;
    }
    const { cells, nestedCells } = this.#limits;
    return this.#cells.size < cells + (nested ? nestedCells : 0) ? this.#start() : undefined;
  }

  #start(): Cell {
    if (this.#lost >= this.#limits.lostCells) {
      throw new SoundproofError(
        "pool.cells_lost",
        `Cannot start a cell: ${this.#lost} cells of this plugin were lost, max is ${this.#limits.lostCells}`,
      );
    }
    const cell = new Cell(this.#program, () => {
      this.#lost++;
      this.#end(cell);
    });
    this.#cells.add(cell);
    return cell;
  }

  #wait(signal: AbortSignal | undefined): Promise<Cell> {
    if (this.#waiting.size >= this.#limits.queue) {
      throw new SoundproofError(
        "pool.queue_full",
        `Cannot queue call: ${this.#waiting.size} calls wait already, max is ${this.#limits.queue}`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Cell>();
    const give = (cell: Cell | SoundproofError) => {
      this.#waiting.delete(give);
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      if (cell instanceof Cell) resolve(cell);
      else reject(cell);
    };
    const timer = setTimeout(() => {
      const state = `no cell was free within ${this.#limits.queueMs} ms`;
      give(new SoundproofError("pool.queue_deadline", `Cannot run call: ${state}`));
    }, this.#limits.queueMs);
    const cancel = () => give(cancelledError());
    this.#waiting.add(give);
    signal?.addEventListener("abort", cancel);
    return promise;
  }

  /** Hands a cell that is done to the next call, or lets it idle. */
  #release(cell: Cell): void {
    if (cell.ended || this.#closed || this.#cells.size > this.#limits.cells) {
      this.#end(cell);
      this.#replace();
      return;
    }
    const [next] = this.#waiting;
    if (next !== undefined) return next(cell);
    this.#idle.set(cell, setTimeout(() => this.#end(cell), this.#limits.idleMs));
  }

  /** Starts a cell for a waiting call in the place of one that is gone. */
  #replace(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#closed) return;
    try {
      next(this.#start());
    } catch (thrown) {
      if (!(thrown instanceof SoundproofError)) throw thrown;
      // Others may still be served by the cells that are left.
      if (this.#cells.size === 0) { for (const give of [...this.#waiting]) give(thrown); }
    }
  }

  #end(cell: Cell): void {
    clearTimeout(this.#idle.get(cell));
    this.#idle.delete(cell);
    this.#cells.delete(cell);
    cell.end();
  }
}

/** What a call gives, as long as its caller waits for it. */
function unlessCancelled<T>(run: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const cancel = () => reject(cancelledError());
  signal.addEventListener("abort", cancel);
  run.finally(() => signal.removeEventListener("abort", cancel)).then(resolve, reject);
  return promise;
}

function cancelledError(): SoundproofError {
  return new SoundproofError("call.cancelled", "Cannot run call: its caller cancelled it", {
    detail: "context canceled",
  });
}

function closedError(): SoundproofError {
  return new SoundproofError("pool.closed", "Cannot run call: the plugin is being unloaded");
}
