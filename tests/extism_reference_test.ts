/**
 * Our Extism kernel beside Extism's own runtime for JavaScript: the same guests, the same inputs.
 *
 * Needs `--allow-env=EXTISM_ENABLE_WASI_OUTPUT,__MINIMATCH_TESTING_PLATFORM__`, which the other reads.
 */

import assert from "node:assert/strict";
import createPlugin from "@extism/extism";
import { visible } from "../src/cell/mod.ts";
import { assemble, GuestUnderTest } from "./support/guests.ts";
import { kernelProgram } from "./support/kernel_program.ts";

/** What a call came to, in a form in which both runtimes can be compared. */
interface Seen {
  /** The output in hex, or `error: …`, or `fault: …`. */
  readonly answer: string;
  /** Lines as `level: text`. */
  readonly log: readonly string[];
}

type Config = Readonly<Record<string, string>>;
const LONGEST_LINE = 4_096;

async function callOurs(
  guest: GuestUnderTest,
  name: string,
  input: string | Uint8Array = "",
): Promise<Seen> {
  const { outcome, log } = await guest.call(name, input);
  const lines = log.lines.map(({ level, text }) => `${level}: ${text}`);
  if (outcome.kind !== "returned") {
    const text = "text" in outcome ? outcome.text : "";
    return { answer: `fault: ${outcome.kind} ${text}`, log: lines };
  }
  return {
    answer: outcome.error === undefined ? outcome.output.toHex() : `error: ${outcome.error}`,
    log: lines,
  };
}

async function callTheirs(
  module: WebAssembly.Module,
  name: string,
  input: string | Uint8Array = "",
  config: Config = {},
): Promise<Seen> {
  const log: string[] = [];
  const keep = (level: string) => (text: string) => {
    // It tells its own doings in the same log.
    if (/is not enabled|^failed to log/.test(text)) return;
    const shown = visible(text, LONGEST_LINE).replaceAll("\n", "\\n");
    log.push(`${level}: ${shown}`);
  };
  // Typed as any: the package wants Node's Console, whose type has more than Deno's.
  const logger = Object.assign(Object.create(console), {
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
  });
  try {
    const plugin = await createPlugin(module, { useWasi: false, config: { ...config }, logger });
    const output = await plugin.call(name, typeof input === "string" ? input : input.slice());
    return { answer: output === null ? "" : output.bytes().slice().toHex(), log };
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const error = /^Plugin-originated error: (.*)$/s.exec(text)?.[1];
    const answer = error === undefined ? `fault: ${text}` : `error: ${visible(error, 65_536)}`;
    return { answer, log };
  }
}

const hex = (text: string) => new TextEncoder().encode(text).toHex();

const INTERPRETER = await Deno.readTextFile(
  new URL("guests/kernel_interpreter.wat", import.meta.url),
);
const SETTINGS = { k0: "v", k1: "a longer value", k2: "ünï🎷", k5: "x".repeat(3_000) };
const PROGRAMS = 400;

Deno.test(`${PROGRAMS} random programs give the same results and log lines in both kernels`, async () => {
  const config = new Map(Object.entries(SETTINGS));
  const module = await WebAssembly.compile(assemble(INTERPRETER));
  using guest = await GuestUnderTest.start(INTERPRETER, { config, logLevel: "debug" });
  let logged = 0;
  for (let seed = 0; seed < PROGRAMS; seed++) {
    const ending = (["none", "none", "output", "error"] as const)[seed % 4];
    const name = ending === "none" ? "run" : "run_only";
    const program = kernelProgram(seed, config, ending);
    const ours = await callOurs(guest, name, program);
    const theirs = await callTheirs(module, name, program, SETTINGS);
    assert.doesNotMatch(theirs.answer, /^fault/, `seed ${seed}`);
    assert.notEqual(theirs.answer, "", `seed ${seed}`);
    assert.deepEqual(ours, theirs, `seed ${seed}`);
    logged += ours.log.length;
  }
  assert.ok(logged > PROGRAMS, `${logged} log lines`);
});

/** A module with the functions of the kernel that `imports` names, and texts at the places of its data. */
function guestText(imports: readonly string[], body: string): string {
  const lines = imports.map((entry) => {
    const [name, ...type] = entry.split(" ");
    return `(import "extism:host/env" "${name}" (func $${name} ${type.join(" ")}))`;
  });
  return `(module ${lines.join("\n")}
    (memory (export "memory") 1)
    (data (i32.const 0) "constructor")
    (data (i32.const 16) "0123456789abcdef")
    ;; A block with a range of the data.
    (func $block (param $from i32) (param $length i32) (result i64)
      (local $handle i64) (local $i i32)
      (local.set $handle (call $alloc (i64.extend_i32_u (local.get $length))))
      (loop $next
        (call $store_u8
          (i64.add (local.get $handle) (i64.extend_i32_u (local.get $i)))
          (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
      (local.get $handle))
    ;; Gives a number out as 8 bytes.
    (func $give (param $number i64)
      (local $handle i64)
      (local.set $handle (call $alloc (i64.const 8)))
      (call $store_u64 (local.get $handle) (local.get $number))
      (call $output_set (local.get $handle) (i64.const 8)))
    ${body})`;
}

const ALLOC = "alloc (param i64) (result i64)";
const BASE = [
  ALLOC,
  "store_u8 (param i64 i32)",
  "store_u64 (param i64 i64)",
  "output_set (param i64 i64)",
];
const LENGTH = "length (param i64) (result i64)";
const ERROR_SET = "error_set (param i64)";

interface Difference {
  readonly name: string;
  readonly imports?: readonly string[];
  /** Body of the export `run`, whose result is `code`, 0 unless given. */
  readonly run: string;
  readonly more?: string;
  readonly input?: string;
  readonly config?: Config;
  readonly code?: string;
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
    imports: ["load_u64 (param i64) (result i64)"],
    run: `(local $first i64)
      (local.set $first (call $block (i32.const 16) (i32.const 8)))
      (drop (call $block (i32.const 24) (i32.const 8)))
      (call $give (call $load_u64 (i64.add (local.get $first) (i64.const 4))))`,
    ours: hex("456789ab"),
    theirs: /^fault: .*bounds/,
  },
  {
    name: "a u8 load outside kernel memory reads 0",
    imports: ["load_u8 (param i64) (result i32)"],
    run: `(call $give (i64.extend_i32_u (call $load_u8 (i64.const 0xffffffff))))
      (call $give (i64.extend_i32_u (call $load_u8
        (i64.add (call $block (i32.const 16) (i32.const 1)) (i64.const 100000)))))`,
    ours: number(0),
    theirs: /^fault: .*bounds/,
  },
  {
    name: "a u64 load outside kernel memory traps",
    imports: ["load_u64 (param i64) (result i64)"],
    run: `(call $give (call $load_u64 (i64.const 0xfffffff0)))`,
    ours: /^fault: trapped memory access out of bounds/,
    theirs: /^fault: .*bounds/,
  },
  {
    name: "u8 past the end of the input reads 0",
    imports: ["input_load_u8 (param i64) (result i32)"],
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
    imports: [LENGTH],
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
    imports: [ERROR_SET],
    run: `(call $error_set (call $block (i32.const 16) (i32.const 3)))
      (call $error_set (i64.const 0))
      (call $give (i64.const 7))`,
    ours: number(7),
    theirs: "error: \\u0000",
  },
  {
    name: "a freed error text is no error",
    imports: [ERROR_SET, "free (param i64)"],
    run: `(local $text i64)
      (local.set $text (call $block (i32.const 16) (i32.const 3)))
      (call $error_set (local.get $text))
      (call $free (local.get $text))`,
    ours: "",
    theirs: "",
  },
  {
    name: "config_get knows no key but the plugin's own",
    imports: ["config_get (param i64) (result i64)", LENGTH],
    run: `(call $give (call $length (call $config_get
        (call $block (i32.const 0) (i32.const 11)))))`,
    ours: number(0),
    theirs: /^(?!0000000000000000$)/,
  },
  {
    name: "an empty setting is absent",
    imports: ["config_get (param i64) (result i64)"],
    run: `(call $give (call $config_get (call $block (i32.const 16) (i32.const 1))))`,
    config: { "0": "" },
    ours: number(0),
    theirs: /^fault: failed to store output/,
  },
  {
    name: "a variable is a copy: writing to what var_get gave does not change it",
    imports: [
      "var_get (param i64) (result i64)",
      "var_set (param i64 i64)",
      "load_u8 (param i64) (result i32)",
    ],
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
    imports: ["var_set (param i64 i64)"],
    run: `(call $var_set (call $block (i32.const 0) (i32.const 1))
        (call $alloc (i64.const 1048536)))`,
    ours: "fault: trapped variable store is full",
    theirs: "",
  },
  {
    name: "var_set and var_get free the blocks they are given",
    imports: ["var_get (param i64) (result i64)", "var_set (param i64 i64)", LENGTH],
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
    imports: ["log_info (param i64)", LENGTH],
    run: `(local $text i64)
      (local.set $text (call $block (i32.const 16) (i32.const 3)))
      (call $log_info (local.get $text))
      (call $give (call $length (local.get $text)))`,
    ours: number(0),
    theirs: number(3),
  },
  {
    name: "freeing the input makes its length 0",
    imports: ["free (param i64)", "input_offset (result i64)", "input_length (result i64)"],
    run: `(call $free (call $input_offset)) (call $give (call $input_length))`,
    input: "abc",
    ours: number(0),
    theirs: number(0),
  },
  {
    name: "_initialize runs, with the input set",
    imports: ["input_length (result i64)"],
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
    ["http_headers", "(result i64)", "(call $length (call $http_headers))", 2],
    ["error_get", "(result i64)", "(call $error_get)", 0],
    ["output_length", "(result i64)", "(call $output_length)", 0],
    ["output_offset", "(result i64)", "(call $output_offset)", 0],
    ["memory_bytes", "(result i64)", "(call $memory_bytes)", 65_536],
    ["get_log_level", "(result i32)", "(i64.extend_i32_u (call $get_log_level))", 2],
  ] as const).map(([name, type, value, answer]): Difference => ({
    name: `${name} exists`,
    imports: [LENGTH, `${name} ${type}`],
    run: `(call $give ${value})`,
    ours: number(answer),
    theirs: /^fault: .*function import requires a callable/,
  })),
  {
    name: "input_set exists and narrows the input",
    imports: [
      "input_set (param i64 i64)",
      "input_offset (result i64)",
      "input_length (result i64)",
      "input_load_u8 (param i64) (result i32)",
    ],
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
    imports: [ERROR_SET, "reset", "input_length (result i64)"],
    run: `(call $output_set (call $block (i32.const 16) (i32.const 3)) (i64.const 3))
      (call $error_set (call $block (i32.const 16) (i32.const 3)))
      (call $reset)`,
    ours: "",
    theirs: /^fault: .*function import requires a callable/,
  },
];

const START = { run: "(call $give (i64.const 5))" };

for (
  const { name, imports = [], run, more = "", input, config = {}, ours, theirs } of DIFFERENCES
) {
  Deno.test(`kernel: ${name}`, async () => {
    const body = `${more} (func (export "run") (result i32) ${run} (i32.const 0))`;
    const text = guestText([...new Set([...BASE, ...imports])], body);
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
  const text = guestText(BASE, `(func (export "run") (result i32) ${START.run} (i32.const -2))`);
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
    const text = guestText(
      BASE,
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
