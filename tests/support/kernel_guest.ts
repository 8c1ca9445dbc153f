/**
 * Texts of small Extism guests, for tests that need one of a certain behaviour.
 *
 * @module
 */

const KERNEL: Readonly<Record<string, string>> = {
  alloc: "(param i64) (result i64)",
  free: "(param i64)",
  length: "(param i64) (result i64)",
  load_u8: "(param i64) (result i32)",
  load_u64: "(param i64) (result i64)",
  store_u8: "(param i64 i32)",
  store_u64: "(param i64 i64)",
  input_offset: "(result i64)",
  input_length: "(result i64)",
  input_set: "(param i64 i64)",
  input_load_u8: "(param i64) (result i32)",
  output_set: "(param i64 i64)",
  output_offset: "(result i64)",
  output_length: "(result i64)",
  error_set: "(param i64)",
  error_get: "(result i64)",
  config_get: "(param i64) (result i64)",
  var_get: "(param i64) (result i64)",
  var_set: "(param i64 i64)",
  http_headers: "(result i64)",
  log_info: "(param i64)",
  get_log_level: "(result i32)",
  memory_bytes: "(result i64)",
  reset: "",
};

/**
 * A module around `body`, with those functions of the kernel imported that it calls, and two of its own:
 * `$block from length` makes a block with a range of the data, `$give number` gives 8 bytes out.
 *
 * @param data What lies in the guest's memory, at 0.
 */
export function kernelGuest(body: string, data: string | Uint8Array = ""): string {
  const needed = new Set(["alloc", "store_u8", "store_u64", "output_set"]);
  for (const [, name = ""] of body.matchAll(/\bcall \$(\w+)/g)) {
    if (name in KERNEL) needed.add(name);
  }
  const imports = [...needed].map((name) =>
    `(import "extism:host/env" "${name}" (func $${name} ${KERNEL[name]}))`
  );
  return `(module ${imports.join("\n")}
    ${/\$proc_exit\b/.test(body) ? PROC_EXIT : ""}
    (memory (export "memory") 1)
    (data (i32.const 0) "${escaped(data)}")
    (func $block (param $from i32) (param $length i32) (result i64)
      (local $handle i64) (local $i i32)
      (local.set $handle (call $alloc (i64.extend_i32_u (local.get $length))))
      (block $full (loop $next
        (br_if $full (i32.ge_u (local.get $i) (local.get $length)))
        (call $store_u8
          (i64.add (local.get $handle) (i64.extend_i32_u (local.get $i)))
          (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
      (local.get $handle))
    (func $give (param $number i64)
      (local $handle i64)
      (local.set $handle (call $alloc (i64.const 8)))
      (call $store_u64 (local.get $handle) (local.get $number))
      (call $output_set (local.get $handle) (i64.const 8)))
    ${body})`;
}

const PROC_EXIT = `(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))`;

function escaped(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return bytes.toHex().replaceAll(/../g, "\\$&");
}

/** What an {@link agentGuest} does when one of its exports is called. */
export interface AgentBehaviour {
  /** Names of its exports. */
  readonly exports: readonly string[];
  /** What it gives out. */
  readonly output?: string;
  /** The error text it leaves. */
  readonly error?: string;
  /** What it returns; 0 unless given. */
  readonly code?: number;
  /** What it does before it returns, such as `unreachable`. */
  readonly last?: string;
  /** Whether it logs its input. */
  readonly logsInput?: boolean;
  /** Functions it has besides. */
  readonly more?: string;
  /** What it does as soon as it is initialised. */
  readonly initialise?: string;
}

/** A guest whose exports all do the same. */
export function agentGuest(behaviour: AgentBehaviour): string {
  const { exports, output = "", error = "", code = 0, last = "", more = "", initialise } =
    behaviour;
  const bytes = (text: string) => new TextEncoder().encode(text).byteLength;
  const names = exports.map((name) => `(export "${name}")`).join(" ");
  return kernelGuest(
    `(func ${names} (result i32)
      ${behaviour.logsInput ? "(call $log_info (call $input_offset))" : ""}
      (call $output_set (call $block (i32.const 0) (i32.const ${bytes(output)}))
        (i64.const ${bytes(output)}))
      ${
      error === "" ? "" : `(call $error_set
        (call $block (i32.const ${bytes(output)}) (i32.const ${bytes(error)})))`
    }
      ${last}
      (i32.const ${code}))
    ${more}
    ${initialise === undefined ? "" : `(func (export "_initialize") ${initialise})`}`,
    output + error,
  );
}
