import assert from "node:assert/strict";
import { WASI_FUNCTIONS } from "../src/cell/wasi.ts";
import { GuestUnderTest } from "./support/guests.ts";
import { promise } from "./support/promises.ts";

const LETTERS: Readonly<Record<string, string>> = { i: "i32", j: "i64" };
const BADF = 8;
const INVAL = 28;
const NOTSUP = 58;

const IMPORTS = Object.entries(WASI_FUNCTIONS).map(([name, signature]) => {
  const [parameters = "", results = ""] = signature.split(":");
  const types = (letters: string) => [...letters].map((letter) => LETTERS[letter]).join(" ");
  return `(import "wasi_snapshot_preview1" "${name}"
    (func $${name} (param ${types(parameters)}) (result ${types(results)})))`;
}).join("\n");

/** A guest whose export `run` returns a body's i32 and gives out the first 64 bytes of its memory. */
const guestOf = (body: string, around = "") =>
  `(module ${IMPORTS}
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1) ${around}
  (func (export "run") (result i32) (local $code i32) (local $h i64) (local $i i32)
    (local.set $code ${body})
    (local.set $h (call $alloc (i64.const 64)))
    (loop (call $store (i64.add (local.get $h) (i64.extend_i32_u (local.get $i))) (i64.load (local.get $i)))
      (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 64))))
    (call $output (local.get $h) (i64.const 64))
    (local.get $code)))`;

async function run(body: string, around = "") {
  using guest = await GuestUnderTest.start(guestOf(body, around), { pool: { cells: 1 } });
  const { outcome, log } = await guest.call("run");
  assert.ok(
    outcome.kind === "returned",
    `${outcome.kind} ${"text" in outcome ? outcome.text : ""}`,
  );
  const view = new DataView(outcome.output.slice().buffer);
  return { code: outcome.code, view, log };
}

const call = (name: string, ...args: number[]) => {
  const letters = WASI_FUNCTIONS[name]!.split(":")[0]!;
  const given = args.map((value, at) => `(${LETTERS[letters[at]!]}.const ${value})`).join(" ");
  return `(call $${name} ${given})`;
};

Deno.test("All 46 functions of WASI preview 1 resolve [46 cases]", async () => {
  assert.equal(Object.keys(WASI_FUNCTIONS).length, 46);
  assert.equal((await run("(i32.const 5)")).code, 5);
});

const FILE_FUNCTIONS = Object.entries(WASI_FUNCTIONS).filter(([name]) =>
  /^(path|sock|fd)_/.test(name)
);

promise(
  "There is no file, folder or socket: every function on a descriptor from 3 on says so",
  FILE_FUNCTIONS.map(([name, signature]) => ({ name, arity: signature.split(":")[0]!.length })),
  async ({ name, arity }) => {
    const args = Array.from({ length: arity }, () => 3);
    assert.equal((await run(call(name, ...args))).code, BADF);
  },
);

promise("There are no arguments and no environment", [
  { name: "args_sizes_get" },
  { name: "environ_sizes_get" },
], async ({ name }) => {
  const { code, view } = await run(
    call(name, 0, 4),
    '(data (i32.const 0) "\\09\\09\\09\\09\\09\\09\\09\\09")',
  );
  assert.equal(code, 0);
  assert.equal(view.getBigUint64(0, true), 0n);
});

Deno.test("The clocks are real", async () => {
  const before = Date.now();
  const wall = await run(call("clock_time_get", 0, 0, 0));
  const ms = Number(wall.view.getBigUint64(0, true)) / 1e6;
  assert.ok(ms >= before - 1 && ms <= Date.now() + 1);
  const steady = await run(call("clock_time_get", 1, 0, 0));
  assert.ok(steady.view.getBigUint64(0, true) > 0n);
});

Deno.test("Randomness differs from call to call and fills what was asked for", async () => {
  const draw = async () => (await run(call("random_get", 0, 60))).view;
  const [a, b] = [await draw(), await draw()];
  assert.notDeepEqual(new Uint8Array(a.buffer), new Uint8Array(b.buffer));
  assert.equal(a.getUint32(60, true), 0);
  assert.ok(new Set(new Uint8Array(a.buffer, 0, 60)).size > 20);
});

promise(
  "The three streams are character devices and nothing more",
  [0, 1, 2].map((fd) => ({
    name: `descriptor ${fd}`,
    fd,
  })),
  async ({ fd }) => {
    const { code, view } = await run(call("fd_fdstat_get", fd, 0));
    assert.equal(code, 0);
    assert.equal(view.getUint8(0), 2);
    assert.equal(view.getBigUint64(8, true), 0n);
    assert.equal((await run(call("fd_seek", fd, 0, 0, 8))).code, NOTSUP);
    assert.equal((await run(call("fd_prestat_get", fd, 0))).code, NOTSUP);
  },
);

Deno.test("Standard output and error become lines of the log", async () => {
  const text = '(data (i32.const 16) "one\\ntwo\\1b[31m") ' +
    '(data (i32.const 0) "\\10\\00\\00\\00\\0c\\00\\00\\00")';
  const { log } = await run(
    `(i32.add ${call("fd_write", 1, 0, 1, 8)} ${call("fd_write", 2, 0, 1, 8)})`,
    text,
  );
  assert.deepEqual(log.lines, [
    { level: "info", text: "one" },
    { level: "warn", text: "one" },
    { level: "info", text: "two\\u001b[31m" },
    { level: "warn", text: "two\\u001b[31m" },
  ]);
});

Deno.test("Standard input is at its end", async () => {
  const { code, view } = await run(call("fd_read", 0, 0, 1, 8), '(data (i32.const 8) "\\09")');
  assert.equal(code, 0);
  assert.equal(view.getUint32(8, true), 0);
});

Deno.test("A sleep takes its time", async () => {
  // 30 ms on the monotonic clock, subscription at 0, event at 100, count at 48
  const sleep = '(data (i32.const 16) "\\01") (data (i32.const 24) "\\80\\c3\\c9\\01")';
  const from = performance.now();
  const { code, view } = await run(call("poll_oneoff", 0, 100, 1, 48), sleep);
  assert.equal(code, 0);
  assert.equal(view.getUint32(48, true), 1);
  assert.ok(performance.now() - from >= 29);
  assert.equal((await run(call("poll_oneoff", 0, 100, 0, 48))).code, INVAL);
});
