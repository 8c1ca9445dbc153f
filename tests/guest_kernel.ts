/**
 * The smallest Extism kernel that runs a guest once: enough to test the PDK and the example plugins
 * without the cell.
 *
 * @module
 */

/** How one call ended. */
export interface Outcome {
  /** What the export returned; `undefined` if it trapped. */
  readonly code: number | undefined;
  readonly output: Uint8Array<ArrayBuffer>;
  /** The output as text; throws where it is no UTF-8. */
  readonly outputText: string;
  /** The error text; empty for none. */
  readonly error: string;
  /** Log lines as `level: text`. */
  readonly log: readonly string[];
  /** What the guest's memory has grown to. */
  readonly memoryBytes: number;
}

/** What the host gives to the guest. */
export interface GuestSetup {
  readonly config?: Readonly<Record<string, string>>;
  /** Trace 0 to error 4; default 2, info. */
  readonly logLevel?: number;
  /** Host functions of `extism:host/user` by name: JSON in, JSON out; a text is answered as it is. */
  // deno-lint-ignore no-explicit-any
  readonly host?: Readonly<Record<string, (request: any, text: string) => unknown>>;
}

const LEVELS = ["trace", "debug", "info", "warn", "error"];

/** A new instance, one export. */
export function callGuest(
  module: WebAssembly.Module,
  name: string,
  input: string | Uint8Array = "",
  { config = {}, logLevel = 2, host = {} }: GuestSetup = {},
): Outcome {
  const memory = new DataView(new ArrayBuffer(1 << 22));
  const bytes = new Uint8Array(memory.buffer);
  const blocks = new Map<bigint, number>();
  const variables = new Map<string, string>();
  const log: string[] = [];
  let end = 77;
  let output: [number, number] = [0, 0];
  let error = 0n;

  const alloc = (length: bigint): bigint => {
    if (length === 0n) return 0n;
    const handle = BigInt(end);
    end += Number(length);
    blocks.set(handle, Number(length));
    return handle;
  };
  const put = (value: Uint8Array): bigint => {
    const handle = alloc(BigInt(value.length));
    bytes.set(value, Number(handle));
    return handle;
  };
  const text = (handle: bigint): string =>
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.slice(Number(handle), Number(handle) + (blocks.get(handle) ?? 0)),
    );
  const putText = (value: string | undefined) => put(new TextEncoder().encode(value ?? ""));
  const inputAt = Number(put(typeof input === "string" ? new TextEncoder().encode(input) : input));
  const inputLength = input.length === 0 ? 0n : BigInt(end - 77);

  const env: Record<string, (...args: bigint[]) => bigint | number | void> = {
    alloc,
    free: (handle = 0n) => void blocks.delete(handle),
    length: (handle = 0n) => BigInt(blocks.get(handle) ?? 0),
    load_u8: (at) => memory.getUint8(Number(at)),
    load_u64: (at) => memory.getBigUint64(Number(at), true),
    store_u8: (at, value) => memory.setUint8(Number(at), Number(value)),
    store_u64: (at, value = 0n) => memory.setBigUint64(Number(at), value, true),
    input_length: () => inputLength,
    input_load_u8: (at) => memory.getUint8(inputAt + Number(at)),
    input_load_u64: (at) => memory.getBigUint64(inputAt + Number(at), true),
    output_set: (at = 0n, length = 0n) => {
      if (at !== 0n) output = [Number(at), Number(length)];
    },
    error_set: (handle = 0n) => void (error = handle),
    config_get: (key = 0n) => {
      const name = text(key);
      return Object.hasOwn(config, name) ? putText(config[name]) : 0n;
    },
    var_get: (key = 0n) => putText(variables.get(text(key))),
    var_set: (key = 0n, value = 0n) => {
      if (value === 0n) variables.delete(text(key));
      else variables.set(text(key), text(value));
    },
    get_log_level: () => logLevel,
  };
  for (const level of LEVELS) {
    env[`log_${level}`] = (handle = 0n) => void log.push(`${level}: ${text(handle)}`);
  }

  const user: Record<string, (request: bigint) => bigint> = {};
  for (const [name, answer] of Object.entries(host)) {
    user[name] = (request) => {
      const value = answer(JSON.parse(text(request)), text(request));
      return putText(typeof value === "string" ? value : JSON.stringify(value));
    };
  }

  const imports = { "extism:host/env": env, "extism:host/user": user };
  const { exports } = new WebAssembly.Instance(module, imports);
  let code: number | undefined;
  try {
    code = (exports[name] as () => number)();
  } catch (thrown) {
    if (!(thrown instanceof WebAssembly.RuntimeError)) throw thrown;
    code = undefined;
  }
  const result = bytes.slice(output[0], output[0] + output[1]);
  return {
    code,
    output: result,
    get outputText() {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(result);
    },
    error: error === 0n ? "" : text(error),
    log,
    memoryBytes: (exports["memory"] as WebAssembly.Memory).buffer.byteLength,
  };
}
