/**
 * Guests that make a fixed series of WASI calls, with exactly the bytes a test wants, and give out what
 * came of them. Kits would tidy paths up before the host saw them.
 *
 * @module
 */

import { assemble } from "./guests.ts";

/** One call: a function's name and its arguments. A text becomes two: where it lies, and its length. */
export type WasiCall = readonly [name: string, ...args: (number | bigint | string)[]];

/** Parameters of the functions that tests call, `i` 32 bits, `j` 64 bits. */
const SIGNATURES: Readonly<Record<string, string>> = {
  fd_close: "i",
  fd_fdstat_get: "ii",
  fd_filestat_get: "ii",
  fd_filestat_set_size: "ij",
  fd_pread: "iiiji",
  fd_prestat_dir_name: "iii",
  fd_prestat_get: "ii",
  fd_pwrite: "iiiji",
  fd_read: "iiii",
  fd_readdir: "iiiji",
  fd_renumber: "ii",
  fd_seek: "ijii",
  fd_sync: "i",
  fd_tell: "ii",
  fd_write: "iiii",
  path_create_directory: "iii",
  path_filestat_get: "iiiii",
  path_filestat_set_times: "iiiijji",
  path_link: "iiiiiii",
  path_open: "iiiiijjii",
  path_readlink: "iiiiii",
  path_remove_directory: "iii",
  path_rename: "iiiiii",
  path_symlink: "iiiii",
  path_unlink_file: "iii",
};

/** Where results go: memory that calls may point to and that is given out. Bytes from {@link SCRATCH}. */
export const SCRATCH = 0x8000;
/** Length of the memory given out. */
export const SCRATCH_BYTES = 0x4000;
/** A vector over `SCRATCH + 256`, 4,096 bytes long; its one record lies here. */
export const VECTOR = SCRATCH - 16;
/** What the vector covers. */
export const BUFFER = SCRATCH + 256;

const TEXTS = 0x1000;

/** What a program's run gave. */
export interface WasiRun {
  /** The errno of each call, in order. */
  readonly errnos: readonly number[];
  /** The memory from {@link SCRATCH} on. */
  readonly scratch: Uint8Array;
}

/**
 * Makes a guest whose export `run` makes the calls. The buffer under {@link VECTOR} starts with `data`.
 */
export function wasiProgram(calls: readonly WasiCall[], data = ""): Uint8Array<ArrayBuffer> {
  let texts = "";
  const encoder = new TextEncoder();
  const place = (text: string): string => {
    const at = TEXTS + encoder.encode(texts).byteLength;
    texts += text;
    return `(i32.const ${at}) (i32.const ${encoder.encode(text).byteLength})`;
  };
  const body = calls.map(([name, ...args], index) => {
    const signature = SIGNATURES[name] ?? "";
    let parameter = 0;
    const values = args.map((arg) => {
      if (typeof arg === "string") {
        parameter += 2;
        return place(arg);
      }
      return `(${signature[parameter++] === "j" ? "i64" : "i32"}.const ${arg})`;
    });
    return `(i32.store16 (i32.const ${2 * index}) (call $${name} ${values.join(" ")}))`;
  });
  const imports = [...new Set(calls.map(([name]) => name))].map((name) => {
    const parameters = [...SIGNATURES[name] ?? ""].map((c) => c === "j" ? "i64" : "i32").join(" ");
    return `(import "wasi_snapshot_preview1" "${name}"
      (func $${name} (param ${parameters}) (result i32)))`;
  });
  return assemble(`(module
    ${imports.join("\n")}
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (memory (export "memory") 2)
    (data (i32.const ${TEXTS}) "${escape(encoder.encode(texts))}")
    (data (i32.const ${VECTOR}) "${
    escape(words(BUFFER, Math.max(encoder.encode(data).byteLength, 1)))
  }")
    (data (i32.const ${BUFFER}) "${escape(encoder.encode(data))}")
    (func $give (param $from i32) (param $length i32) (param $to i64)
      (loop $next
        (if (i32.eqz (local.get $length)) (then (return)))
        (call $store (local.get $to) (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $to (i64.add (local.get $to) (i64.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $next)))
    (func (export "run") (result i32) (local $out i64)
      ${body.join("\n")}
      (local.set $out (call $alloc (i64.const ${0x1000 + SCRATCH_BYTES})))
      (call $give (i32.const 0) (i32.const ${0x1000}) (local.get $out))
      (call $give (i32.const ${SCRATCH}) (i32.const ${SCRATCH_BYTES})
        (i64.add (local.get $out) (i64.const ${0x1000})))
      (call $output (local.get $out) (i64.const ${0x1000 + SCRATCH_BYTES}))
      (i32.const 0)))`);
}

/** Reads the output of a program. */
export function readWasiRun(output: Uint8Array, calls: number): WasiRun {
  const view = new DataView(output.buffer, output.byteOffset);
  return {
    errnos: Array.from({ length: calls }, (_, i) => view.getUint16(2 * i, true)),
    scratch: output.subarray(0x1000),
  };
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

function escape(bytes: Uint8Array): string {
  return [...bytes].map((b) => `\\${b.toString(16).padStart(2, "0")}`).join("");
}
