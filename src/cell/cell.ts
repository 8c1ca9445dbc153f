/**
 * The host's side of a cell: a Deno Worker with no permission at all, one call at a time.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import type { LogLevel } from "./abi/extism.ts";
import { HostEnd, makeChannel } from "./channel.ts";
import type { MountPoint } from "./files.ts";
import type { CellLimits } from "./limits.ts";
import {
  type BootMessage,
  type CellMessage,
  type GuestLog,
  type GuestOutcome,
  readCellMessage,
} from "./protocol.ts";

/** A cell that is this much past its deadline is given up: its thread cannot be ended. Milliseconds. */
export const GRACE_MS = 1_000;

/**
 * Answers a host call. Where it throws, the guest's call ends as trapped with that text.
 *
 * @param name A host function that was granted; nothing else is asked for.
 * @param signal Aborted when the guest's call is over, its deadline passed or its caller gone.
 */
export type HostCallHandler = (
  name: string,
  request: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
) => Uint8Array | Promise<Uint8Array>;

/** What a cell runs. */
export interface CellProgram {
  readonly module: WebAssembly.Module;
  /** Names of granted host functions. */
  readonly functions: readonly string[];
  readonly config: ReadonlyMap<string, string>;
  /** Folders mounted for the guest; their operations come as calls of the host function `FILES`. */
  readonly mounts?: readonly MountPoint[];
  readonly logLevel: LogLevel;
  readonly limits: CellLimits;
  readonly handle: HostCallHandler;
  /** Script of the worker; another than the cell's own only where a test plays an enemy. */
  readonly script?: URL;
}

/** What one call came to. */
export interface CallResult {
  readonly outcome: GuestOutcome | { readonly kind: "lost"; readonly text: string };
  readonly log: GuestLog;
}

const NO_LOG: GuestLog = { lines: [], dropped: 0 };

interface RunningCall {
  readonly settle: (result: CallResult) => void;
  /** Made for the first host call: most calls of small guests make none. */
  abort?: AbortController;
  hostCallPending: boolean;
}

/** A worker that runs guests of one plugin. Calls must not overlap; the pool sees to that. */
export class Cell {
  readonly #program: CellProgram;
  readonly #worker: Worker;
  #channel: HostEnd;
  #channelSent = false;
  #running: RunningCall | undefined;
  #state: "idle" | "busy" | "ended" = "idle";
  #prepared = false;

  /** Starts the worker. A call can be made at once; it waits until the cell has booted. */
  constructor(program: CellProgram) {
    this.#program = program;
    this.#channel = new HostEnd(makeChannel(program.limits.hostCallBytes));
    this.#worker = new Worker(program.script ?? new URL("./cell_worker.ts", import.meta.url), {
      type: "module",
      name: "cell",
      deno: { permissions: "none" },
    });
    this.#worker.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`its cell failed: ${event.message}`);
    };
    this.#worker.onmessageerror = () => this.#lose("its cell sent what cannot be read");
    const { module, functions, config, mounts = [], logLevel, limits } = program;
    const boot: BootMessage = { kind: "boot", module, functions, config, mounts, logLevel, limits };
    this.#worker.postMessage(boot);
  }

  /** Whether the cell cannot be used any more. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Whether an instance for the next call is ready. */
  get prepared(): boolean {
    return this.#prepared;
  }

  /**
   * Runs an export on a fresh instance.
   *
   * Never rejects; a cell that does not answer within {@link GRACE_MS} of the deadline is lost.
   *
   * @param timeoutMs The guest's deadline, counted from when the cell takes up the call.
   */
  call(name: string, input: Uint8Array, timeoutMs: number): Promise<CallResult> {
    const { promise, resolve } = Promise.withResolvers<CallResult>();
    if (this.#state !== "idle") {
      throw new TypeError(`Cannot call a cell that is ${this.#state}`);
    }
    const graceTimer = setTimeout(
      () => this.#lose("its cell did not come back from the deadline"),
      timeoutMs + GRACE_MS,
    );
    this.#state = "busy";
    this.#prepared = false;
    const running: RunningCall = {
      hostCallPending: false,
      settle: (result) => {
        clearTimeout(graceTimer);
        this.#running = undefined;
        running.abort?.abort(new DOMException("The guest's call is over", "AbortError"));
        resolve(result);
      },
    };
    this.#running = running;
    if (this.#channel.isLarge) {
      this.#channel = new HostEnd(makeChannel(this.#program.limits.hostCallBytes));
      this.#channelSent = false;
    }
    this.#worker.postMessage({
      kind: "call",
      export: name,
      input,
      timeoutMs,
      ...(!this.#channelSent && { channel: this.#channel.buffer }),
    });
    this.#channelSent = true;
    return promise;
  }

  /** Ends the worker; a call that runs is lost. */
  end(): void {
    this.#lose("its cell was ended");
  }

  #lose(text: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#worker.terminate();
    this.#running?.settle({ outcome: { kind: "lost", text }, log: NO_LOG });
  }

  #hear(data: unknown): void {
    const message = readCellMessage(data, this.#program.limits);
    if (this.#state === "ended") return;
    if (message === undefined || !this.#obey(message)) this.#lose("its cell broke the protocol");
  }

  /** Acts on a message; false where it has no place here. */
  #obey(message: CellMessage): boolean {
    const running = this.#running;
    switch (message.kind) {
      case "ready":
        return true;
      case "host_call":
        return running !== undefined && !running.hostCallPending && this.#hostCall(running);
      case "outcome":
        if (running === undefined) return false;
        this.#state = "idle";
        running.settle({ outcome: message.outcome, log: message.log });
        return true;
      case "idle":
        this.#prepared = message.prepared && running === undefined;
        return true;
    }
  }

  #hostCall(running: RunningCall): boolean {
    const call = this.#channel.take();
    const name = call && this.#program.functions[call.index];
    if (call === undefined || name === undefined) return false;
    const channel = this.#channel;
    running.abort ??= new AbortController();
    const isOpen = () => this.#running === running;
    try {
      const response = this.#program.handle(name, call.request, running.abort.signal);
      if (response instanceof Uint8Array) {
        channel.answer(response);
        return true;
      }
      running.hostCallPending = true;
      response.then(
        (response) => isOpen() && channel.answer(response),
        (thrown) => isOpen() && channel.refuse(textOf(thrown)),
      ).finally(() => running.hostCallPending = false);
    } catch (thrown) {
      channel.refuse(textOf(thrown));
    }
    return true;
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof SoundproofError ? thrown.message : "host function failed";
}
