import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { SCHEDULER_CASES } from "./services_cases/scheduler.ts";
import { Bench, settle, testCases } from "./services_cases/harness.ts";

const permissions = { scheduler: {} };

testCases(SCHEDULER_CASES);

Deno.test("scheduler: a one-time schedule fires once, with its payload, and is gone", async () => {
  await using bench = new Bench({ permissions });
  const request = { delaySeconds: 5, payload: "hello", scheduleId: "id" };
  await bench.call("scheduler_scheduleonetime", request);
  await bench.clock.advance(4_999);
  deepStrictEqual(bench.calls, []);
  await bench.clock.advance(1);
  deepStrictEqual(bench.calls, [{
    name: "nd_scheduler_callback",
    input: { scheduleId: "id", payload: "hello", isRecurring: false },
  }]);
  await bench.clock.advance(3_600_000);
  strictEqual(bench.calls.length, 1);
  match((await bench.call("scheduler_cancelschedule", { scheduleId: "id" })).error, /not found/);
  strictEqual(bench.clock.waiting, 0);
});

Deno.test("scheduler: a delay of zero or less fires at once, but not inside the call", async () => {
  await using bench = new Bench({ permissions });
  for (const delaySeconds of [0, -5]) {
    const { newScheduleId } = await bench.call("scheduler_scheduleonetime", { delaySeconds });
    match(newScheduleId, /^[0-9a-zA-Z]{22}$/);
  }
  strictEqual(bench.calls.length, 0);
  await bench.clock.advance(0);
  strictEqual(bench.calls.length, 2);
});

Deno.test("scheduler: a recurring schedule fires again and again, also while a run is still going", async () => {
  await using bench = new Bench({ permissions });
  bench.guest = () => new Promise(() => {});
  const request = { cronExpression: "TZ=UTC * * * * *", payload: "p", scheduleId: "r" };
  await bench.call("scheduler_schedulerecurring", request);
  await bench.clock.advance(5 * 60_000);
  strictEqual(bench.calls.length, 5);
  deepStrictEqual(bench.calls[0]?.input, { scheduleId: "r", payload: "p", isRecurring: true });
});

Deno.test("scheduler: a failing callback is logged and does not end a recurring schedule", async () => {
  await using bench = new Bench({ permissions });
  bench.guest = () => Promise.reject(new Error("plugin call failed: no"));
  await bench.call("scheduler_schedulerecurring", { cronExpression: "1s", scheduleId: "r" });
  await bench.clock.advance(3_000);
  strictEqual(bench.calls.length, 3);
  deepStrictEqual(bench.logs[0], 'error schedule "r": plugin call failed: no');
});

Deno.test("scheduler: an ID is taken until its callback has returned, and free after it", async () => {
  await using bench = new Bench({ permissions });
  const request = { delaySeconds: 1, scheduleId: "id" };
  let inside: unknown;
  bench.guest = async () => {
    inside ??= await bench.call("scheduler_scheduleonetime", request);
  };
  await bench.call("scheduler_scheduleonetime", request);
  await bench.clock.advance(1_000);
  deepStrictEqual(inside, { error: 'schedule ID "id" already exists' });
  deepStrictEqual(await bench.call("scheduler_scheduleonetime", request), { newScheduleId: "id" });
});

Deno.test("scheduler: what a callback cancels and makes anew stays", async () => {
  await using bench = new Bench({ permissions });
  const request = { delaySeconds: 1, scheduleId: "id" };
  bench.guest = async () => {
    if (bench.calls.length > 1) return;
    await bench.call("scheduler_cancelschedule", { scheduleId: "id" });
    await bench.call("scheduler_scheduleonetime", request);
  };
  await bench.call("scheduler_scheduleonetime", request);
  await bench.clock.advance(1_000);
  strictEqual(bench.calls.length, 1);
  match((await bench.call("scheduler_scheduleonetime", request)).error, /already exists$/);
  await bench.clock.advance(1_000);
  strictEqual(bench.calls.length, 2);
  strictEqual(bench.clock.waiting, 0);
});

Deno.test("scheduler: a callback that cancels its own recurring schedule ends it", async () => {
  await using bench = new Bench({ permissions });
  bench.guest = () => bench.call("scheduler_cancelschedule", { scheduleId: "r" });
  await bench.call("scheduler_schedulerecurring", { cronExpression: "1s", scheduleId: "r" });
  await bench.clock.advance(10_000);
  strictEqual(bench.calls.length, 1);
  strictEqual(bench.clock.waiting, 0);
});

Deno.test("scheduler: a clock that is set forward fires what has become due within a minute", async () => {
  await using bench = new Bench({ permissions });
  const request = { cronExpression: "TZ=UTC 0 12 * * *", scheduleId: "noon" };
  await bench.call("scheduler_schedulerecurring", request);
  await bench.clock.advance(1_000);
  bench.clock.set(Date.UTC(2026, 0, 1, 12, 0, 5));
  await bench.clock.advance(59_000);
  strictEqual(bench.calls.length, 1);
});

Deno.test("scheduler: ten thousand schedules fire or are cancelled, and leave nothing behind", async () => {
  await using bench = new Bench({ permissions, limits: { scheduleRuns: 10_000 } });
  const schedule = (index: number) =>
    bench.call("scheduler_scheduleonetime", { delaySeconds: 60, scheduleId: `s${index}` });
  for (let index = 0; index < 10_000; index++) await schedule(index);
  match((await schedule(10_000)).error, /maximum of 10000 schedules reached/);
  for (let index = 0; index < 5_000; index++) {
    await bench.call("scheduler_cancelschedule", { scheduleId: `s${index}` });
  }
  strictEqual(bench.clock.waiting, 5_000);
  await bench.clock.advance(60_000);
  strictEqual(bench.calls.length, 5_000);
  strictEqual(bench.clock.waiting, 0);
  deepStrictEqual(await schedule(0), { newScheduleId: "s0" });
});

Deno.test("scheduler: recurring schedules, payload bytes and running callbacks have ceilings", async () => {
  await using bench = new Bench({
    permissions,
    limits: { recurringSchedules: 1, scheduleBytes: 100, scheduleRuns: 1 },
  });
  const long = await bench.call("scheduler_scheduleonetime", { scheduleId: "x".repeat(1025) });
  strictEqual(long.error, "schedule ID exceeds maximum length of 1024 bytes");
  bench.guest = () => new Promise(() => {});
  await bench.call("scheduler_schedulerecurring", { cronExpression: "1s", scheduleId: "r" });
  const second = await bench.call("scheduler_schedulerecurring", { cronExpression: "1s" });
  match(second.error, /maximum of 1 recurring schedules reached/);
  const large = await bench.call("scheduler_scheduleonetime", { payload: "x".repeat(200) });
  match(large.error, /payloads exceed maximum of 100 bytes/);
  await bench.clock.advance(3_000);
  strictEqual(bench.calls.length, 1);
  match(bench.logs[0] ?? "", /^warn schedule "r" skipped/);
});

Deno.test("scheduler: a one-time schedule waits for a free run instead of being lost", async () => {
  await using bench = new Bench({ permissions, limits: { scheduleRuns: 1 } });
  let release = () => {};
  bench.guest = () => new Promise<void>((resolve) => release = resolve);
  await bench.call("scheduler_scheduleonetime", { scheduleId: "a" });
  await bench.call("scheduler_scheduleonetime", { scheduleId: "b" });
  await bench.clock.advance(2_000);
  strictEqual(bench.calls.length, 1);
  release();
  await bench.clock.advance(1_000);
  strictEqual(bench.calls.length, 2);
});

Deno.test("scheduler: unloading cancels every timer and every running callback", async () => {
  const bench = new Bench({ permissions });
  let aborted = false;
  bench.guest = (_name, _input, signal) =>
    new Promise(() => signal?.addEventListener("abort", () => aborted = true));
  await bench.call("scheduler_scheduleonetime", { delaySeconds: 0 });
  await bench.call("scheduler_scheduleonetime", { delaySeconds: 60 });
  await bench.call("scheduler_schedulerecurring", { cronExpression: "@hourly" });
  await bench.clock.advance(0);
  await bench[Symbol.asyncDispose]();
  await settle();
  strictEqual(bench.clock.waiting, 0);
  strictEqual(aborted, true);
  const after = await bench.call("scheduler_scheduleonetime", { delaySeconds: 0 });
  strictEqual(after.error, "scheduler is closed");
});

Deno.test("scheduler: two plugins with equal IDs do not meet", async () => {
  await using one = new Bench({ permissions });
  await using two = new Bench({ permissions });
  const request = { delaySeconds: 1, scheduleId: "id" };
  await one.call("scheduler_scheduleonetime", request);
  deepStrictEqual(await two.call("scheduler_scheduleonetime", request), { newScheduleId: "id" });
  await one.call("scheduler_cancelschedule", { scheduleId: "id" });
  await two.clock.advance(1_000);
  strictEqual(two.calls.length, 1);
});
