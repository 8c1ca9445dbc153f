/**
 * A guest that asks for the network whatever its input says, in WebAssembly text.
 *
 * Exports: `get` and `post` hand the input, a request of Extism's built-in HTTP in JSON, to `http_request` (`post` with the
 * same text as its body) and give out status, length of the headers (32 bits each), headers, body; every
 * host function of its permissions under its own name, its answer being the output.
 *
 * @module
 */

import { assemble } from "./guests.ts";

const NAMES = {
  http: ["http_send"],
  websocket: [
    "websocket_connect",
    "websocket_sendtext",
    "websocket_sendbinary",
    "websocket_closeconnection",
  ],
};

/** Every event is logged; a binary message also closes its connection, with the code 0, from inside the callback. */
const CALLBACKS = ["text_message", "binary_message", "close", "error"].map((event) =>
  `(func (export "nd_websocket_on_${event}") (result i32)
    ${event === "binary_message" ? "(drop (call $websocket_closeconnection (call $input)))" : ""}
    (call $log (call $input))
    (i32.const 0))`
).join("\n");

/** Builds the guest with the host functions of these permissions among its imports. */
export function networkGuest(permissions: readonly (keyof typeof NAMES)[] = []): Uint8Array {
  const names = permissions.flatMap((permission) => NAMES[permission]);
  return assemble(`(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
    (import "extism:host/env" "http_status_code" (func $status (result i32)))
    (import "extism:host/env" "http_headers" (func $headers (result i64)))
    ${
    names.map((name) =>
      `(import "extism:host/user" "${name}" (func $${name} (param i64) (result i64)))`
    ).join("\n")
  }
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (memory 1)
    (func $copy (param $to i64) (param $from i64) (param $n i64)
      (block $end (loop $next
        (br_if $end (i64.eqz (local.get $n)))
        (local.set $n (i64.sub (local.get $n) (i64.const 1)))
        (call $store (i64.add (local.get $to) (local.get $n))
          (call $load (i64.add (local.get $from) (local.get $n))))
        (br $next))))
    (func $word (param $at i64) (param $value i32)
      (call $store (local.get $at) (local.get $value))
      (call $store (i64.add (local.get $at) (i64.const 1))
        (i32.shr_u (local.get $value) (i32.const 8)))
      (call $store (i64.add (local.get $at) (i64.const 2))
        (i32.shr_u (local.get $value) (i32.const 16)))
      (call $store (i64.add (local.get $at) (i64.const 3))
        (i32.shr_u (local.get $value) (i32.const 24))))
    (func $send (param $body i64) (result i32)
      (local $answer i64) (local $head i64) (local $out i64) (local $h i64) (local $b i64)
      (local.set $answer (call $http (call $input) (local.get $body)))
      (local.set $head (call $headers))
      (local.set $h (call $length (local.get $head)))
      (local.set $b (call $length (local.get $answer)))
      (local.set $out
        (call $alloc (i64.add (i64.const 8) (i64.add (local.get $h) (local.get $b)))))
      (call $word (local.get $out) (call $status))
      (call $word (i64.add (local.get $out) (i64.const 4)) (i32.wrap_i64 (local.get $h)))
      (call $copy (i64.add (local.get $out) (i64.const 8)) (local.get $head) (local.get $h))
      (call $copy (i64.add (local.get $out) (i64.add (i64.const 8) (local.get $h)))
        (local.get $answer) (local.get $b))
      (call $output (local.get $out)
        (i64.add (i64.const 8) (i64.add (local.get $h) (local.get $b))))
      (i32.const 0))
    (func (export "get") (result i32) (call $send (i64.const 0)))
    (func (export "post") (result i32) (call $send (call $input)))
    ${
    names.map((name) =>
      `(func (export "${name}") (result i32) (local $answer i64)
        (local.set $answer (call $${name} (call $input)))
        (call $output (local.get $answer) (call $length (local.get $answer)))
        (i32.const 0))`
    ).join("\n")
  }
    ${permissions.includes("websocket") ? CALLBACKS : ""})`);
}

/** What `http_request` gave a guest. */
export interface GuestResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Reads what `get` and `post` give out. */
export function readGuestResponse(output: Uint8Array): GuestResponse {
  const view = new DataView(output.buffer, output.byteOffset);
  const length = view.getUint32(4, true);
  const text = (from: number, to?: number) => new TextDecoder().decode(output.subarray(from, to));
  return {
    status: view.getUint32(0, true),
    headers: JSON.parse(text(8, 8 + length)),
    body: text(8 + length),
  };
}
