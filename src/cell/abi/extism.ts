/**
 * The Extism ABI: what a guest imports from `extism:host/env` (`extism-abi.md`, 1.2 to 1.7) and how one
 * of its exports is called.
 *
 * @module
 */

import { LOG_LEVELS, type LogLevel } from "../protocol.ts";
import { GuestTrap, type Signature } from "./guest_abi.ts";
import type { KernelMemory } from "./kernel_memory.ts";

/** Answer of the built-in `http_request`: body, and what the two getters after it return. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: Uint8Array;
}

/** What the kernel of one guest needs from around it. */
export interface KernelSurroundings {
  readonly memory: KernelMemory;
  readonly config: ReadonlyMap<string, string>;
  readonly variableBytes: number;
  /** Lines below this level are dropped before they are read. */
  readonly logLevel: LogLevel;
  /** Bytes of a log line that are kept. */
  readonly logLineBytes: number;
  log(level: LogLevel, text: string): void;
  /** Performs `http_request`; throws a {@link GuestTrap} where it is refused or fails. */
  http(request: Uint8Array, body: Uint8Array): HttpAnswer;
}

/** Error texts beyond this are cut. Bytes. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Longer keys are not looked up, so that a guest cannot have megabytes decoded. Bytes. */
const MAX_KEY_BYTES = 64 * 1024;
/** What upstream counts for a variable beside key and value. Bytes. */
const VARIABLE_OVERHEAD = 40;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Every function of `extism:host/env` and its type; admission refuses any other name or type. */
export const ENV_FUNCTIONS: Readonly<Record<string, Signature>> = {
  alloc: "j:j",
  free: "j:",
  length: "j:j",
  length_unsafe: "j:j",
  load_u8: "j:i",
  load_u64: "j:j",
  store_u8: "ji:",
  store_u64: "jj:",
  input_length: ":j",
  input_offset: ":j",
  input_set: "jj:",
  input_load_u8: "j:i",
  input_load_u64: "j:j",
  output_set: "jj:",
  output_length: ":j",
  output_offset: ":j",
  error_set: "j:",
  error_get: ":j",
  config_get: "j:j",
  var_get: "j:j",
  var_set: "jj:",
  http_request: "jj:j",
  http_status_code: ":i",
  http_headers: ":j",
  log_trace: "j:",
  log_debug: "j:",
  log_info: "j:",
  log_warn: "j:",
  log_error: "j:",
  get_log_level: ":i",
  memory_bytes: ":j",
  reset: ":",
};

/** The type of every function of `extism:host/user`: handle of a request, handle of a response. */
export const USER_FUNCTION: Signature = "j:j";

const NO_ANSWER: HttpAnswer = { status: 0, headers: "{}", body: new Uint8Array() };

/**
 * The kernel of one guest at a time: one call's input, output, error, variables and last HTTP answer.
 * Making its functions costs more than a small guest's whole call, so the next guest gets the same ones,
 * after {@link ExtismKernel.renew}.
 */
export class ExtismKernel {
  /** The functions of `extism:host/env`. */
  readonly functions: Readonly<Record<string, WebAssembly.ImportValue>>;
  readonly #around: KernelSurroundings;
  readonly #memory: KernelMemory;
  /** Values by key, with the bytes that each counts for. */
  readonly #variables = new Map<string, { bytes: Uint8Array; size: number }>();
  #output = { offset: 0, length: 0 };
  #error = 0;
  #http = NO_ANSWER;

  constructor(around: KernelSurroundings) {
    this.#around = around;
    this.#memory = around.memory;
    this.functions = { ...around.memory.accessors, ...this.#ownFunctions() };
  }

  /** Forgets everything of the guest before. */
  renew(): void {
    this.#reset();
    this.#variables.clear();
    this.#http = NO_ANSWER;
  }

  /** Gives the guest its input. Called once, before any export. */
  setInput(input: Uint8Array): boolean {
    const offset = this.#memory.store(input);
    this.#memory.input = { offset, length: offset === 0 ? 0 : input.byteLength };
    return offset !== 0 || input.byteLength === 0;
  }

  /** A copy of what the guest gave out; empty if nothing. */
  output(): Uint8Array<ArrayBuffer> {
    return this.#memory.copy(this.#output.offset, this.#output.length);
  }

  /** The error text the guest left, or `undefined`. */
  error(): string | undefined {
    const text = this.#memory.block(this.#error, MAX_ERROR_BYTES);
    return text.byteLength === 0 ? undefined : decoder.decode(text);
  }

  #ownFunctions(): Record<string, WebAssembly.ImportValue> {
    const memory = this.#memory;
    const { logLevel } = this.#around;
    return {
      alloc: (length: bigint) => BigInt(memory.alloc(Number(BigInt.asUintN(64, length)))),
      free: (handle: bigint) => memory.free(Number(handle)),
      length: (handle: bigint) => BigInt(memory.length(Number(handle))),
      length_unsafe: (handle: bigint) => BigInt(memory.length(Number(handle))),
      input_length: () => BigInt(memory.input.length),
      input_offset: () => BigInt(memory.input.offset),
      input_set: (offset: bigint, length: bigint) => {
        const range = { offset: Number(offset), length: Number(length) };
        if (memory.inside(range.offset, range.length)) memory.input = range;
      },
      // A range outside the blocks, (0, 0) included, leaves the output as it was: every Rust function
      // that returns unit calls it so (extism-abi.md, 1.2).
      output_set: (offset: bigint, length: bigint) => {
        const range = { offset: Number(offset), length: Number(length) };
        if (memory.inside(range.offset, range.length)) this.#output = range;
      },
      output_length: () => BigInt(this.#output.length),
      output_offset: () => BigInt(this.#output.offset),
      error_set: (handle: bigint) => void (this.#error = Number(handle)),
      error_get: () => BigInt(this.#error),
      config_get: (key: bigint) => {
        const name = this.#key(Number(key));
        return name === undefined ? 0n : this.#answer(this.#around.config.get(name));
      },
      var_get: (key: bigint) => this.#varGet(Number(key)),
      var_set: (key: bigint, value: bigint) => this.#varSet(Number(key), Number(value)),
      http_request: (request: bigint, body: bigint) => {
        this.#http = NO_ANSWER;
        this.#http = this.#around.http(memory.block(Number(request)), memory.block(Number(body)));
        return BigInt(memory.store(this.#http.body));
      },
      http_status_code: () => this.#http.status,
      http_headers: () => this.#answer(this.#http.headers),
      ...Object.fromEntries(
        LOG_LEVELS.map((
          level,
        ) => [`log_${level}`, (text: bigint) => this.#log(level, Number(text))]),
      ),
      get_log_level: () => LOG_LEVELS.indexOf(logLevel),
      memory_bytes: () => BigInt(memory.size),
      reset: () => this.#reset(),
    };
  }

  #reset(): void {
    this.#memory.clear();
    this.#output = { offset: 0, length: 0 };
    this.#error = 0;
  }

  /** The handle of a new block with `text`; 0 where there is none or it is empty. */
  #answer(text: string | undefined): bigint {
    return text === undefined ? 0n : BigInt(this.#memory.store(encoder.encode(text)));
  }

  /** A key as text, or `undefined` where it is absurdly long. */
  #key(handle: number): string | undefined {
    if (this.#memory.length(handle) > MAX_KEY_BYTES) return undefined;
    return decoder.decode(this.#memory.block(handle));
  }

  #log(level: LogLevel, handle: number): void {
    const { logLevel, logLineBytes } = this.#around;
    if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(logLevel)) {
      this.#around.log(level, decoder.decode(this.#memory.block(handle, logLineBytes)));
    }
    this.#memory.free(handle);
  }

  #varGet(key: number): bigint {
    const name = this.#key(key);
    this.#memory.free(key);
    const value = name === undefined ? undefined : this.#variables.get(name);
    return value === undefined ? 0n : BigInt(this.#memory.store(value.bytes));
  }

  #varSet(key: number, value: number): void {
    const name = this.#key(key);
    if (name === undefined) throw new GuestTrap("name of a variable is too long");
    if (value === 0) {
      this.#variables.delete(name);
    } else {
      // Upstream adds up before it replaces, so a replaced entry counts twice.
      const size = this.#memory.length(value) + this.#memory.length(key) + VARIABLE_OVERHEAD;
      let total = size;
      for (const held of this.#variables.values()) total += held.size;
      if (total >= this.#around.variableBytes) throw new GuestTrap("variable store is full");
      this.#variables.set(name, { bytes: this.#memory.block(value), size });
    }
    this.#memory.free(key);
    this.#memory.free(value);
  }
}
