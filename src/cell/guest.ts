/**
 * The inside of a cell: makes a fresh instance for every call and runs the guest under a deadline.
 *
 * Everything a guest executes (start function, initialiser, export) happens inside one run with a time
 * limit, which is the only way to interrupt it. The run is synchronous from end to end, which is why a host
 * call waits on a shared buffer and nothing here is `async`.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import { ExtismAbi } from "./abi/extism_guest.ts";
import { GoPluginAbi } from "./abi/go_plugin.ts";
import { DeadlinePassed, type GuestAbi, GuestTrap, type Imports } from "./abi/guest_abi.ts";
import { CellEnd } from "./channel.ts";
import type { FileCaller, FileRequest, FileResponse } from "./files.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import { DeadMemory } from "./garbage.ts";
import {
  type BootMessage,
  type CallMessage,
  FILES,
  type GuestLogLine,
  type GuestOutcome,
} from "./protocol.ts";
import { withinMs } from "../time_limit.ts";
import { type GuestWasi, guestWasi, WASIProcExit } from "./wasi.ts";

/** What an ABI holds above this is given back after the call. Bytes. */
const KEPT_ABI_BYTES = 256 * 1024;
/** Memory of guests that are gone, above which a cell collects once it is idle. Bytes. */
const COLLECT_AFTER_BYTES = 32 * 1024 * 1024;
/** The same, above which it collects although the next call may wait; V8 begins to by itself at 64 MiB. Bytes. */
const COLLECT_NOW_BYTES = 112 * 1024 * 1024;
/** Memory of guests, and their number, above which both it collects then too: V8 alone lets the process grow. */
const COLLECT_AT_LEAST = { bytes: 128 * 1024 * 1024, times: 250 };
/** A prepared instance whose making takes longer is not made again. Milliseconds. */
const PREPARE_LIMIT_MS = 250;
/** A prepared instance older than this is thrown away: its clock readings are stale. Milliseconds. */
const PREPARED_LIFE_MS = 60_000;

/** An instance nobody has called yet. */
interface Instance {
  readonly exports: WebAssembly.Exports;
  readonly madeAt: number;
}

/** What instances import; one after the other uses the same. */
interface Surroundings {
  readonly abi: GuestAbi;
  readonly wasi: GuestWasi;
}

/** Runs the guests of one plugin, one after the other. */
export class GuestRunner {
  readonly #boot: BootMessage;
  readonly #announce: () => void;
  #around: Surroundings;
  #channel: CellEnd | undefined;
  #deadline = 0;
  #log: GuestLogLine[] = [];
  #dropped = 0;
  /** Whether a call runs, and not the making of the next one's instance: only a call may call the host. */
  #calling = false;
  readonly #dead = new DeadMemory();
  #prepared: Instance | undefined;
  /** Whether instances may be made ahead of their call; `undefined` until the first one was watched. */
  #preparable: boolean | undefined;
  /** Whether the watched instance has called more than plain WASI. */
  #calledHost = false;

  /**
   * @param boot What to run, and its ceilings.
   * @param announce Tells the host that a host call lies in the channel.
   */
  constructor(boot: BootMessage, announce: () => void) {
    this.#boot = boot;
    this.#announce = announce;
    this.#around = this.#surroundings();
  }

  /** Lines logged since the last time, and how many more there were. */
  takeLog(): { lines: GuestLogLine[]; dropped: number } {
    const taken = { lines: this.#log, dropped: this.#dropped };
    this.#log = [];
    this.#dropped = 0;
    return taken;
  }

  /** Calls an export on a fresh instance. Never throws. */
  call(message: CallMessage): GuestOutcome {
    if (message.channel !== undefined) this.#channel = new CellEnd(message.channel);
    this.#deadline = performance.now() + message.timeoutMs;
    const prepared = this.#takePrepared();
    if (prepared === undefined) this.#renew();
    const watch = prepared === undefined && this.#preparable === undefined;
    this.#calledHost = false;
    this.#calling = true;
    let instance = prepared;
    const { abi } = this.#around;
    const run = withinMs(message.timeoutMs, () => {
      instance ??= this.#instantiate(watch);
      abi.begin(message.input);
      if (prepared === undefined) abi.initialise(instance.exports);
      if (watch) this.#preparable = !this.#calledHost;
      return abi.call(instance.exports, message.export);
    });
    this.#calling = false;
    this.#around.wasi.flush();
    this.#dead.add(
      instance?.exports,
      memoryBytes(instance?.exports) ?? this.#boot.limits.memoryBytes,
    );
    switch (run.kind) {
      case "value":
        return run.value;
      case "error":
        return outcomeOf(run.error, abi);
      case "timeout":
        return this.#interrupted();
    }
  }

  /** Whether so much memory waits to be given back that the next call had better wait for that. */
  get mustCollect(): boolean {
    const { bytes, added } = this.#dead;
    return bytes > COLLECT_NOW_BYTES ||
      (added.bytes > COLLECT_AT_LEAST.bytes && added.times > COLLECT_AT_LEAST.times);
  }

  /**
   * Gives back the memory of guests that are gone, if that is worth its milliseconds. Not to be called in the turn of a
   * call: V8 still holds on to that call's guest.
   */
  collect(): void {
    if (this.#dead.bytes >= COLLECT_AFTER_BYTES) this.#dead.collect();
  }

  /** Uses the idle time: makes the next call's instance, where that is allowed. */
  prepare(): boolean {
    if (this.#preparable !== true || this.#boot.limits.preparedInstances === 0) return false;
    this.#renew();
    this.#calledHost = false;
    // Where the making throws, the call itself will meet the same fault and report it.
    const made = withinMs(PREPARE_LIMIT_MS, () => {
      const instance = this.#instantiate(true);
      this.#around.abi.initialise(instance.exports);
      return instance;
    });
    const quiet = this.takeLog().lines.length === 0 && !this.#calledHost;
    if (made.kind === "timeout") this.#interrupted();
    else if (made.kind === "value" && quiet) this.#prepared = made.value;
    this.#preparable = this.#prepared !== undefined;
    return this.#preparable;
  }

  /** An interruption can fall between any two steps of the kernel too, so nothing of it is kept. */
  #interrupted(): GuestOutcome {
    this.#around = this.#surroundings();
    return { kind: "deadline" };
  }

  #takePrepared(): Instance | undefined {
    const instance = this.#prepared;
    this.#prepared = undefined;
    const isFresh = instance !== undefined &&
      performance.now() - instance.madeAt < PREPARED_LIFE_MS;
    return isFresh ? instance : undefined;
  }

  /** Makes the surroundings as a new guest must find them. */
  #renew(): void {
    const { abi, wasi } = this.#around;
    if (abi.heldBytes > KEPT_ABI_BYTES) {
      this.#dead.add(abi, abi.heldBytes);
      this.#around = this.#surroundings();
    } else {
      abi.renew();
      wasi.renew();
    }
  }

  #surroundings(): Surroundings {
    const { limits, mounts } = this.#boot;
    const abi = this.#abi();
    const wasi = guestWasi(
      (stream, text) => {
        const level = abi.streamLevels[stream];
        if (level !== undefined) this.#keep({ level, text });
      },
      limits.logLineBytes,
      { mounts, call: (request, payload) => this.#files(request, payload) },
    );
    return { abi, wasi };
  }

  #abi(): GuestAbi {
    const { abi, functions, limits, ...boot } = this.#boot;
    const hostCall = (index: number, request: Uint8Array) => this.#hostCall(index, request);
    return abi === "extism"
      ? new ExtismAbi({
        ...limits,
        ...boot,
        functions,
        hostCall,
        log: (level, text) => this.#keep({ level, text }),
      })
      : new GoPluginAbi({ functions, outputBytes: limits.kernelBytes, hostCall });
  }

  #instantiate(watched: boolean): Instance {
    const { abi, wasi } = this.#around;
    const instance = new WebAssembly.Instance(this.#boot.module, {
      ...(watched ? this.#watch(abi.imports) : abi.imports),
      "wasi_snapshot_preview1": wasi.functions,
    });
    abi.attach(instance);
    wasi.attach(instance);
    return { exports: instance.exports, madeAt: performance.now() };
  }

  /** The same imports, noting that the guest called one. */
  #watch(imports: Imports): Imports {
    const noting = (value: WebAssembly.ImportValue) =>
      typeof value !== "function" ? value : (...args: unknown[]) => {
        this.#calledHost = true;
        return value(...args);
      };
    return Object.fromEntries(
      Object.entries(imports).map(([module, functions]) => [
        module,
        Object.fromEntries(
          Object.entries(functions).map(([name, value]) => [name, noting(value)]),
        ),
      ]),
    );
  }

  #hostCall(index: number, request: Uint8Array): Uint8Array<ArrayBuffer> {
    if (!this.#calling || this.#channel === undefined) {
      throw new GuestTrap("host functions cannot be called here");
    }
    const remainingMs = Math.max(0, this.#deadline - performance.now());
    const result = this.#channel.call(index, request, this.#announce, remainingMs);
    switch (result.kind) {
      case "answer":
        return result.response;
      case "refusal":
        throw new GuestTrap(result.text);
      case "too_large":
        throw new GuestTrap("request of the host call is too large");
      case "timeout":
        // The guest may catch this, but the host still waits for this answer: no other call beside it.
        this.#calling = false;
        throw new DeadlinePassed();
    }
  }

  #files(request: FileRequest, payload: Uint8Array = new Uint8Array()): ReturnType<FileCaller> {
    const index = this.#boot.functions.indexOf(FILES);
    const answer = decodeFrame(this.#hostCall(index, encodeFrame(request, payload)));
    return { response: answer.head as FileResponse, payload: answer.payload };
  }

  #keep(line: GuestLogLine): void {
    if (this.#log.length < this.#boot.limits.logLines) this.#log.push(line);
    else this.#dropped++;
  }
}

/** Size of a guest's memory; `undefined` where it does not show it, or came to no instance. */
function memoryBytes(exports: WebAssembly.Exports = {}): number | undefined {
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  return memory?.buffer.byteLength;
}

function outcomeOf(thrown: unknown, abi: GuestAbi): GuestOutcome {
  if (thrown instanceof WASIProcExit) return abi.exited(thrown.code);
  if (thrown instanceof DeadlinePassed) return { kind: "deadline" };
  return { kind: "trapped", text: errorText(thrown) };
}
