import assert from "node:assert/strict";
import { becomesTrue, measured, promise } from "./support/promises.ts";
import { deadlinesHold } from "../src/cell/mod.ts";
import { GuestUnderTest } from "./support/guests.ts";

/** The guest asks the host whether to misbehave: an empty answer means no. */
const MODE = `
  (import "extism:host/user" "mode" (func $mode (param i64) (result i64)))
  (import "extism:host/user" "never" (func $never (param i64) (result i64)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "log_info" (func $log (param i64)))
  (import "extism:host/env" "reset" (func $reset))
  (memory (export "memory") 256)
  (table 100000 funcref)
  ;; a clock subscription of one hour
  (data (i32.const 24) "\\00\\a0\\b8\\30\\46\\03\\00\\00")
  (func $misbehave (result i32) (i64.ne (call $mode (i64.const 0)) (i64.const 0)))
  (func $for_ever (if (call $misbehave) (then (loop (br 0)))))`;

interface Hang {
  readonly name: string;
  readonly wat: string;
}

const inRun = (name: string, body: string): Hang => ({
  name,
  wat: `(func (export "run") (if (call $misbehave) (then ${body})))`,
});

const HANGS: readonly Hang[] = [
  inRun("a loop in the export", "(loop (br 0))"),
  {
    name: "a loop in _initialize",
    wat: `(func (export "_initialize") (call $for_ever)) (func (export "run"))`,
  },
  { name: "a loop in the start section", wat: `(start $for_ever) (func (export "run"))` },
  {
    name: "a loop in hs_init",
    wat: `(func (export "hs_init") (param i32 i32) (call $for_ever)) (func (export "run"))`,
  },
  {
    name: "a loop in _initialize below hs_init",
    wat: `(func (export "_initialize") (call $for_ever)) (func (export "run"))
      (func (export "hs_init") (param i32 i32))`,
  },
  {
    name: "a loop in __wasm_call_ctors",
    wat: `(func (export "__wasm_call_ctors") (call $for_ever)) (func (export "run"))`,
  },
  inRun("a loop of sched_yield", "(loop (drop (call $yield)) (br 0))"),
  inRun(
    "a sleep of an hour",
    "(drop (call $poll (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 256)))",
  ),
  inRun("a host call that is never answered", "(drop (call $never (i64.const 0)))"),
  inRun(
    "a loop of random_get",
    "(loop (drop (call $random (i32.const 0) (i32.const 16777216))) (br 0))",
  ),
  inRun("a loop of log lines", "(loop (call $log (call $alloc (i64.const 4096))) (br 0))"),
  inRun(
    "a loop of kernel resets",
    "(loop (drop (call $alloc (i64.const 67000000))) (call $reset) (br 0))",
  ),
  inRun(
    "a host call in a catch_all, for ever",
    "(loop (try (do (drop (call $never (i64.const 0)))) (catch_all)) (br 0))",
  ),
  inRun(
    "proc_exit in a catch_all, for ever",
    "(loop (try (do (call $exit (i32.const 1))) (catch_all)) (br 0))",
  ),
];

const never = new Promise<Uint8Array>(() => {});

/** Loops that are long in time and short in code. */
const SLOW_TURNS: readonly Hang[] = [
  inRun(
    "a loop of memory.fill",
    "(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 16777216)) (br 0))",
  ),
  inRun(
    "a loop of memory.copy",
    "(loop (memory.copy (i32.const 0) (i32.const 8000000) (i32.const 8000000)) (br 0))",
  ),
  inRun(
    "a loop of table.fill",
    "(loop (table.fill 0 (i32.const 0) (ref.null func) (i32.const 100000)) (br 0))",
  ),
];

async function endsAtDeadline({ wat }: Hang): Promise<void> {
  let misbehave: boolean;
  using guest = await GuestUnderTest.start(`(module ${MODE} ${wat})`, {
    functions: ["mode", "never"],
    handle: (name) => name === "never" ? never : new Uint8Array(misbehave ? 1 : 0),
    pool: { cells: 1 },
  });
  misbehave = false;
  await guest.call("run");
  misbehave = true;
  const from = performance.now();
  const { outcome } = await guest.call("run", "", 200);
  const tookMs = performance.now() - from;
  assert.equal(outcome.kind, "deadline");
  assert.ok(tookMs < 200 + 5_000, `it took ${tookMs} ms`);
  misbehave = false;
  const next = await guest.call("run");
  assert.equal(next.outcome.kind, "returned", "the next call is not served");
  assert.equal(guest.pool.counters.lost, 0);
  assert.equal(guest.pool.counters.cells, 1);
}

promise("A guest that does not end is ended at its deadline", HANGS, endsAtDeadline);

Deno.test("100 guests are ended near their deadline, and the processor is idle afterwards", async () => {
  const { stdout, success } = await new Deno.Command("deno", {
    args: [
      ...["run", "--no-check", "--no-prompt", "--allow-read=."],
      ...["--v8-flags=--liftoff-only", "tests/support/kill_100.ts"],
    ],
    stderr: "inherit",
  }).output();
  assert.ok(success);
  const { overrunsMs, kinds, busyMs, counters, next } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const [median, worst] = [overrunsMs[50], overrunsMs.at(-1)];
  measured(
    `overrun of 100 kills at 100 ms: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`,
  );
  measured(`processor time in 300 ms afterwards: ${busyMs.toFixed(0)} ms`);
  assert.deepEqual(kinds, ["deadline"]);
  assert.ok(median <= 250, `median overrun is ${median} ms`);
  const { lost, cells, deadlines } = counters;
  assert.deepEqual({ lost, cells, deadlines }, { lost: 0, cells: 8, deadlines: 100 });
  assert.ok(busyMs <= 100, `${busyMs} ms of processor time in 300 ms`);
  assert.equal(next, "returned");
});

/** Guests that end when they are to be ended, how often, and which outcomes they may have. */
const MOMENTS = [
  { name: "a host call waits until then", args: ["wait", "400"], kinds: ["deadline"], lost: 0 },
  {
    name: "the guest ends about then",
    args: ["spin", "400"],
    kinds: ["deadline", "returned"],
    lost: 0,
  },
  {
    name: "the interruption strikes the cell instead",
    args: ["struck", "10"],
    kinds: ["deadline", "lost"],
  },
];

promise(
  "No guest whose end meets its deadline ends the process",
  MOMENTS,
  async ({ args, ...may }) => {
    const { stdout, success } = await new Deno.Command("deno", {
      args: [
        ...["run", "--no-check", "--no-prompt", "--allow-read=."],
        ...["--v8-flags=--liftoff-only", "tests/support/deadline_child.ts", ...args],
      ],
    }).output();
    assert.ok(success, "the process ended");
    const { kinds, lost } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(Object.keys(kinds).filter((kind) => !may.kinds.includes(kind)), []);
    assert.equal(lost, may.lost ?? kinds.lost);
    assert.ok(kinds.deadline > 0);
  },
);

Deno.test("A host call's late answer reaches no later call", async () => {
  const answers = new Map<string, PromiseWithResolvers<Uint8Array>>();
  const signals: AbortSignal[] = [];
  using guest = await GuestUnderTest.start(
    `(module
      (import "extism:host/user" "ask" (func $ask (param i64) (result i64)))
      (import "extism:host/env" "input_offset" (func $input (result i64)))
      (import "extism:host/env" "length" (func $length (param i64) (result i64)))
      (import "extism:host/env" "output_set" (func $output (param i64 i64)))
      (func (export "run") (local $answer i64)
        (local.set $answer (call $ask (call $input)))
        (call $output (local.get $answer) (call $length (local.get $answer)))))`,
    {
      functions: ["ask"],
      pool: { cells: 1 },
      handle: (_name, request, signal) => {
        const answer = Promise.withResolvers<Uint8Array>();
        answers.set(new TextDecoder().decode(request), answer);
        signals.push(signal);
        return answer.promise;
      },
    },
  );
  const first = await guest.call("run", "first", 200);
  assert.equal(first.outcome.kind, "deadline");
  assert.ok(signals[0]!.aborted, "the handler is not told that the call is over");
  const second = guest.call("run", "second", 5_000);
  assert.ok(await becomesTrue(() => answers.has("second"), 5_000));
  answers.get("first")!.resolve(new TextEncoder().encode("late"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  answers.get("second")!.resolve(new TextEncoder().encode("right"));
  const { outcome } = await second;
  assert.ok(outcome.kind === "returned");
  assert.equal(new TextDecoder().decode(outcome.output), "right");
  assert.equal(guest.pool.counters.lost, 0);
});

Deno.test("A call's time is counted from when its cell has booted", async () => {
  using guest = await GuestUnderTest.start(`(module (func (export "run")))`);
  const results = await Promise.all(
    Array.from({ length: 8 }, () => guest.call("run", "", 300)),
  );
  assert.deepEqual(results.map(({ outcome }) => outcome.kind), Array(8).fill("returned"));
});

promise(
  "A guest that loops over large memory operations is ended at its deadline",
  SLOW_TURNS,
  async (hang) => {
    assert.ok(
      deadlinesHold(),
      "deno must run with --v8-flags=--liftoff-only, or no deadline holds against this",
    );
    await endsAtDeadline(hang);
  },
);

Deno.test("A process that stands still while it is tried out whether deadlines hold is not misled", async () => {
  const { now } = performance;
  let readings = 0;
  performance.now = () => 2 ** readings++;
  try {
    const probe = await import("../src/cell/deadline_probe.ts?slow");
    assert.ok(probe.deadlinesHold());
  } finally {
    performance.now = now;
  }
});
