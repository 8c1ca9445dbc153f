/**
 * A scrobbler that fails at random, as a service on the net does.
 *
 * @module
 */

import { assemble } from "./guests.ts";

const RETRY = "scrobbler(retry_later): busy";
const REFUSED = "scrobbler(unrecoverable): no such track";

/**
 * The guest. It authorises everyone; of 256 plays it answers so many with `retry_later` and refuses so many
 * for good, each at random. What it takes it logs, as it was sent.
 */
export function scrobbleGuest(retried: number, refused: number): Uint8Array {
  return assemble(`(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "error_set" (func $error (param i64)))
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "true${RETRY}${REFUSED}")
    (func $block (param $from i32) (param $length i32) (result i64)
      (local $handle i64) (local $i i32)
      (local.set $handle (call $alloc (i64.extend_i32_u (local.get $length))))
      (loop $next
        (call $store
          (i64.add (local.get $handle) (i64.extend_i32_u (local.get $i)))
          (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
      (local.get $handle))
    (func $fail (param $from i32) (param $length i32) (result i32)
      (call $error (call $block (local.get $from) (local.get $length)))
      (i32.const 1))
    (func (export "nd_scrobbler_is_authorized") (result i32)
      (call $output (call $block (i32.const 0) (i32.const 4)) (i64.const 4))
      (i32.const 0))
    (func (export "nd_scrobbler_scrobble") (result i32) (local $dice i32)
      (drop (call $random (i32.const 512) (i32.const 1)))
      (local.set $dice (i32.load8_u (i32.const 512)))
      (if (i32.lt_u (local.get $dice) (i32.const ${retried}))
        (then (return (call $fail (i32.const 4) (i32.const ${RETRY.length})))))
      (if (i32.ge_u (local.get $dice) (i32.const ${256 - refused}))
        (then (return (call $fail (i32.const ${4 + RETRY.length}) (i32.const ${REFUSED.length})))))
      (call $log (call $input))
      (i32.const 0)))`);
}
