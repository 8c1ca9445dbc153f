import assert from "node:assert/strict";
import { ENV_FUNCTIONS } from "../src/cell/abi/extism.ts";
import { WASI_FUNCTIONS } from "../src/cell/wasi.ts";
import { GuestUnderTest } from "./support/guests.ts";
import { inOwnProcess } from "./support/own_process.ts";
import { becomesTrue, measured, promise, residentMb } from "./support/promises.ts";

const alone = inOwnProcess(import.meta.url);

const LETTERS: Readonly<Record<string, string>> = { i: "i32", j: "i64" };

function importOf(module: string, name: string, signature: string): string {
  const [parameters = "", results = ""] = signature.split(":");
  const types = (letters: string) => [...letters].map((letter) => LETTERS[letter]).join(" ");
  return `(import "${module}" "${name}" (func $${name} (param ${types(parameters)}) ` +
    `(result ${types(results)})))`;
}

const KERNEL = Object.entries(ENV_FUNCTIONS)
  .map(([name, signature]) => importOf("extism:host/env", name, signature)).join("\n");
const WASI = Object.entries(WASI_FUNCTIONS)
  .map(([name, signature]) => importOf("wasi_snapshot_preview1", name, signature)).join("\n");

/** A guest with every import, whose export `run` does `body` unless its input is empty. */
const hostile = (body: string, around = "") =>
  `(module ${KERNEL} ${WASI}
  (type $void (func)) (type $other (func (param i32)))
  (memory (export "memory") 2) (table 4 funcref) ${around}
  (global $g (mut i64) (i64.const 0))
  (func $run (export "run") (local $i i32) (local $h i64)
    (if (i64.eqz (call $input_length)) (then (return))) ${body}))`;

/** Repeats code a million times. */
const million = (code: string) =>
  `(loop $again ${code}
    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000000))))`;

interface Attack {
  readonly name: string;
  readonly body: string;
  readonly around?: string;
  readonly kind: "returned" | "trapped" | "exited" | "deadline";
  readonly says?: RegExp;
}

const ATTACKS: readonly Attack[] = [
  {
    name: "grows its memory to the ceiling and beyond",
    body: `(loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))
      (memory.fill (i32.const 0) (i32.const 1) (i32.shl (memory.size) (i32.const 16)))`,
    kind: "returned",
  },
  { name: "recurses for ever", body: "(call $run)", kind: "trapped", says: /call stack/ },
  {
    name: "recurses for ever, calling the kernel at every depth",
    body: `(drop (call $alloc (i64.const 70000))) (call $log_info (call $alloc (i64.const 8)))
      (drop (call $config_get (call $alloc (i64.const 8)))) (call $run)`,
    kind: "trapped",
  },
  {
    name: "makes a million small blocks",
    body: million("(drop (call $alloc (i64.const 1)))"),
    kind: "returned",
  },
  {
    name: "makes and frees a million blocks",
    body: million("(call $free (call $alloc (i64.const 100)))"),
    kind: "returned",
  },
  {
    name: "makes a million blocks of 100 KB",
    body: million("(drop (call $alloc (i64.const 100000)))"),
    kind: "returned",
  },
  {
    name: "makes one block of 63 MiB",
    body: "(drop (call $alloc (i64.const 66060288)))",
    kind: "returned",
  },
  {
    name: "logs a million lines",
    body: million("(call $log_info (call $alloc (i64.const 10)))"),
    kind: "returned",
  },
  {
    name: "logs a line of 10 MB",
    body: "(call $log_info (call $alloc (i64.const 10000000)))",
    kind: "returned",
  },
  {
    name: "prints a hundred thousand lines",
    around:
      '(data (i32.const 0) "\\10\\00\\00\\00\\00\\00\\01\\00") (data (i32.const 20) "\\0a\\0a\\1b[31m")',
    body:
      `(loop $again (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200))))`,
    kind: "returned",
  },
  {
    name: "gives out a gigabyte",
    body: "(call $output_set (i64.const 64) (i64.const 1000000000))",
    kind: "returned",
  },
  {
    name: "gives out what lies outside",
    body: "(call $output_set (i64.const -8) (i64.const 16))",
    kind: "returned",
  },
  {
    name: "leaves an error text of megabytes",
    body: "(call $error_set (call $alloc (i64.const 9000000)))",
    kind: "returned",
  },
  {
    name: "sets variables beyond their limit",
    body: million(
      "(i64.store (i32.const 0) (local.get $h)) (local.set $h (call $alloc (i64.const 8))) " +
        "(call $store_u64 (local.get $h) (i64.extend_i32_u (local.get $i))) " +
        "(call $var_set (local.get $h) (call $alloc (i64.const 100)))",
    ),
    kind: "trapped",
    says: /variable store is full/,
  },
  {
    name: "sets a variable with a name of megabytes",
    body: "(call $var_set (call $alloc (i64.const 1000000)) (call $alloc (i64.const 1)))",
    kind: "trapped",
    says: /too long/,
  },
  { name: "exits with 0", body: "(call $proc_exit (i32.const 0))", kind: "returned" },
  { name: "exits with 3", body: "(call $proc_exit (i32.const 3))", kind: "exited" },
  { name: "exits with -1", body: "(call $proc_exit (i32.const -1))", kind: "exited" },
  { name: "raises a signal", body: "(drop (call $proc_raise (i32.const 6)))", kind: "exited" },
  { name: "reaches unreachable", body: "(unreachable)", kind: "trapped", says: /unreachable/ },
  {
    name: "divides by zero",
    body: "(drop (i32.div_u (i32.const 1) (local.get $i)))",
    kind: "trapped",
    says: /divide by zero/,
  },
  {
    name: "reads out of bounds",
    body: "(drop (i32.load (i32.const -4)))",
    kind: "trapped",
    says: /out of bounds/,
  },
  {
    name: "calls a function of another type",
    around: "(elem (i32.const 0) $run)",
    body: "(call_indirect (type $other) (i32.const 1) (i32.const 0))",
    kind: "trapped",
    says: /signature mismatch/,
  },
  {
    name: "calls an empty entry of its table",
    body: "(call_indirect (type $void) (i32.const 3))",
    kind: "trapped",
  },
  {
    name: "catches what the kernel throws",
    body: `(try (do (call $var_set (call $alloc (i64.const 1000000)) (call $alloc (i64.const 1))))
      (catch_all (call $output_set (call $alloc (i64.const 4)) (i64.const 1))))`,
    kind: "returned",
  },
  {
    name: "catches running out of stack inside the kernel",
    around: `(func $deep (try (do (drop (call $alloc (i64.const 9000))) (call $deep))
      (catch_all (drop (call $alloc (i64.const 90000))))))`,
    body: "(call $deep)",
    kind: "trapped",
  },
  {
    name: "asks for HTTP without a grant",
    body: "(drop (call $http_request (call $alloc (i64.const 10)) (i64.const 0)))",
    kind: "trapped",
    says: /not allowed/,
  },
  {
    name: "fills a table",
    body: "(drop (table.grow 0 (ref.func $run) (i32.const 131000)))",
    around: "(elem declare func $run)",
    kind: "returned",
  },
];

alone(
  `An attack ends with a typed outcome for its call, the next call is fine, and memory comes back [${ATTACKS.length} cases]`,
  async () => {
    let broken = "";
    const startMb = residentMb();
    let worstMb = 0;
    for (const { name, body, around, kind, says } of ATTACKS) {
      using guest = await GuestUnderTest.start(hostile(body, around), { pool: { cells: 1 } });
      for (let round = 0; round < 2; round++) {
        const { outcome, log } = await guest.call("run", "attack", 10_000);
        const text = outcome.kind === "trapped" ? outcome.text : "";
        if (outcome.kind !== kind || (says !== undefined && !says.test(text))) {
          broken += `${name}: ${outcome.kind} ${text}\n`;
        }
        if (outcome.kind === "returned") assert.ok((outcome.error?.length ?? 0) <= 6 * 65_536);
        assert.ok(log.lines.length <= 1_000);
        for (const line of log.lines) {
          assert.ok(line.text.length <= 6 * 4_096);
          // deno-lint-ignore no-control-regex
          assert.doesNotMatch(line.text, /[\x00-\x1f\x7f]/);
        }
        const next = await guest.call("run", "");
        if (next.outcome.kind !== "returned") broken += `${name}: next call ${next.outcome.kind}\n`;
        worstMb = Math.max(worstMb, residentMb());
      }
      const { lost, cells } = guest.pool.counters;
      if (lost !== 0 || cells !== 1) broken += `${name}: ${lost} cells lost\n`;
    }
    assert.equal(broken, "");
    await becomesTrue(() => residentMb() < startMb + 250, 5_000);
    measured(
      `resident memory: ${startMb} MB before, ${worstMb} MB at worst, ${residentMb()} MB after`,
    );
    assert.ok(residentMb() < startMb + 400);
  },
);

promise("A guest's memory is given back, however it hides it", [
  { name: "exported", memory: '(memory (export "memory") 1)', start: "" },
  { name: "under another name", memory: '(memory (export "hidden") 1)', start: "" },
  { name: "not exported", memory: "(memory 1)", start: "" },
  { name: "grown by a start function that traps", memory: "(memory 1)", start: "(start $start)" },
], async ({ memory, start }) => {
  using guest = await GuestUnderTest.start(
    `(module ${memory}
      (func $grow (drop (memory.grow (i32.const 1500)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 98000000)))
      (func $start (call $grow) (unreachable)) ${start}
      (func (export "run") (call $grow)))`,
    { pool: { cells: 1 } },
  );
  await guest.call("run");
  const startMb = residentMb();
  for (let i = 0; i < 10; i++) await guest.call("run");
  measured(`${startMb} MB after the first call, ${residentMb()} MB after ten more of 98 MB each`);
  assert.ok(residentMb() < startMb + 500, `${residentMb()} MB`);
}, alone);

const HOSTILE_I64 = [
  ...[0n, 1n, 8n, 63n, 64n, 65_528n, 65_529n, 65_535n, 65_536n, 2n ** 31n, 2n ** 31n - 1n],
  ...[2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 64n, 2n ** 53n + 1n, 2n ** 63n, -1n, -8n],
];
const HOSTILE_I32 = [
  0,
  1,
  2,
  3,
  64,
  65_535,
  131_064,
  131_071,
  131_072,
  2 ** 31 - 1,
  -(2 ** 31),
  -1,
];

promise(
  "No kernel function can be hurt by an offset or a length",
  Object.entries(ENV_FUNCTIONS).filter(([, signature]) => !signature.startsWith(":"))
    .map(([name, signature]) => ({ name, signature })),
  async ({ name, signature }) => {
    const parameters = [...signature.split(":")[0]!];
    const results = signature.split(":")[1]!;
    const tuples = combinations(parameters, 400);
    await callEach(name, results, tuples, parameters);
  },
);

promise(
  "No WASI function can be hurt by a pointer, a count or a length",
  Object.entries(WASI_FUNCTIONS).filter(([name]) => name !== "proc_exit")
    .map(([name, signature]) => ({ name, signature })),
  async ({ name, signature }) => {
    const parameters = [...signature.split(":")[0]!];
    await callEach(name, signature.split(":")[1]!, combinations(parameters, 150), parameters);
  },
);

/** Calls one import with every tuple of arguments, each in an export of its own. */
async function callEach(
  name: string,
  results: string,
  tuples: readonly (readonly (bigint | number)[])[],
  parameters: readonly string[],
): Promise<void> {
  const exports = tuples.map((tuple, i) => {
    const given = tuple.map((value, at) => `(${LETTERS[parameters[at]!]}.const ${value})`).join(
      " ",
    );
    const call = `(call $${name} ${given})`;
    // Written and read afterwards, so that what the call broke is seen within its call.
    const after = `(drop (call $alloc (i64.const 70000)))`;
    return `(func (export "f${i}") ${results === "" ? call : `(drop ${call})`} ${after})`;
  });
  using guest = await GuestUnderTest.start(
    `(module ${KERNEL} ${WASI} (memory (export "memory") 2) ${exports.join("\n")}
      (func (export "run") (result i32) (i32.const 7)))`,
    { pool: { cells: 2 }, limits: { kernelBytes: 1 << 20 } },
  );
  const mayLast = name === "poll_oneoff" || name === "random_get";
  const limitMs = mayLast ? 300 : 2_000;
  const ended = await Promise.all(
    tuples.map(async (tuple, i) => ({ tuple, ...await guest.call(`f${i}`, "input", limitMs) })),
  );
  for (const { tuple, outcome } of ended) {
    const allowed = ["returned", "trapped"];
    if (mayLast) allowed.push("deadline");
    if (name === "proc_raise") allowed.push("exited");
    assert.ok(allowed.includes(outcome.kind), `${name}(${tuple.join(", ")}): ${outcome.kind}`);
  }
  const last = await guest.call("run");
  assert.ok(last.outcome.kind === "returned" && last.outcome.code === 7);
  assert.equal(guest.pool.counters.lost, 0);
}

/** Every combination of hostile values, or an even choice of at most `most` of them. */
function combinations(parameters: readonly string[], most: number): (bigint | number)[][] {
  const lists = parameters.map((type) => type === "i" ? HOSTILE_I32 : HOSTILE_I64);
  const all = lists.reduce((product, list) => product * list.length, 1);
  const count = Math.min(all, most);
  return Array.from({ length: count }, (_, n) => {
    let index = Math.floor(n * all / count);
    return lists.map((list) => {
      const value = list[index % list.length]!;
      index = Math.floor(index / list.length);
      return value;
    });
  });
}

const MARK = "0x5ec7e75ec7e75ec7";
const SCAN = `(module ${KERNEL} (memory (export "memory") 1) (global $n (mut i64) (i64.const 0))
  (data (i32.const 32) "secret")
  (func $text (param $at i32) (param $length i64) (result i64) (local $h i64) (local $i i64)
    (local.set $h (call $alloc (local.get $length)))
    (loop (call $store_u8 (i64.add (local.get $h) (local.get $i))
        (i32.load8_u (i32.add (local.get $at) (i32.wrap_i64 (local.get $i)))))
      (br_if 0 (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (local.get $length))))
    (local.get $h))
  (func (export "mark") (local $at i64)
    (global.set $n (i64.const ${MARK})) (i64.store (i32.const 0) (i64.const ${MARK}))
    (call $var_set (call $text (i32.const 32) (i64.const 6)) (call $text (i32.const 32) (i64.const 6)))
    (drop (call $alloc (i64.const 100000)))
    (local.set $at (i64.const 0))
    (loop (call $store_u64 (local.get $at) (i64.const ${MARK}))
      (br_if 0 (i64.le_u (local.tee $at (i64.add (local.get $at) (i64.const 8)))
        (i64.sub (call $memory_bytes) (i64.const 8)))))
    (call $error_set (i64.const 64)))
  (func (export "find") (result i32) (local $at i64)
    (if (i64.ne (global.get $n) (i64.const 0)) (then (return (i32.const 1))))
    (if (i64.ne (i64.load (i32.const 0)) (i64.const 0)) (then (return (i32.const 2))))
    (if (i64.ne (call $error_get) (i64.const 0)) (then (return (i32.const 3))))
    (if (i64.ne (call $output_length) (i64.const 0)) (then (return (i32.const 4))))
    (loop (if (i64.eq (call $load_u64 (local.get $at)) (i64.const ${MARK})) (then (return (i32.const 5))))
      (br_if 0 (i64.le_u (local.tee $at (i64.add (local.get $at) (i64.const 1)))
        (i64.sub (call $memory_bytes) (i64.const 8)))))
    (if (i64.ne (call $var_get (call $text (i32.const 32) (i64.const 6))) (i64.const 0))
      (then (return (i32.const 6))))
    (i32.const 0)))`;

promise("Nothing of a call can be found in the next one", [
  { name: "a cell reused", cells: 1 },
  { name: "three cells", cells: 3 },
], async ({ cells }) => {
  using guest = await GuestUnderTest.start(SCAN, { pool: { cells } });
  for (let i = 0; i < 5; i++) {
    const marked = await guest.call("mark", "secret");
    assert.equal(marked.outcome.kind, "returned");
    const { outcome } = await guest.call("find");
    assert.ok(outcome.kind === "returned");
    assert.equal(outcome.code, 0, "1 global, 2 memory, 3 error, 4 output, 5 kernel, 6 variable");
  }
});

promise("An export that returns no i32 ends as a trap, and costs no cell", [
  { name: "f64", type: "f64", value: "(f64.const 1.5)" },
  { name: "NaN", type: "f64", value: "(f64.const nan)" },
  { name: "i64", type: "i64", value: "(i64.const 1)" },
  { name: "two values", type: "i32 i32", value: "(i32.const 1) (i32.const 2)" },
  { name: "a reference", type: "funcref", value: "(ref.null func)" },
  { name: "a vector", type: "v128", value: "(v128.const i32x4 0 0 0 0)" },
], async ({ type, value }) => {
  using guest = await GuestUnderTest.start(`(module (memory (export "notRun") 1)
    (func (export "run") (result ${type}) ${value}) (func (export "next")))`);
  assert.equal((await guest.call("run")).outcome.kind, "trapped");
  assert.equal((await guest.call("notRun")).outcome.kind, "trapped");
  assert.equal((await guest.call("constructor")).outcome.kind, "trapped");
  assert.equal((await guest.call("next")).outcome.kind, "returned");
  assert.equal(guest.pool.counters.lost, 0);
});
