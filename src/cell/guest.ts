/**
 * The inside of a cell: makes a fresh instance for every call and runs the guest under a deadline.
 *
 * Everything a guest executes (start function, initialiser, export) happens inside one run of
 * `node:vm` with a timeout, the only way to interrupt it. The run is synchronous from end to end, which
 * is why a host call waits on a shared buffer and nothing here is `async`.
 *
 * @module
 */

import vm from "node:vm";
import { ExtismKernel, GuestTrap, type HttpAnswer, initialiserOf } from "./abi/extism.ts";
import { KernelMemory } from "./abi/kernel_memory.ts";
import { CellEnd } from "./channel.ts";
import type { FileCaller, FileRequest, FileResponse } from "./files.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import { collectGarbage } from "./garbage.ts";
import {
  type BootMessage,
  BUILT_IN_HTTP,
  type CallMessage,
  FILES,
  type GuestLogLine,
  type GuestOutcome,
} from "./protocol.ts";
import { type GuestWasi, guestWasi, WASIProcExit } from "./wasi.ts";

/** Kernel memory above this is given back after the call. Bytes. */
const KEPT_KERNEL_BYTES = 256 * 1024;
/** Guest memory made since the last collection, above which a cell collects once it is idle. Bytes. */
const COLLECT_AFTER_BYTES = 32 * 1024 * 1024;
/** The same, above which it collects although the next call may wait. Bytes. */
const COLLECT_NOW_BYTES = 128 * 1024 * 1024;
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
  readonly memory: KernelMemory;
  readonly kernel: ExtismKernel;
  readonly wasi: GuestWasi;
  readonly imports: Record<string, Readonly<Record<string, WebAssembly.ImportValue>>>;
}

/** Runs the guests of one plugin, one after the other. */
export class GuestRunner {
  readonly #boot: BootMessage;
  readonly #announce: () => void;
  readonly #run: (body: () => void, timeoutMs: number) => "done" | "deadline";
  readonly #hostFunctions: Readonly<Record<string, WebAssembly.ImportValue>>;
  #around: Surroundings;
  #channel: CellEnd | undefined;
  #deadline = 0;
  #log: GuestLogLine[] = [];
  #dropped = 0;
  /** Whether a call runs, and not the making of the next one's instance: only a call may call the host. */
  #calling = false;
  #memoryMade = 0;
  #prepared: Instance | undefined;
  /** Whether instances may be made ahead of their call; `undefined` until the first one was watched. */
  #preparable: boolean | undefined;
  /** Whether the watched instance has called more than plain WASI. */
  #calledKernel = false;

  /**
   * @param boot What to run, and its ceilings.
   * @param announce Tells the host that a host call lies in the channel.
   */
  constructor(boot: BootMessage, announce: () => void) {
    this.#boot = boot;
    this.#announce = announce;
    this.#hostFunctions = Object.fromEntries(
      boot.functions.map((name, index) => [name, (handle: bigint) => {
        const response = this.#hostCall(index, this.#around.memory.block(Number(handle)));
        return BigInt(this.#around.memory.store(response));
      }]),
    );
    this.#around = this.#surroundings();
    this.#run = makeInterruptible();
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
    this.#calledKernel = false;
    this.#calling = true;
    let outcome: GuestOutcome = { kind: "trapped", text: "guest ended without an outcome" };
    let instance = prepared;
    const ended = this.#run(() => {
      try {
        instance ??= this.#instantiate(watch);
        if (!this.#around.kernel.setInput(message.input)) {
          throw new GuestTrap("input does not fit into kernel memory");
        }
        if (prepared === undefined) this.#initialise(instance, watch);
        outcome = callExport(instance, this.#around.kernel, message.export);
      } catch (thrown) {
        outcome = outcomeOf(thrown);
      }
    }, message.timeoutMs);
    this.#calling = false;
    this.#around.wasi.flush();
    this.#memoryMade += memoryBytes(instance?.exports) ?? this.#boot.limits.memoryBytes;
    return ended === "deadline" ? this.#interrupted() : outcome;
  }

  /** Whether so much memory was made that the next call had better wait until it is given back. */
  get mustCollect(): boolean {
    return this.#memoryMade > COLLECT_NOW_BYTES;
  }

  /**
   * Gives back the memory of guests that are gone, if that is worth its milliseconds.
   *
   * @param idle Whether the cell is at rest. In the turn of a call V8 still holds on to that call's guest, so a
   * collection there is followed by another.
   */
  collect(idle: boolean): void {
    if (this.#memoryMade < COLLECT_AFTER_BYTES) return;
    this.#memoryMade = idle ? 0 : COLLECT_AFTER_BYTES;
    collectGarbage();
  }

  /** Uses the idle time: makes the next call's instance, where that is allowed. */
  prepare(): boolean {
    if (this.#preparable !== true || this.#boot.limits.preparedInstances === 0) return false;
    this.#renew();
    this.#calledKernel = false;
    let made: Instance | undefined;
    const ended = this.#run(() => {
      try {
        const instance = this.#instantiate(true);
        initialiserOf(instance.exports)?.();
        made = instance;
      } catch { /* the call itself will meet the same fault and report it */ }
    }, PREPARE_LIMIT_MS);
    const quiet = this.takeLog().lines.length === 0 && !this.#calledKernel;
    if (ended === "deadline") this.#interrupted();
    else if (quiet) this.#prepared = made;
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
    const { memory, kernel, wasi } = this.#around;
    if (memory.size > KEPT_KERNEL_BYTES) {
      this.#memoryMade += memory.size;
      this.#around = this.#surroundings();
    } else {
      kernel.renew();
      wasi.renew();
    }
  }

  #surroundings(): Surroundings {
    const { limits, logLevel, config, mounts } = this.#boot;
    const memory = new KernelMemory(limits.kernelBytes);
    const kernel = new ExtismKernel({
      memory,
      config,
      variableBytes: limits.variableBytes,
      logLevel,
      logLineBytes: limits.logLineBytes,
      log: (level, text) => this.#keep({ level, text }),
      http: (request, body) => this.#http(request, body),
    });
    const wasi = guestWasi(
      (stream, text) => this.#keep({ level: stream === 1 ? "info" : "warn", text }),
      limits.logLineBytes,
      { mounts, call: (request, payload) => this.#files(request, payload) },
    );
    const imports = {
      "extism:host/env": kernel.functions,
      "extism:host/user": this.#hostFunctions,
      "wasi_snapshot_preview1": wasi.functions,
    };
    return { memory, kernel, wasi, imports };
  }

  #instantiate(watched: boolean): Instance {
    const { imports, wasi } = this.#around;
    const { module } = this.#boot;
    const instance = new WebAssembly.Instance(module, watched ? this.#watch(imports) : imports);
    wasi.attach(instance);
    return { exports: instance.exports, madeAt: performance.now() };
  }

  #initialise(instance: Instance, watch: boolean): void {
    try {
      initialiserOf(instance.exports)?.();
    } catch (thrown) {
      if (thrown instanceof WASIProcExit) throw thrown;
      throw new GuestTrap(`failed to initialize runtime: ${textOf(thrown)}`);
    }
    if (watch) this.#preparable = !this.#calledKernel;
  }

  /** The same imports, noting that the guest called one which is not plain WASI. */
  #watch(imports: Surroundings["imports"]) {
    const noting = (functions: Readonly<Record<string, WebAssembly.ImportValue>>) =>
      Object.fromEntries(
        Object.entries(functions).map(([name, value]) => {
          if (typeof value !== "function") return [name, value];
          return [name, (...args: unknown[]) => {
            this.#calledKernel = true;
            return value(...args);
          }];
        }),
      );
    return {
      ...imports,
      "extism:host/env": noting(imports["extism:host/env"] ?? {}),
      "extism:host/user": noting(imports["extism:host/user"] ?? {}),
    };
  }

  #hostCall(index: number, request: Uint8Array): Uint8Array {
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

  #http(request: Uint8Array, body: Uint8Array): HttpAnswer {
    const text = new TextDecoder().decode(request);
    const index = this.#boot.functions.indexOf(BUILT_IN_HTTP);
    if (index < 0) throw new GuestTrap(`HTTP request to '${urlOf(text)}' is not allowed`);
    const { head, payload } = decodeFrame(this.#hostCall(index, encodeFrame(text, body)));
    return { ...head as Omit<HttpAnswer, "body">, body: payload };
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

/** The host did not answer before the guest's time was up. */
class DeadlinePassed extends Error {}

/** Size of a guest's memory; `undefined` where it does not show it, or came to no instance. */
function memoryBytes(exports: WebAssembly.Exports = {}): number | undefined {
  const memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  return memory?.buffer.byteLength;
}

function callExport({ exports }: Instance, kernel: ExtismKernel, name: string): GuestOutcome {
  const run = exports[name];
  if (typeof run !== "function") throw new GuestTrap(`it exports no function ${name}`);
  let code: unknown;
  try {
    code = run();
  } catch (thrown) {
    // As upstream, leaving with 0 is a return (extism-abi.md, 1.6, row 5).
    if (!(thrown instanceof WASIProcExit) || thrown.code !== 0) throw thrown;
  }
  if (code === undefined) code = 0;
  if (typeof code !== "number" || code !== (code | 0)) {
    throw new GuestTrap(`its export ${name} does not return an i32`);
  }
  const error = kernel.error();
  return {
    kind: "returned",
    code,
    output: kernel.output(),
    ...(error !== undefined && { error }),
  };
}

function outcomeOf(thrown: unknown): GuestOutcome {
  if (thrown instanceof WASIProcExit) {
    return thrown.code === 0
      ? { kind: "returned", code: 0, output: new Uint8Array() }
      : { kind: "exited", code: thrown.code >>> 0 };
  }
  if (thrown instanceof DeadlinePassed) return { kind: "deadline" };
  return { kind: "trapped", text: textOf(thrown) };
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function urlOf(request: string): string {
  try {
    return String(JSON.parse(request).url).slice(0, 2_000);
  } catch {
    return "";
  }
}

/**
 * Makes a function that runs a body and interrupts it when its time is up.
 *
 * That every loop can be interrupted depends on how Deno was started; see `deadline_probe.ts`.
 *
 * `runInThisContext` sees globals only, hence the one it defines. An interrupted body runs no `catch`
 * and no `finally`, so whatever must hold afterwards is set by the caller.
 */
function makeInterruptible(): (body: () => void, timeoutMs: number) => "done" | "deadline" {
  let current = () => {};
  Object.defineProperty(globalThis, "runGuest", { value: () => current() });
  const script = new vm.Script("runGuest()");
  return (body, timeoutMs) => {
    current = body;
    try {
      script.runInThisContext({ timeout: Math.max(1, Math.ceil(timeoutMs)) });
      return "done";
    } catch (thrown) {
      if (
        thrown instanceof Error && Reflect.get(thrown, "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT"
      ) {
        return "deadline";
      }
      throw thrown;
    } finally {
      current = () => {}; // lets go of the guest
    }
  };
}
