import assert from "node:assert/strict";
import { type CallResult, ModuleCache } from "../src/cell/mod.ts";
import { assemble, GuestUnderTest } from "./support/guests.ts";
import { becomesTrue, measured, promise } from "./support/promises.ts";

const COUNTER = `(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
  (func (export "run") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (i32.add (i32.mul (global.get $n) (i32.const 10)) (i32.load (i32.const 0)))))`;
const WAITER = `(module (import "extism:host/user" "wait" (func $wait (param i64) (result i64)))
  (func (export "run") (drop (call $wait (i64.const 0)))))`;

/** A guest whose calls wait until they are let go. */
async function waiter(pool: Parameters<typeof GuestUnderTest.start>[1] = {}) {
  const held: (() => void)[] = [];
  const guest = await GuestUnderTest.start(WAITER, {
    functions: ["wait"],
    handle: () => new Promise((resolve) => held.push(() => resolve(new Uint8Array()))),
    ...pool,
  });
  return { guest, held };
}

const code = ({ outcome }: CallResult) => outcome.kind === "returned" ? outcome.code : outcome.kind;

Deno.test("200 calls at once on one plugin are all answered, each by a fresh guest, on at most 8 cells", async () => {
  using guest = await GuestUnderTest.start(COUNTER);
  let most = 0;
  const watch = setInterval(() => most = Math.max(most, guest.pool.counters.cells), 1);
  const from = performance.now();
  const results = await Promise.all(Array.from({ length: 200 }, async () => {
    const result = await guest.call("run", "", 20_000);
    most = Math.max(most, guest.pool.counters.cells);
    return code(result);
  }));
  clearInterval(watch);
  measured(`200 calls in ${(performance.now() - from).toFixed(0)} ms on ${most} cells`);
  assert.deepEqual(new Set(results), new Set([11]));
  assert.equal(most, 8);
  assert.equal(guest.pool.counters.calls, 200);
});

Deno.test("10 plugins with 50 calls each at once are all answered, on at most 8 cells each", async () => {
  const guests = await Promise.all(
    Array.from({ length: 10 }, () => GuestUnderTest.start(COUNTER, { pool: { queueMs: 60_000 } })),
  );
  const results = await Promise.all(
    guests.flatMap((guest) => Array.from({ length: 50 }, () => guest.call("run", "", 20_000))),
  );
  assert.deepEqual(new Set(results.map(code)), new Set([11]));
  for (const guest of guests) {
    assert.ok(guest.pool.counters.cells <= 8);
    guest[Symbol.dispose]();
  }
});

Deno.test("A call beyond the queue's bound is refused, and those that wait are served", async () => {
  const { guest, held } = await waiter({ pool: { cells: 1, queue: 2 } });
  using _ = guest;
  const calls = [guest.call("run"), guest.call("run"), guest.call("run")];
  await assert.rejects(guest.call("run"), { code: "pool.queue_full" });
  for (let i = 0; i < 3; i++) {
    assert.ok(await becomesTrue(() => held.length > i, 5_000));
    held[i]!();
  }
  assert.deepEqual((await Promise.all(calls)).map(code), [0, 0, 0]);
});

Deno.test("A call that waits too long is refused without having run", async () => {
  const { guest } = await waiter({ pool: { cells: 1, queueMs: 50 } });
  using _ = guest;
  const running = guest.call("run", "", 1_000);
  await assert.rejects(guest.call("run"), { code: "pool.queue_deadline" });
  assert.equal(code(await running), "deadline");
  assert.equal(guest.pool.counters.calls, 1);
  assert.equal(guest.pool.counters.waiting, 0);
});

Deno.test("A call can be cancelled before and while it waits", async () => {
  const { guest, held } = await waiter({ pool: { cells: 1 } });
  using _ = guest;
  const input = new Uint8Array();
  await assert.rejects(
    guest.pool.call("run", input, { timeoutMs: 100, signal: AbortSignal.abort() }),
    { code: "call.cancelled" },
  );
  const running = guest.call("run");
  const abort = new AbortController();
  const waiting = guest.pool.call("run", input, { timeoutMs: 100, signal: abort.signal });
  abort.abort();
  await assert.rejects(waiting, { code: "call.cancelled" });
  assert.equal(guest.pool.counters.waiting, 0);
  assert.ok(await becomesTrue(() => held.length === 1, 5_000));
  held[0]!();
  assert.equal(code(await running), 0);
});

Deno.test("A caller that goes away is told at once, and its guest's host call is cut off", async () => {
  const signals: AbortSignal[] = [];
  const { guest } = await waiter({
    pool: { cells: 1 },
    handle: (_name, _request, signal) => new Promise(() => signals.push(signal)),
  });
  using _ = guest;
  const abort = new AbortController();
  const options = { timeoutMs: 60_000, signal: abort.signal };
  const running = guest.pool.call("run", new Uint8Array(), options);
  assert.ok(await becomesTrue(() => signals.length === 1, 5_000));
  abort.abort();
  await assert.rejects(running, { code: "call.cancelled", detail: "context canceled" });
  assert.equal(signals[0]?.aborted, true);
  // The only cell is free again, and was not lost.
  const next = guest.call("run", "", 100);
  assert.ok(await becomesTrue(() => signals.length === 2, 5_000));
  assert.equal(code(await next), "deadline");
  const { calls, deadlines, lost, cells } = guest.pool.counters;
  assert.deepEqual({ calls, deadlines, lost, cells }, {
    calls: 2,
    deadlines: 1,
    lost: 0,
    cells: 1,
  });
});

Deno.test("A guest whose caller has gone is answered nothing more, and computes no longer than its deadline", async () => {
  let asked = 0;
  // It asks for ever, whatever it is answered.
  const asks = `(module (import "extism:host/user" "ask" (func $ask (param i64) (result i64)))
    (func (export "run") (loop (drop (call $ask (i64.const 0))) (br 0)))
    (func (export "spin") (loop (br 0))))`;
  using guest = await GuestUnderTest.start(asks, {
    functions: ["ask"],
    handle: () => {
      asked++;
      return new Uint8Array();
    },
    pool: { cells: 1 },
  });
  for (const [index, name] of ["run", "spin"].entries()) {
    const timeoutMs = index === 0 ? 60_000 : 200;
    const abort = new AbortController();
    const options = { timeoutMs, signal: abort.signal };
    const running = guest.pool.call(name, new Uint8Array(), options);
    const isRunning = () => asked > 10 && guest.pool.counters.calls > index;
    assert.ok(await becomesTrue(isRunning, 5_000));
    abort.abort();
    await assert.rejects(running, { code: "call.cancelled" });
  }
  const before = asked;
  assert.ok(await becomesTrue(() => guest.pool.counters.deadlines === 1, 5_000));
  assert.equal(asked, before);
  assert.deepEqual([guest.pool.counters.lost, guest.pool.counters.cells], [0, 1]);
});

Deno.test("Closing refuses what waits, loses what runs, and refuses what comes", async () => {
  const { guest } = await waiter({ pool: { cells: 1 } });
  const running = guest.call("run");
  const waiting = guest.call("run");
  guest.pool.close();
  assert.equal(code(await running), "lost");
  await assert.rejects(waiting, { code: "pool.closed" });
  await assert.rejects(guest.call("run"), { code: "pool.closed" });
  assert.equal(guest.pool.counters.cells, 0);
  assert.equal(guest.pool.counters.lost, 0);
});

Deno.test("Closing between a cell's being given and its use refuses the call", async () => {
  using guest = await GuestUnderTest.start(COUNTER, { pool: { cells: 1 } });
  const first = guest.call("run").then(() => guest.pool.close());
  const second = guest.call("run");
  await first;
  const end = await second.then(code, (thrown) => thrown.code);
  assert.ok(end === "pool.closed" || end === "lost", String(end));
});

Deno.test("An idle cell ends after its time, and comes back when it is needed", async () => {
  using guest = await GuestUnderTest.start(COUNTER, { pool: { idleMs: 50 } });
  assert.equal(code(await guest.call("run")), 11);
  assert.ok(await becomesTrue(() => guest.pool.counters.cells === 0, 5_000));
  assert.equal(code(await guest.call("run")), 11);
  guest.pool.endIdle();
  assert.equal(guest.pool.counters.cells, 0);
});

const env = (name: string, type: string) =>
  `(import "extism:host/env" "${name}" (func $${name} ${type}))`;
const user = `(import "extism:host/user" "ask" (func $ask (param i64) (result i64)))`;
/** Answers 1 and a number that the initialiser drew. */
const prepared = (imports: string, initialiser: string) =>
  `(module ${imports}
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
    (func (export "_initialize") ${initialiser}
      (global.set $n (i32.add (global.get $n) (i32.const 1))))
    (func (export "run") (result i32) (global.get $n)))`;

promise("An instance is prepared only if the initialiser touched nothing, and is as fresh as any", [
  { name: "touches nothing", wat: prepared("", ""), asked: 0 },
  {
    name: "draws a random number",
    wat: prepared("", "(drop (call $random (i32.const 0) (i32.const 8)))"),
    asked: 0,
  },
  {
    name: "reads the input",
    wat: prepared(env("input_length", "(result i64)"), "(drop (call $input_length))"),
    asked: 0,
  },
  {
    name: "logs",
    wat: prepared(
      env("alloc", "(param i64) (result i64)") + env("log_info", "(param i64)"),
      "(call $log_info (call $alloc (i64.const 2)))",
    ),
    asked: 0,
  },
  { name: "calls the host", wat: prepared(user, "(drop (call $ask (i64.const 0)))"), asked: 5 },
], async ({ wat, asked }) => {
  let calls = 0;
  using guest = await GuestUnderTest.start(wat, {
    functions: ["ask"],
    pool: { cells: 1 },
    handle: () => (calls++, new Uint8Array()),
  });
  for (let i = 0; i < 5; i++) assert.equal(code(await guest.call("run")), 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(calls, asked, "the host was asked outside of a call, or not in one");
  assert.equal(guest.pool.counters.lost, 0);
});

Deno.test("A guest whose later initialisation calls the host outside of a call is refused it, and its cell lives on", async () => {
  // Every second initialisation differs, by chance; the first must be quiet for one to be prepared.
  const wat = prepared(
    user,
    `(drop (call $random (i32.const 0) (i32.const 1)))
     (if (i32.and (i32.load8_u (i32.const 0)) (i32.const 1)) (then (drop (call $ask (i64.const 0)))))`,
  );
  for (let round = 0; round < 8; round++) {
    let running = 0;
    let outside = 0;
    using guest = await GuestUnderTest.start(wat, {
      functions: ["ask"],
      pool: { cells: 1 },
      handle: () => (running === 0 && outside++, new Uint8Array()),
    });
    for (let i = 0; i < 6; i++) {
      running++;
      assert.equal(code(await guest.call("run")), 1);
      running--;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(outside, 0);
    assert.equal(guest.pool.counters.lost, 0);
  }
});

Deno.test("A module is compiled once for each content, and the cache keeps to its bytes", async () => {
  const cache = new ModuleCache({ maxBytes: 100, compileMs: 5_000 });
  const module = (n: number) => assemble(`(module (func (export "run${n}")))`);
  const [a, b] = await Promise.all([cache.compile(module(1)), cache.compile(module(1))]);
  assert.equal(a, b);
  for (let i = 2; i < 20; i++) {
    await cache.compile(module(i));
    assert.ok(cache.bytes <= 100);
  }
  assert.notEqual(await cache.compile(module(1)), a);
  await assert.rejects(cache.compile(new Uint8Array(20)), { code: "module.malformed" });
  assert.ok(cache.bytes <= 100);
});

Deno.test("cells that are ended give their threads back at once, also where a guest waits for its host", async () => {
  const { stdout, success } = await new Deno.Command("deno", {
    args: ["run", "--no-check", "-A", "--v8-flags=--liftoff-only", "tests/support/ended_cells.ts"],
    stderr: "inherit",
  }).output();
  assert.ok(success);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
    during: 2,
    after: 0,
    kinds: ["lost", "lost"],
  });
});
