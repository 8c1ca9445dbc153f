/** Needs `--allow-env=EXTISM_ENABLE_WASI_OUTPUT,__MINIMATCH_TESTING_PLATFORM__`. */

import assert from "node:assert/strict";
import { callOurs, callTheirs, type Config } from "./support/extism_reference.ts";
import { assemble, GuestUnderTest } from "./support/guests.ts";
import { kernelGuest } from "./support/kernel_guest.ts";

const hex = (text: string) => new TextEncoder().encode(text).toHex();

/** "constructor" at 0 and hex digits at 16. */
const DATA = "constructor".padEnd(16, "\0") + "0123456789abcdef";

interface Difference {
  readonly name: string;
  /** What the export `run` does. */
  readonly run: string;
  readonly more?: string;
  readonly input?: string;
  readonly config?: Config;
  /** Exact answer, or what it must match. */
  readonly ours: string | RegExp;
  readonly theirs: string | RegExp;
}

const number = (value: number) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes.toHex();
};

/** The differences of `extism-abi.md` 1.10, and those that follow from them. Ours is upstream's answer. */
const DIFFERENCES: readonly Difference[] = [
  {
    name: "handles are small numbers, not an index in the top 16 bits",
    run: `(call $give (i64.shr_u (call $alloc (i64.const 1)) (i64.const 32)))`,
    ours: number(0),
    theirs: number(0x1_0000),
  },
  {
    name: "a load may cross from one block into the next",
    run: `(local $first i64)
      (local.set $first (call $block (i32.const 16) (i32.const 8)))
      (drop (call $block (i32.const 24) (i32.const 8)))
      (call $give (call $load_u64 (i64.add (local.get $first) (i64.const 4))))`,
    ours: hex("456789ab"),
    theirs: /^fault: .*bounds/,
  },
  {
    name: "a u8 load outside kernel memory reads 0",
    run: `(call $give (i64.extend_i32_u (call $load_u8 (i64.const 0xffffffff))))
      (call $give (i64.extend_i32_u (call $load_u8
        (i64.add (call $block (i32.const 16) (i32.const 1)) (i64.const 100000)))))`,
    ours: number(0),
    theirs: /^fault: .*bounds/,
  },
  {
    name: "a u64 load outside kernel memory traps",
    run: `(call $give (call $load_u64 (i64.const 0xfffffff0)))`,
    ours: /^fault: trapped memory access out of bounds/,
    theirs: /^fault: .*bounds/,
  },
  {
    name: "u8 past the end of the input reads 0",
    run: `(call $give (i64.extend_i32_u (call $input_load_u8 (i64.const 3))))`,
    input: "abc",
    ours: number(0),
    theirs: /^fault: .*bounds/,
  },
  {
    name: "alloc(0) is no block",
    run: `(call $give (call $alloc (i64.const 0)))`,
    ours: number(0),
    theirs: /^0000000000000[1-9]00$/,
  },
  {
    name: "the null handle has no length",
    run: `(call $give (call $length (i64.const 0)))`,
    ours: number(0),
    theirs: number(1),
  },
  {
    name: "output_set gives a range out, not its whole block",
    run: `(call $output_set
        (i64.add (call $block (i32.const 16) (i32.const 16)) (i64.const 4)) (i64.const 5))`,
    ours: hex("45678"),
    theirs: hex("0123456789abcdef"),
  },
  {
    name: "output_set may take a range over two blocks",
    run: `(local $first i64)
      (local.set $first (call $block (i32.const 16) (i32.const 8)))
      (drop (call $block (i32.const 24) (i32.const 8)))
      (call $output_set (local.get $first) (i64.const 12))`,
    ours: hex("0123456789ab"),
    theirs: /^fault: length longer than target block/,
  },
  {
    name: "output_set(0, 0) at the start gives nothing out",
    run: `(call $output_set (i64.const 0) (i64.const 0))`,
    ours: "",
    theirs: "00",
  },
  {
    name: "output_set(0, 0) leaves an output that was set",
    run: `(call $output_set (call $block (i32.const 16) (i32.const 3)) (i64.const 3))
      (call $output_set (i64.const 0) (i64.const 0))`,
    ours: hex("012"),
    theirs: "00",
  },
  {
    name: "output_set of a range outside is ignored",
    run: `(call $output_set (call $block (i32.const 16) (i32.const 3)) (i64.const 3))
      (call $output_set (i64.const 0x70000000) (i64.const 8))
      (call $output_set (call $alloc (i64.const 8)) (i64.const 0x70000000))
      (call $output_set (call $alloc (i64.const 8)) (i64.const -1))
      (call $output_set (i64.const -8) (i64.const 8))`,
    ours: hex("012"),
    theirs: /^fault: length longer than target block/,
  },
  {
    name: "output_set of no bytes of a block gives nothing out",
    run: `(call $output_set (call $block (i32.const 16) (i32.const 3)) (i64.const 3))
      (call $output_set (call $block (i32.const 16) (i32.const 3)) (i64.const 0))`,
    ours: "",
    theirs: hex("012"),
  },
  {
    name: "error_set(0) clears the error",
    run: `(call $error_set (call $block (i32.const 16) (i32.const 3)))
      (call $error_set (i64.const 0))
      (call $give (i64.const 7))`,
    ours: number(7),
    theirs: "error: \\u0000",
  },
  {
    name: "a freed error text is no error",
    run: `(local $text i64)
      (local.set $text (call $block (i32.const 16) (i32.const 3)))
      (call $error_set (local.get $text))
      (call $free (local.get $text))`,
    ours: "",
    theirs: "",
  },
  {
    name: "config_get knows no key but the plugin's own",
    run: `(call $give (call $length (call $config_get
        (call $block (i32.const 0) (i32.const 11)))))`,
    ours: number(0),
    theirs: /^(?!0000000000000000$)/,
  },
  {
    name: "an empty setting is absent",
    run: `(call $give (call $config_get (call $block (i32.const 16) (i32.const 1))))`,
    config: { "0": "" },
    ours: number(0),
    theirs: /^fault: failed to store output/,
  },
  {
    name: "a variable is a copy: writing to what var_get gave does not change it",
    run: `(call $var_set (call $block (i32.const 0) (i32.const 1))
        (call $block (i32.const 16) (i32.const 1)))
      (call $store_u8 (call $var_get (call $block (i32.const 0) (i32.const 1))) (i32.const 90))
      (call $give (i64.extend_i32_u (call $load_u8
        (call $var_get (call $block (i32.const 0) (i32.const 1))))))`,
    ours: number(0x30),
    theirs: number(90),
  },
  {
    name: "variables have a limit of 1 MiB",
    run: `(call $var_set (call $block (i32.const 0) (i32.const 1))
        (call $alloc (i64.const 1048536)))`,
    ours: "fault: trapped variable store is full",
    theirs: "",
  },
  {
    name: "var_set and var_get free the blocks they are given",
    run: `(local $key i64) (local $value i64) (local $again i64)
      (local.set $key (call $block (i32.const 0) (i32.const 1)))
      (local.set $value (call $block (i32.const 16) (i32.const 7)))
      (call $var_set (local.get $key) (local.get $value))
      (local.set $again (i64.add (call $length (local.get $key)) (call $length (local.get $value))))
      (local.set $key (call $block (i32.const 1) (i32.const 3)))
      (drop (call $var_get (local.get $key)))
      (call $give (i64.add (local.get $again) (call $length (local.get $key))))`,
    ours: number(0),
    theirs: number(11),
  },
  {
    name: "log functions free the text",
    run: `(local $text i64)
      (local.set $text (call $block (i32.const 16) (i32.const 3)))
      (call $log_info (local.get $text))
      (call $give (call $length (local.get $text)))`,
    ours: number(0),
    theirs: number(3),
  },
  {
    name: "freeing the input makes its length 0",
    run: `(call $free (call $input_offset)) (call $give (call $input_length))`,
    input: "abc",
    ours: number(0),
    theirs: number(0),
  },
  {
    name: "_initialize runs, with the input set",
    more: `(global $seen (mut i64) (i64.const 99))
      (func (export "_initialize") (global.set $seen (call $input_length)))`,
    run: `(call $give (global.get $seen))`,
    input: "abc",
    ours: number(3),
    theirs: number(99),
  },
  {
    name: "_start never runs",
    more: `(global $seen (mut i64) (i64.const 0))
      (func (export "_start") (global.set $seen (i64.const 1)))`,
    run: `(call $give (global.get $seen))`,
    ours: number(0),
    theirs: number(0), // only with WASI, which it does not have on Deno
  },
  ...([
    ["http_headers", "(call $length (call $http_headers))", 2],
    ["error_get", "(call $error_get)", 0],
    ["output_length", "(call $output_length)", 0],
    ["output_offset", "(call $output_offset)", 0],
    ["memory_bytes", "(call $memory_bytes)", 65_536],
    ["get_log_level", "(i64.extend_i32_u (call $get_log_level))", 2],
  ] as const).map(([name, value, answer]): Difference => ({
    name: `${name} exists`,
    run: `(call $give ${value})`,
    ours: number(answer),
    theirs: /^fault: .*function import requires a callable/,
  })),
  {
    name: "input_set exists and narrows the input",
    run: `(call $input_set (i64.add (call $input_offset) (i64.const 1)) (i64.const 2))
      (call $input_set (i64.const 0x70000000) (i64.const 2))
      (call $give (i64.add
        (i64.shl (call $input_length) (i64.const 8))
        (i64.extend_i32_u (call $input_load_u8 (i64.const 0)))))`,
    input: "abc",
    ours: number(0x262),
    theirs: /^fault: .*function import requires a callable/,
  },
  {
    name: "reset exists and forgets blocks, output and error",
    run: `(call $output_set (call $block (i32.const 16) (i32.const 3)) (i64.const 3))
      (call $error_set (call $block (i32.const 16) (i32.const 3)))
      (call $reset)`,
    ours: "",
    theirs: /^fault: .*function import requires a callable/,
  },
];

for (
  const { name, run, more = "", input, config = {}, ours, theirs } of DIFFERENCES
) {
  Deno.test(`kernel: ${name}`, async () => {
    const body = `${more} (func (export "run") (result i32) ${run} (i32.const 0))`;
    const text = kernelGuest(body, DATA);
    using guest = await GuestUnderTest.start(text, { config: new Map(Object.entries(config)) });
    const seen = {
      ours: (await callOurs(guest, "run", input)).answer,
      theirs: (await callTheirs(await WebAssembly.compile(assemble(text)), "run", input, config))
        .answer,
    };
    for (const [side, wanted] of [["ours", ours], ["theirs", theirs]] as const) {
      if (wanted instanceof RegExp) assert.match(seen[side], wanted, side);
      else assert.equal(seen[side], wanted, side);
    }
  });
}

Deno.test("kernel: the return code is told, −2 included; theirs drops it", async () => {
  const text = kernelGuest(
    `(func (export "run") (result i32) (call $give (i64.const 5)) (i32.const -2))`,
  );
  using guest = await GuestUnderTest.start(text);
  const { outcome } = await guest.call("run");
  assert.equal(outcome.kind === "returned" && outcome.code, -2);
  const theirs = await callTheirs(await WebAssembly.compile(assemble(text)), "run");
  assert.equal(theirs.answer, number(5));
});

/** Initialisers that write a letter each into the first bytes of memory; `run` gives out what it finds. */
const INITIALISERS: readonly { exports: string[]; ours: string }[] = [
  { exports: ["_initialize"], ours: "i" },
  { exports: ["__wasm_call_ctors"], ours: "c" },
  { exports: ["_start"], ours: "" },
  { exports: ["_initialize", "__wasm_call_ctors"], ours: "i" },
  { exports: ["hs_init", "_initialize", "__wasm_call_ctors"], ours: "ih" },
  { exports: ["hs_init"], ours: "h" },
  { exports: [], ours: "" },
];

for (const { exports, ours } of INITIALISERS) {
  Deno.test(`kernel: of ${exports.join(", ") || "no initialiser"} runs "${ours}"`, async () => {
    const letter = { _initialize: 105, __wasm_call_ctors: 99, _start: 115, hs_init: 104 };
    const functions = Object.entries(letter).map(([name, code]) => {
      const type = name === "hs_init" ? "(param i32 i32)" : "";
      const exported = exports.includes(name) ? `(export "${name}")` : "";
      return `(func ${exported} ${type} (call $write (i32.const ${code})))`;
    });
    const text = kernelGuest(
      `(global $end (mut i32) (i32.const 64))
       (func $write (param i32) (i32.store8 (global.get $end) (local.get 0))
         (global.set $end (i32.add (global.get $end) (i32.const 1))))
       ${functions.join("\n")}
       (func (export "run") (result i32)
         (call $output_set (call $block (i32.const 64) (i32.const 4)) (i64.const 4))
         (i32.const 0))`,
    );
    using guest = await GuestUnderTest.start(text);
    // Twice: a second call has an instance of its own, made ahead or not.
    for (let i = 0; i < 2; i++) {
      const { answer } = await callOurs(guest, "run");
      assert.equal(answer, hex(ours.padEnd(4, "\0")));
    }
  });
}
