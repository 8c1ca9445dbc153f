/** Schedules and tasks through guests, with a driven clock: from the host function to the callback and back. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ServiceHost } from "./support/service_host.ts";

const scheduler = { permissions: { scheduler: {} } };

Deno.test("a schedule at once fires once, with its id, payload and kind", async () => {
  await using place = await ServiceHost.open({ p: scheduler });
  const { newScheduleId } = await place.call("p", "scheduler_scheduleonetime", {
    delaySeconds: 0,
    payload: "now",
  });
  await place.clock.advance(0);
  const [line = ""] = await place.heardTimes("p", 1);
  deepStrictEqual(JSON.parse(line), {
    scheduleId: newScheduleId,
    payload: "now",
    isRecurring: false,
  });
  await place.clock.advance(3_600_000);
  strictEqual(place.heard("p").length, 1);
  strictEqual(place.clock.waiting, 0);
});

for (
  const [what, zone, at, cron, wanted] of [
    [
      "the hour that is left out",
      "Europe/Berlin",
      Date.UTC(2026, 2, 28, 23),
      "30 2 * * *",
      // 02:30 does not exist on 29 March: it is 03:00 then.
      ["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"],
    ],
    [
      "a daily time on both sides of spring",
      "America/New_York",
      Date.UTC(2026, 2, 7, 6),
      "0 9 * * *",
      ["2026-03-07T14:00:00.000Z", "2026-03-08T13:00:00.000Z", "2026-03-09T13:00:00.000Z"],
    ],
    [
      "a daily time on both sides of autumn",
      "Europe/Berlin",
      Date.UTC(2026, 9, 24, 0),
      "0 9 * * *",
      ["2026-10-24T07:00:00.000Z", "2026-10-25T08:00:00.000Z", "2026-10-26T08:00:00.000Z"],
    ],
  ] as const
) {
  Deno.test(`a change of clocks: ${what} (${zone})`, async () => {
    await using place = await ServiceHost.open({ p: scheduler });
    place.clock.set(at);
    const expression = `TZ=${zone} ${cron}`;
    await place.call("p", "scheduler_schedulerecurring", {
      cronExpression: expression,
      payload: "",
      scheduleId: "s",
    });
    for (const [index, time] of wanted.entries()) {
      await place.clock.advance(Date.parse(time) - place.clock.now() - 1);
      await settled(place);
      strictEqual(place.heard("p").length, index, `before ${time}`);
      await place.clock.advance(1);
      await place.heardTimes("p", index + 1);
    }
    await settled(place);
    strictEqual(place.heard("p").length, wanted.length);
  });
}

/** Lets callbacks that were started end: calls of a plugin whose answer comes after theirs. */
async function settled(place: ServiceHost): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await place.call("p", "config_get", { key: "" });
  }
}

Deno.test("a callback that cancels its own recurring schedule is the last", async () => {
  const calls = { nd_scheduler_callback: "scheduler_cancelschedule" };
  await using place = await ServiceHost.open({ p: { ...scheduler, callbacks: { calls } } });
  await place.call("p", "scheduler_schedulerecurring", {
    cronExpression: "@every 1s",
    payload: "x",
    scheduleId: "s",
  });
  await place.clock.advance(1_000);
  // The second line is what the host function answered inside the callback.
  const lines = await place.heardTimes("p", 2);
  strictEqual(JSON.parse(lines[0] ?? "").scheduleId, "s");
  strictEqual(lines[1], "{}");
  await place.clock.advance(60_000);
  await settled(place);
  strictEqual(place.heard("p").length, 2);
  strictEqual(place.clock.waiting, 0);
  const again = await place.call("p", "scheduler_cancelschedule", { scheduleId: "s" });
  ok(again.error.includes('schedule ID "s" not found'));
});

Deno.test("ten thousand schedules through a guest: all fire, one more is refused, nothing is left", async () => {
  await using place = await ServiceHost.open({ p: scheduler });
  const schedule = (index: number) =>
    place.call("p", "scheduler_scheduleonetime", {
      delaySeconds: 1 + index % 200,
      payload: "",
      scheduleId: `s${index}`,
    });
  for (let index = 0; index < 10_000; index++) {
    if (index % 1_000 === 0) ok(!("error" in await schedule(index)));
    else await schedule(index);
  }
  ok((await schedule(10_000)).error.includes("10000"));
  for (let second = 1; second <= 200; second++) {
    await place.clock.advance(1_000);
    // 50 at a time: fewer than may run at once.
    await place.heardTimes("p", second * 50);
  }
  await settled(place);
  const ids = new Set(place.heard("p").map((line) => JSON.parse(line).scheduleId));
  strictEqual(ids.size, 10_000);
  strictEqual(place.heard("p").length, 10_000);
  strictEqual(place.clock.waiting, 0);
});

Deno.test("unloading a plugin ends its schedules", async () => {
  await using place = await ServiceHost.open({ p: scheduler });
  await place.call("p", "scheduler_schedulerecurring", {
    cronExpression: "* * * * *",
    payload: "",
    scheduleId: "s",
  });
  await place.host.disable("p");
  await place.clock.advance(3_600_000);
  strictEqual(place.clock.waiting, 0);
  deepStrictEqual(place.heard("p"), []);
});

Deno.test("a task runs in a guest, fails in one, and is there again after a restart", async () => {
  const task = { permissions: { taskqueue: { maxConcurrency: 2 } } };
  await using place = await ServiceHost.open({
    good: task,
    bad: { ...task, callbacks: { last: "unreachable" } },
  });
  const ids: Record<string, string> = {};
  for (const id of ["good", "bad"]) {
    await place.call(id, "task_createqueue", { name: "q", config: {} });
    const { result } = await place.call(id, "task_enqueue", { queueName: "q", payload: "AA==" });
    ids[id] = result;
  }
  const status = async (id: string) =>
    (await place.call(id, "task_get", { taskId: ids[id] })).result;
  const ended = async (id: string) => {
    for (;;) {
      const result = await status(id);
      if (result.status !== "pending" && result.status !== "running") return result;
      await place.clock.advance(10);
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  deepStrictEqual(await ended("good"), { status: "completed", message: "", attempt: 1 });
  const failed = await ended("bad");
  strictEqual(failed.status, "failed");
  ok(failed.message.startsWith("plugin call failed: "), failed.message);
  await place.start();
  strictEqual((await status("good")).status, "completed");
});
