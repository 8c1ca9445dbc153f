import { assemble } from "../support/guests.ts";
import type { BenchPlugin } from "./bench_data.ts";

/** Services that answer from what the host holds in memory, one function of each. */
export const FROM_MEMORY = [
  ["config_get", {}],
  ["cache_getstring", { cache: {} }],
  ["kvstore_get", { kvstore: {} }],
] as const;

/** How often the guest calls its function in one call of it. */
export const CALLS = 500;

/** A guest that does nothing but call one host function, with its input. */
export function callingGuest(name: string, permissions: object): BenchPlugin {
  const wasm = assemble(`(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "free" (func $free (param i64)))
    (import "extism:host/user" "${name}" (func $function (param i64) (result i64)))
    (memory (export "memory") 1)
    (func (export "host_calls") (result i32) (local $i i32)
      (loop $next
        (call $free (call $function (call $input)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const ${CALLS}))))
      (i32.const 0)))`);
  const manifest = JSON.stringify({ name, author: "bench", version: "1", permissions });
  return { id: name, wasm, manifest };
}
