/**
 * The host's side of a cell: a Deno Worker with no permission at all, one call at a time.
 *
 * @module
 */

import v8 from "node:v8";
import { SoundproofError } from "../errors.ts";
import type { Abi } from "./abi/guest_abi.ts";
import { HostEnd, makeChannel } from "./channel.ts";
import type { MountPoint } from "./files.ts";
import type { CellLimits } from "./limits.ts";
import {
  type BootMessage,
  type CellMessage,
  type GuestLog,
  type GuestOutcome,
  type LogLevel,
  readCellMessage,
  visibleLine,
} from "./protocol.ts";

// For the cells' own collections. Set here, once for the process: in each cell it would cost 6 ms of its start.
v8.setFlagsFromString("--expose-gc");

/** A cell that is this much past its deadline is given up: its thread cannot be ended. Milliseconds. */
export const GRACE_MS = 1_000;
/** A cell that has not booted after this is given up. Milliseconds; a busy machine may need many. */
const BOOT_MS = 30_000;
/** Characters of a failure's text that are shown. */
const FAILURE_LENGTH = 200;

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
  /** How its guests talk; Extism's way unless given. */
  readonly abi?: Abi;
  /** Names of granted host functions. */
  readonly functions: readonly string[];
  readonly config: ReadonlyMap<string, string>;
  /** Folders mounted for the guest; their operations come as calls of the host function `FILES`. */
  readonly mounts?: readonly MountPoint[];
  readonly logLevel: LogLevel;
  readonly limits: CellLimits;
  /** Answers host calls of calls that bring no handler of their own. */
  readonly handle?: HostCallHandler;
  /** Script of the worker; another than the cell's own only where a test plays an enemy. */
  readonly script?: URL;
}

/** What one call came to. */
export interface CallResult {
  readonly outcome: GuestOutcome | { readonly kind: "lost"; readonly text: string };
  readonly log: GuestLog;
}

const unanswered: HostCallHandler = () => {
  throw new TypeError("Cannot answer host call: neither the program nor the call has a handler");
};

/** What a guest reads of a host function when nobody waits for its call any more. */
const ABANDONED = "its caller cancelled it";
const NO_LOG: GuestLog = { lines: [], dropped: 0 };

interface RunningCall {
  readonly settle: (result: CallResult) => void;
  /** Nobody waits for the call any more. */
  readonly abandon: () => void;
  /** Made for the first host call: most calls of small guests make none. */
  abort?: AbortController;
  readonly timeoutMs: number;
  readonly handle: HostCallHandler;
  hostCallPending: boolean;
}

/** What a call may say of itself. */
export interface CellCallOptions {
  /**
   * Its caller has gone: a call that waits for a cell leaves the queue; what a guest waits for is cut off, and it is
   * answered nothing more.
   */
  readonly signal?: AbortSignal | undefined;
  /** Answers this call's host calls, in the place of the program's own. */
  readonly handle?: HostCallHandler | undefined;
}

/** A worker that runs guests of one plugin. Calls must not overlap; the pool sees to that. */
export class Cell {
  readonly #program: CellProgram;
  readonly #worker: Worker;
  #channel: HostEnd;
  #channelSent = false;
  #running: RunningCall | undefined;
  readonly #onLost: () => void;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #state: "idle" | "busy" | "ended" = "idle";
  #booted = false;
  /** Whether the cell has answered a call and not said since that it is idle. */
  #mayIdle = false;
  #prepared = false;

  /**
   * Starts the worker. A call can be made at once; it waits until the cell has booted.
   *
   * @param onLost Told when the cell is lost, in a call or while it is idle; not when it is ended.
   */
  constructor(program: CellProgram, onLost: () => void = () => {}) {
    this.#program = program;
    this.#onLost = onLost;
    this.#channel = new HostEnd(makeChannel(program.limits.hostCallBytes));
    this.#worker = new Worker(program.script ?? new URL("./cell_worker.ts", import.meta.url), {
      type: "module",
      name: "cell",
      deno: { permissions: "none" },
    });
    this.#worker.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(`its cell failed: ${visibleLine(event.message, FAILURE_LENGTH)}`);
    };
    this.#worker.onmessageerror = () => this.#lose("its cell sent what cannot be read");
    const { module, abi = "extism", functions, config, mounts = [], logLevel, limits } = program;
    this.#worker.postMessage(
      {
        kind: "boot",
        module,
        abi,
        functions,
        config,
        mounts,
        logLevel,
        limits,
      } satisfies BootMessage,
    );
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
  call(
    name: string,
    input: Uint8Array,
    timeoutMs: number,
    { signal, handle = this.#program.handle ?? unanswered }: CellCallOptions = {},
  ): Promise<CallResult> {
    const { promise, resolve } = Promise.withResolvers<CallResult>();
    if (this.#state !== "idle") {
      throw new TypeError(`Cannot call a cell that is ${this.#state}`);
    }
    this.#state = "busy";
    this.#prepared = false;
    const abandon = () => running.abandon();
    signal?.addEventListener("abort", abandon);
    const running: RunningCall = {
      timeoutMs,
      handle,
      hostCallPending: false,
      abandon: () => {
        if (running.hostCallPending) this.#channel.refuse(ABANDONED);
        running.hostCallPending = false;
        running.abort ??= new AbortController();
        running.abort.abort(new DOMException("The guest's caller has gone", "AbortError"));
      },
      settle: (result) => {
        clearTimeout(this.#graceTimer);
        signal?.removeEventListener("abort", abandon);
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
    this.#startGrace();
    return promise;
  }

  /** Ends the worker; a call that runs is lost. */
  end(): void {
    if (this.#state === "ended") return;
    this.#terminate();
    this.#running?.settle({
      outcome: { kind: "lost", text: "its cell was ended" },
      log: NO_LOG,
    });
  }

  #lose(text: string): void {
    if (this.#state === "ended") return;
    const running = this.#running;
    this.#terminate();
    this.#onLost();
    running?.settle({ outcome: { kind: "lost", text }, log: NO_LOG });
  }

  /** Terminates the worker, and lets go of its thread where a guest waits for the host. */
  #terminate(): void {
    this.#state = "ended";
    this.#worker.terminate();
    this.#channel.end();
  }

  /** Counts the running call's time from here on: its deadline and the grace, or the boot before it. */
  #startGrace(): void {
    const running = this.#running;
    if (running === undefined) return;
    clearTimeout(this.#graceTimer);
    this.#graceTimer = this.#booted
      ? setTimeout(
        () => this.#lose("its cell did not come back from the deadline"),
        running.timeoutMs + GRACE_MS,
      )
      : setTimeout(() => this.#lose("its cell did not boot"), BOOT_MS);
  }

  #hear(data: unknown): void {
    if (this.#state === "ended") return;
    const message = readCellMessage(data, this.#program.limits);
    if (message === undefined || !this.#obey(message)) this.#lose("its cell broke the protocol");
  }

  /** Acts on a message; false where it has no place here. */
  #obey(message: CellMessage): boolean {
    const running = this.#running;
    switch (message.kind) {
      case "ready":
        if (this.#booted) return false;
        this.#booted = true;
        this.#startGrace();
        return true;
      case "host_call":
        return running !== undefined && !running.hostCallPending && this.#hostCall(running);
      case "outcome":
        if (running === undefined) return false;
        this.#state = "idle";
        this.#mayIdle = true;
        running.settle({ outcome: message.outcome, log: message.log });
        return true;
      case "idle":
        if (!this.#mayIdle) return false;
        this.#mayIdle = false;
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
    const { signal } = running.abort;
    if (signal.aborted) {
      channel.refuse(ABANDONED);
      return true;
    }
    const isOpen = () => !signal.aborted;
    try {
      const response = running.handle(name, call.request, signal);
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
