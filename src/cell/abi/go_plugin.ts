/**
 * The ABI of Navidrome 0.57 to 0.59 (`protobuf-abi.md`, section 1): messages are bytes in the guest's own
 * memory, which its own `malloc` makes room for, and a pointer and a length travel packed in 64 bits.
 *
 * Nothing a guest returns is believed: pointers are taken as unsigned, ranges are checked against the
 * memory as it is at that moment (each entry into the guest may grow it), and what is copied out has a
 * ceiling. An instance that leaks what it was given, as Go's do (1.6), lives for one call.
 *
 * @module
 */

import type { GuestOutcome } from "../protocol.ts";
import { WASIProcExit } from "../wasi.ts";
import {
  DeadlinePassed,
  type GuestAbi,
  GuestTrap,
  type HostCaller,
  type Imports,
  type Signature,
} from "./guest_abi.ts";

/** The module that guests import host functions from. */
export const ENV_MODULE = "env";
/** The type of each: offset and size of a request, packed offset and size of its response. */
export const ENV_FUNCTION: Signature = "ii:j";

/** The services a guest exports, by the prefix of their names, and their methods in order of declaration. */
export const GUEST_SERVICES = {
  metadata_agent: [
    "get_artist_mbid",
    "get_artist_url",
    "get_artist_biography",
    "get_similar_artists",
    "get_artist_images",
    "get_artist_top_songs",
    "get_album_info",
    "get_album_images",
  ],
  scrobbler: ["is_authorized", "now_playing", "scrobble"],
  scheduler_callback: ["on_scheduler_callback"],
  lifecycle_management: ["on_init"],
  web_socket_callback: ["on_text_message", "on_binary_message", "on_error", "on_close"],
} as const;

type Service = keyof typeof GUEST_SERVICES;

/** The name of an export that can be called. */
export type GuestMethod = {
  [S in Service]: `${S}_${typeof GUEST_SERVICES[S][number]}`;
}[Service];

/** Version of each service; upstream never had another. */
const API_VERSION = 1n;
const ERROR_FLAG = 0x8000_0000;
/** Error texts beyond this are cut. Bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The exports of the ABI and the type that each must have where it is there. */
export const EXPORT_TYPES: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["malloc", "i:i"],
  ["free", "i:"],
  ["_initialize", ":"],
  ...Object.entries(GUEST_SERVICES).flatMap(([service, methods]): [string, Signature][] => [
    [`${service}_api_version`, ":j"],
    ...methods.map((method): [string, Signature] => [`${service}_${method}`, "ii:j"]),
  ]),
]);

const SERVICE_OF: ReadonlyMap<string, readonly [service: string, methods: readonly string[]]> =
  new Map(
    Object.entries(GUEST_SERVICES).flatMap(([service, methods]) =>
      methods.map((method) => [`${service}_${method}`, [service, methods]] as const)
    ),
  );

/** What the ABI needs from around it. */
export interface GoPluginSurroundings {
  /** Names of the granted host functions; a host call names one by its index. */
  readonly functions: readonly string[];
  /** Bytes of one result, or of its error text. */
  readonly outputBytes: number;
  readonly hostCall: HostCaller;
}

type Callable = (...args: number[]) => unknown;

/** The exports that a call needs, known to be functions. */
interface CallExports {
  readonly method: Callable;
  readonly malloc: Callable;
  readonly free: Callable;
}

/** See {@link GuestAbi}. It holds nothing but the input of the call and whose memory it is. */
export class GoPluginAbi implements GuestAbi {
  readonly imports: Imports;
  readonly heldBytes = 0;
  // Standard output is thrown away, and each line of standard error is an entry of the log (1.7).
  readonly streamLevels = { 2: "info" } as const;
  readonly #around: GoPluginSurroundings;
  #input = new Uint8Array();
  #exports: WebAssembly.Exports | undefined;

  constructor(around: GoPluginSurroundings) {
    this.#around = around;
    this.imports = {
      [ENV_MODULE]: Object.fromEntries(
        around.functions.map((name, index) => [
          name,
          (offset: number, size: number) => this.#hostCall(index, offset, size),
        ]),
      ),
    };
  }

  renew(): void {
    this.#input = new Uint8Array();
    this.#exports = undefined;
  }

  begin(input: Uint8Array): void {
    this.#input = new Uint8Array(input);
  }

  attach(instance: WebAssembly.Instance): void {
    this.#exports = instance.exports;
  }

  initialise({ _initialize }: WebAssembly.Exports): void {
    if (typeof _initialize !== "function") return;
    try {
      _initialize();
    } catch (thrown) {
      if (!(thrown instanceof WASIProcExit)) throw thrown;
      if (thrown.code !== 0) throw new GuestTrap(`unexpected exit_code: ${thrown.code >>> 0}`);
    }
  }

  /** The steps of 1.4. */
  call(exports: WebAssembly.Exports, name: string): GuestOutcome {
    const { method, malloc, free } = loadService(exports, name);
    const memory = memoryOf(exports);
    const input = this.#input;
    const given = input.byteLength === 0 ? 0 : place(memory, malloc, input);
    const result = method(given, input.byteLength);
    if (typeof result !== "bigint") {
      throw new GuestTrap(`its export ${name} does not return an i64`);
    }
    const { offset, size: low } = unpack(result);
    const failed = low >= ERROR_FLAG;
    const bytes = this.#taken(memory, offset, failed ? low - ERROR_FLAG : low, failed);
    release(free, offset);
    release(free, given);
    return failed
      ? { kind: "returned", code: 0, output: new Uint8Array(), error: decoder.decode(bytes) }
      : { kind: "returned", code: 0, output: bytes };
  }

  /** Leaving is never a return here, not even with 0 (1.8). */
  exited(code: number): GuestOutcome {
    return { kind: "exited", code: code >>> 0 };
  }

  /** A copy of a result, made before the guest is entered again. */
  #taken(
    memory: WebAssembly.Memory,
    offset: number,
    size: number,
    isText: boolean,
  ): Uint8Array<ArrayBuffer> {
    const range = rangeOf(memory, "Read", offset, size);
    if (isText) return range.slice(0, MAX_ERROR_BYTES);
    const { outputBytes } = this.#around;
    if (size > outputBytes) {
      throw new GuestTrap(`response is too large: size is ${size}, max size is ${outputBytes}`);
    }
    return range.slice();
  }

  /** The steps of 1.5. The guest is entered again, for its `malloc`, while it waits for this import. */
  #hostCall(index: number, offset: number, size: number): bigint {
    const exports = this.#exports;
    if (exports === undefined) throw new GuestTrap("host functions cannot be called here");
    const memory = memoryOf(exports);
    // The range is copied out by the channel, before anything can change it.
    const request = rangeOf(memory, "Read", offset >>> 0, size >>> 0);
    const response = this.#around.hostCall(index, request);
    if (response.byteLength === 0) return 0n;
    const { malloc } = exports;
    if (typeof malloc !== "function") throw new GuestTrap("malloc is not exported");
    const at = place(memory, malloc as Callable, response);
    return (BigInt(at) << 32n) | BigInt(response.byteLength);
  }
}

/** The checks of 1.2, for the one service about to be used, in their order and with their texts. */
function loadService(exports: WebAssembly.Exports, name: string): CallExports {
  const [service, methods] = SERVICE_OF.get(name) ?? [];
  if (service === undefined || methods === undefined) {
    throw new GuestTrap(`it exports no function ${name}`);
  }
  const version = exported(exports, `${service}_api_version`)();
  if (typeof version !== "bigint") throw new GuestTrap(`invalid ${service}_api_version signature`);
  if (version !== API_VERSION) {
    const found = BigInt.asUintN(64, version);
    throw new GuestTrap(`API version mismatch, host: ${API_VERSION}, plugin: ${found}`);
  }
  for (const method of methods) exported(exports, `${service}_${method}`);
  return {
    malloc: exported(exports, "malloc"),
    free: exported(exports, "free"),
    method: exported(exports, name),
  };
}

function exported(exports: WebAssembly.Exports, name: string): Callable {
  const value = exports[name];
  if (typeof value !== "function") throw new GuestTrap(`${name} is not exported`);
  return value as Callable;
}

function memoryOf({ memory }: WebAssembly.Exports): WebAssembly.Memory {
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new GuestTrap("memory is not exported");
}

/** Has the guest make room for bytes and copies them there. */
function place(memory: WebAssembly.Memory, malloc: Callable, bytes: Uint8Array): number {
  const at = Number(malloc(bytes.byteLength)) >>> 0;
  rangeOf(memory, "Write", at, bytes.byteLength).set(bytes);
  return at;
}

/** A view of a range of the memory as it is now. */
function rangeOf(
  { buffer }: WebAssembly.Memory,
  what: "Read" | "Write",
  offset: number,
  size: number,
): Uint8Array {
  if (offset + size > buffer.byteLength) {
    throw new GuestTrap(
      `Memory.${what}(${offset}, ${size}) out of range of memory size ${buffer.byteLength}`,
    );
  }
  return new Uint8Array(buffer, offset, size);
}

function unpack(result: bigint): { offset: number; size: number } {
  const packed = BigInt.asUintN(64, result);
  return { offset: Number(packed >> 32n), size: Number(packed & 0xffff_ffffn) };
}

/** Gives a block back. As upstream, what goes wrong there is no fault of a call that has its result. */
function release(free: Callable, offset: number): void {
  if (offset === 0) return;
  try {
    free(offset);
  } catch (thrown) {
    if (thrown instanceof DeadlinePassed) throw thrown;
  }
}
