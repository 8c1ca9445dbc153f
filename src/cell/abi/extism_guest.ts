/**
 * How an export of an Extism guest is called, from its input to its outcome (`extism-abi.md`, 1.6 and 1.7).
 *
 * @module
 */

import { errorText } from "../../errors.ts";
import { decodeFrame, encodeFrame } from "../frame.ts";
import { BUILT_IN_HTTP, type GuestOutcome, type LogLevel } from "../protocol.ts";
import { WASIProcExit } from "../wasi.ts";
import { ExtismKernel, type HttpAnswer } from "./extism.ts";
import { type GuestAbi, GuestTrap, type HostCaller, type Imports } from "./guest_abi.ts";
import { KernelMemory } from "./kernel_memory.ts";

/** What the ABI needs from around it. */
export interface ExtismSurroundings {
  /** Names of the granted host functions; a host call names one by its index. */
  readonly functions: readonly string[];
  readonly config: ReadonlyMap<string, string>;
  readonly kernelBytes: number;
  readonly variableBytes: number;
  readonly logLevel: LogLevel;
  readonly logLineBytes: number;
  readonly log: (level: LogLevel, text: string) => void;
  readonly hostCall: HostCaller;
}

/** See {@link GuestAbi}. */
export class ExtismAbi implements GuestAbi {
  readonly imports: Imports;
  readonly streamLevels = { 1: "info", 2: "warn" } as const;
  readonly #around: ExtismSurroundings;
  readonly #memory: KernelMemory;
  readonly #kernel: ExtismKernel;

  constructor(around: ExtismSurroundings) {
    this.#around = around;
    const memory = new KernelMemory(around.kernelBytes);
    this.#memory = memory;
    this.#kernel = new ExtismKernel({
      ...around,
      memory,
      http: (request, body) => this.#http(request, body),
    });
    this.imports = {
      "extism:host/env": this.#kernel.functions,
      "extism:host/user": Object.fromEntries(
        around.functions.map((name, index) => [name, (handle: bigint) => {
          const response = around.hostCall(index, memory.block(Number(handle)));
          return BigInt(memory.store(response));
        }]),
      ),
    };
  }

  get heldBytes(): number {
    return this.#memory.size;
  }

  renew(): void {
    this.#kernel.renew();
  }

  begin(input: Uint8Array): void {
    if (!this.#kernel.setInput(input)) {
      throw new GuestTrap("input does not fit into kernel memory");
    }
  }

  attach(): void {}

  initialise(exports: WebAssembly.Exports): void {
    try {
      initialiserOf(exports)?.();
    } catch (thrown) {
      if (thrown instanceof WASIProcExit) throw thrown;
      throw new GuestTrap(`failed to initialize runtime: ${errorText(thrown)}`);
    }
  }

  call(exports: WebAssembly.Exports, name: string): GuestOutcome {
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
    const error = this.#kernel.error();
    return {
      kind: "returned",
      code,
      output: this.#kernel.output(),
      ...(error !== undefined && { error }),
    };
  }

  exited(code: number): GuestOutcome {
    return code === 0
      ? { kind: "returned", code: 0, output: new Uint8Array() }
      : { kind: "exited", code: code >>> 0 };
  }

  #http(request: Uint8Array, body: Uint8Array): HttpAnswer {
    const text = new TextDecoder().decode(request);
    const { functions, hostCall } = this.#around;
    const index = functions.indexOf(BUILT_IN_HTTP);
    if (index < 0) throw new GuestTrap(`HTTP request to '${urlOf(text)}' is not allowed`);
    const { head, payload } = decodeFrame(hostCall(index, encodeFrame(text, body)));
    return { ...head as Omit<HttpAnswer, "body">, body: payload };
  }
}

function urlOf(request: string): string {
  try {
    return String(JSON.parse(request).url).slice(0, 2_000);
  } catch {
    return "";
  }
}

/** The export that initialises a module, by upstream's order of preference (`extism-abi.md`, 1.7). */
function initialiserOf(exports: WebAssembly.Exports): (() => void) | undefined {
  const { hs_init, _initialize, __wasm_call_ctors } = exports;
  if (isFunction(hs_init, 2)) {
    return () => {
      // Haskell: the reactor's own initialiser first; what it throws is only logged upstream.
      if (isFunction(_initialize, 0)) {
        try {
          _initialize();
        } catch { /* as upstream */ }
      }
      hs_init(0, 0);
    };
  }
  if (isFunction(_initialize, 0)) return () => void _initialize();
  if (isFunction(__wasm_call_ctors, 0)) return () => void __wasm_call_ctors();
  return undefined;
}

function isFunction(
  value: WebAssembly.ExportValue | undefined,
  parameters: number,
): value is (...args: number[]) => unknown {
  return typeof value === "function" && value.length === parameters;
}
