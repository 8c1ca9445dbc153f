/**
 * A guest of Navidrome 0.57 to 0.59 that calls host functions as a test tells it to, and tells what it is called
 * back with.
 *
 * `metadata_agent_get_artist_biography` takes a request whose `id` is the index of a host function, one byte, and
 * whose `name` is the bytes to call it with; the biography is the answer's bytes in hex. Every callback logs a
 * letter and its request in hex.
 *
 * @module
 */

import { assemble } from "./guests.ts";
import { goPluginGuest } from "./go_plugin_guest.ts";

/** The letter of each callback. */
export const CALLBACKS = {
  scheduler_callback_on_scheduler_callback: "s",
  lifecycle_management_on_init: "i",
  web_socket_callback_on_text_message: "t",
  web_socket_callback_on_binary_message: "b",
  web_socket_callback_on_error: "e",
  web_socket_callback_on_close: "c",
} as const;

/** Builds the guest with these imports. Parameters of `$say` and `$hex` are those of the text. */
export function envGuest(functions: readonly string[]): Uint8Array<ArrayBuffer> {
  const callbacks = Object.entries(CALLBACKS).map(([name, letter]) => [
    name,
    `(call $tell (i32.const ${
      letter.charCodeAt(0)
    }) (local.get $at) (local.get $size)) (i64.const 0)`,
  ]);
  const text = goPluginGuest({
    imports: functions,
    methods: {
      ...Object.fromEntries(callbacks),
      // The request: 0a 01 <index> 12 <length> <bytes>; an empty name is not there.
      metadata_agent_get_artist_biography: `
        (local.set $i (i32.const 4))
        (if (i32.gt_u (local.get $size) (i32.const 3)) (then (loop $varint
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $varint (i32.ge_u (i32.load8_u (i32.add (local.get $at) (i32.sub (local.get $i) (i32.const 1))))
            (i32.const 128))))) (else (local.set $i (local.get $size))))
        (local.set $p (call_indirect (type $function) (i32.add (local.get $at) (local.get $i))
          (i32.sub (local.get $size) (local.get $i))
          (i32.load8_u (i32.add (local.get $at) (i32.const 2)))))
        (call $biography (i32.wrap_i64 (i64.shr_u (local.get $p) (i64.const 32))) (i32.wrap_i64 (local.get $p)))`,
    },
    more: `(table ${Math.max(1, functions.length)} funcref)
      ${
      functions.length === 0
        ? ""
        : `(elem (i32.const 0) ${functions.map((name) => `$${name}`).join(" ")})`
    }
      (data (i32.const 16) "0123456789abcdef")
      (func $hex (param $from i32) (param $size i32) (param $to i32) (local $i i32)
        (block $done (loop $next
          (br_if $done (i32.ge_u (local.get $i) (local.get $size)))
          (i32.store8 (local.get $to) (i32.load8_u (i32.add (i32.const 16)
            (i32.shr_u (i32.load8_u (i32.add (local.get $from) (local.get $i))) (i32.const 4)))))
          (i32.store8 (i32.add (local.get $to) (i32.const 1)) (i32.load8_u (i32.add (i32.const 16)
            (i32.and (i32.load8_u (i32.add (local.get $from) (local.get $i))) (i32.const 15)))))
          (local.set $to (i32.add (local.get $to) (i32.const 2)))
          (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $next))))
      (func $biography (param $from i32) (param $size i32) (result i64) (local $to i32) (local $hex i32)
        (local.set $hex (i32.shl (local.get $size) (i32.const 1)))
        (local.set $to (call $malloc (i32.add (local.get $hex) (i32.const 8))))
        (i32.store8 (local.get $to) (i32.const 0x0a))
        ;; A length of four bytes, zeros included.
        ${
      [0, 7, 14].map((shift, i) =>
        `(i32.store8 offset=${i + 1} (local.get $to) (i32.or (i32.const 128)
          (i32.and (i32.const 127) (i32.shr_u (local.get $hex) (i32.const ${shift})))))`
      ).join("\n")
    }
        (i32.store8 offset=4 (local.get $to) (i32.shr_u (local.get $hex) (i32.const 21)))
        (call $hex (local.get $from) (local.get $size) (i32.add (local.get $to) (i32.const 5)))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $to)) (i64.const 32))
          (i64.extend_i32_u (i32.add (local.get $hex) (i32.const 5)))))
      (func $tell (param $letter i32) (param $from i32) (param $size i32) (local $to i32)
        (local.set $to (call $malloc (i32.add (i32.const 16) (i32.shl (local.get $size) (i32.const 1)))))
        (i32.store8 (local.get $to) (local.get $letter))
        (call $hex (local.get $from) (local.get $size) (i32.add (local.get $to) (i32.const 1)))
        (i32.store8 (i32.add (i32.add (local.get $to) (i32.const 1)) (i32.shl (local.get $size) (i32.const 1)))
          (i32.const 10))
        (i32.store (i32.const 0) (local.get $to))
        (i32.store (i32.const 4) (i32.add (i32.const 2) (i32.shl (local.get $size) (i32.const 1))))
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))`,
  });
  return assemble(text.replace(
    "(module",
    `(module (type $function (func (param i32 i32) (result i64)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`,
  ));
}
