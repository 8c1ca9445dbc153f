/**
 * A guest that calls host functions as a test tells it to, and tells what it is called back with.
 *
 * @module
 */

import { assemble } from "./guests.ts";

/** What a {@link serviceGuest} does in its callbacks besides logging their input. */
export interface CallbackBehaviour {
  /** Host functions called with the callback's own input, by the name of the callback. */
  readonly calls?: Readonly<Record<string, string>>;
  /** Wasm that runs in each callback, last. */
  readonly last?: string;
}

const CALLBACKS = [
  "nd_scheduler_callback",
  "nd_task_execute",
  "nd_websocket_on_text_message",
  "nd_websocket_on_binary_message",
  "nd_websocket_on_close",
  "nd_websocket_on_error",
];

/**
 * Builds the guest: it imports these host functions, exports each under its own name (input is the request,
 * output the answer), and logs `name input` of every callback as one line.
 */
export function serviceGuest(
  functions: Iterable<string>,
  { calls = {}, last = "" }: CallbackBehaviour = {},
): Uint8Array {
  const names = [...functions];
  return assemble(`(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    ${
    names.map((name) =>
      `(import "extism:host/user" "${name}" (func $${name} (param i64) (result i64)))`
    ).join("\n")
  }
    (memory (export "memory") 1)
    ${
    names.map((name) =>
      `(func (export "${name}") (result i32) (local $answer i64)
        (local.set $answer (call $${name} (call $input)))
        (call $output (local.get $answer) (call $length (local.get $answer)))
        (i32.const 0))`
    ).join("\n")
  }
    ${
    CALLBACKS.map((name) =>
      // Logging frees what is logged, so the input is logged last.
      `(func (export "${name}") (result i32) (local $answer i64)
        ${
        calls[name] === undefined ? "" : `(local.set $answer (call $${calls[name]} (call $input)))`
      }
        (call $log (call $input))
        ${calls[name] === undefined ? "" : "(call $log (local.get $answer))"}
        ${last}
        (i32.const 0))`
    ).join("\n")
  })`);
}
