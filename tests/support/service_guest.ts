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

/**
 * What a plugin's configuration makes of its callbacks, as the switches of upstream's test plugins do.
 *
 * `request` is what {@link CallbackBehaviour.calls} are called with in place of the input; `output` is returned;
 * `error` is set and 1 returned, for the attempts of a task below `spared` alone where that is set (one digit).
 */
export interface CallbackSettings {
  readonly request?: string;
  readonly output?: string;
  readonly error?: string;
  readonly spared?: string;
}

const CALLBACKS = [
  "nd_scheduler_callback",
  "nd_task_execute",
  "nd_websocket_on_text_message",
  "nd_websocket_on_binary_message",
  "nd_websocket_on_close",
  "nd_websocket_on_error",
];

const SETTINGS: readonly (keyof CallbackSettings)[] = ["request", "output", "error", "spared"];

/** A function that gives the value of a setting, 0 where there is none. */
function reader(key: string): string {
  const bytes = [...new TextEncoder().encode(key)].map((byte, index) =>
    `(call $store (i64.add (local.get $key) (i64.const ${index})) (i32.const ${byte}))`
  );
  return `(func $${key} (result i64) (local $key i64)
    (local.set $key (call $alloc (i64.const ${key.length})))
    ${bytes.join(" ")}
    (call $config (local.get $key)))`;
}

/** The call of a host function from inside a callback: with its setting, or with its input. */
function nested(name: string): string {
  return `(local.set $answer (call $request))
    (if (i64.eqz (local.get $answer)) (then (local.set $answer (call $input))))
    (local.set $answer (call $${name} (local.get $answer)))`;
}

/**
 * Builds the guest: it imports these host functions, exports each under its own name (input is the request,
 * output the answer), and logs the input of every callback as one line, then the answer of what it called.
 */
export function serviceGuest(
  functions: Iterable<string>,
  { calls = {}, last = "" }: CallbackBehaviour = {},
): Uint8Array {
  const names = [...functions];
  return assemble(`(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "config_get" (func $config (param i64) (result i64)))
    (import "extism:host/env" "error_set" (func $fail (param i64)))
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    ${
    names.map((name) =>
      `(import "extism:host/user" "${name}" (func $${name} (param i64) (result i64)))`
    ).join("\n")
  }
    (memory (export "memory") 1)
    ${SETTINGS.map(reader).join("\n")}
    (func $spares (result i32) (local $from i64)
      (local.set $from (call $spared))
      (if (result i32) (i64.eqz (local.get $from))
        (then (i32.const 0))
        ;; The attempt is the last thing of a task's input: {…,"attempt":2}
        (else (i32.ge_u
          (call $load (i64.add (call $input) (i64.sub (call $length (call $input)) (i64.const 2))))
          (call $load (local.get $from))))))
    ${
    names.map((name) =>
      `(func (export "${name}") (result i32) (local $answer i64)
        (local.set $answer (call $${name} (call $input)))
        (call $output_set (local.get $answer) (call $length (local.get $answer)))
        (i32.const 0))`
    ).join("\n")
  }
    ${
    CALLBACKS.map((name) =>
      // Logging frees what is logged, so the input is logged when nothing looks at it any more.
      `(func (export "${name}") (result i32) (local $answer i64) (local $text i64) (local $code i32)
        ${calls[name] === undefined ? "" : nested(calls[name])}
        (local.set $text (call $error))
        (if (i64.ne (local.get $text) (i64.const 0)) (then
          (if (i32.eqz (call $spares)) (then
            (call $fail (local.get $text))
            (local.set $code (i32.const 1))))))
        (local.set $text (call $output))
        (call $output_set (local.get $text) (call $length (local.get $text)))
        (call $log (call $input))
        ${calls[name] === undefined ? "" : "(call $log (local.get $answer))"}
        ${last}
        (local.get $code))`
    ).join("\n")
  })`);
}
