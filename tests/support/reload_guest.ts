/**
 * A plugin whose every answer tells by which version and by which settings it was given.
 *
 * @module
 */

import { assemble } from "./guests.ts";
import { packageOf, PLAIN_MANIFEST } from "./plugins_folder.ts";

/** Host functions that are exported under their own names: input is the request. */
const HOST_FUNCTIONS = ["kvstore_set", "kvstore_get", "cache_setstring", "cache_getstring"];

/** A setting for the administrator, and one for the configuration file. */
const SETTINGS = ["set", "file"];

const MANIFEST = {
  ...PLAIN_MANIFEST,
  permissions: { cache: {}, kvstore: { maxSize: "1MB" }, taskqueue: { maxConcurrency: 1 } },
  config: {
    schema: {
      type: "object",
      properties: Object.fromEntries(SETTINGS.map((key) => [key, { type: "string" }])),
    },
  },
};

/**
 * One version of a plugin. It logs `loaded` when it is initialised, and the input of every task.
 *
 * Lines of an answer: the version as its module has it; both settings as its cell knows them; both as the host knows
 * them, read last; what the host function answered. An export `spin` works for a while between the two; `plain` asks the
 * host for nothing, and has but the first three.
 */
export function tellingPackage(id: string, version: string): Uint8Array<ArrayBuffer> {
  return packageOf({ manifest: { ...MANIFEST, name: id, version }, guest: guestOf(version) });
}

function guestOf(version: string): Uint8Array {
  let data = "";
  /** A block with a text that lies in the guest's memory. */
  const text = (value: string) => {
    const from = data.length;
    data += value;
    return `(call $text (i32.const ${from}) (i32.const ${value.length}))`;
  };
  const said = [
    text(version),
    ...SETTINGS.map((key) => `(call $setting ${text(key)})`),
  ];
  const asked = SETTINGS.map((key) => `(call $config_get ${text(JSON.stringify({ key }))})`);
  const answers = (name: string, between: string, blocks: readonly string[]) =>
    `(func (export "${name}") (result i32)
      (call $say) ${between}
      ${blocks.map((block) => `(call $add ${block})`).join("\n")}
      (call $output_set (global.get $out) (i64.sub (global.get $at) (global.get $out)))
      (i32.const 0))`;
  const functions = [...HOST_FUNCTIONS, "task_enqueue"];
  const exports = [
    answers("plain", "", []),
    answers("spin", "(call $spin)", asked),
    ...functions.map((name) => answers(name, "", [...asked, `(call $${name} (call $input))`])),
  ];
  const queue = text(JSON.stringify({ name: "q", config: {} }));
  const loaded = text("loaded");
  return assemble(`(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "config_get" (func $setting (param i64) (result i64)))
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    ${
    [...functions, "config_get", "task_createqueue"].map((name) =>
      `(import "extism:host/user" "${name}" (func $${name} (param i64) (result i64)))`
    ).join("\n")
  }
    (memory 1)
    (data (i32.const 0) "${new TextEncoder().encode(data).toHex().replaceAll(/../g, "\\$&")}")
    (global $out (mut i64) (i64.const 0))
    (global $at (mut i64) (i64.const 0))
    (func $put (param $byte i32)
      (call $store (global.get $at) (local.get $byte))
      (global.set $at (i64.add (global.get $at) (i64.const 1))))
    (func $text (param $from i32) (param $length i32) (result i64) (local $block i64) (local $i i32)
      (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
      (loop
        (call $store
          (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))
          (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (br_if 0 (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $length))))
      (local.get $block))
    ;; Adds a line to the answer.
    (func $add (param $block i64) (local $i i64) (local $end i64)
      (local.set $end (call $length (local.get $block)))
      (block $full (loop $next
        (br_if $full (i64.ge_u (local.get $i) (local.get $end)))
        (call $put (call $load (i64.add (local.get $block) (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
      (call $put (i32.const 10)))
    (func $say
      (global.set $out (call $alloc (i64.const 4096)))
      (global.set $at (global.get $out))
      ${said.map((block) => `(call $add ${block})`).join("\n")})
    (func $spin (local $i i32)
      (loop (br_if 0 (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000000)))))
    ${exports.join("\n")}
    (func (export "nd_on_init") (result i32)
      (drop (call $task_createqueue ${queue})) (call $log ${loaded}) (i32.const 0))
    (func (export "nd_task_execute") (result i32)
      (call $log (call $input)) (i32.const 0)))`);
}
