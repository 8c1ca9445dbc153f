/** Schedules through guests, with a driven clock: from the host function to the callback and back. */

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

/** What is tried from inside a callback, its request, what it answers there, and what is there afterwards. */
const FROM_INSIDE: readonly [
  what: string,
  call: string,
  request: object | undefined,
  answer: string,
  then: (place: ServiceHost) => Promise<void>,
][] = [
  [
    "may schedule another run",
    "scheduler_scheduleonetime",
    { delaySeconds: 1, payload: "followup-created", scheduleId: "followup" },
    '{"newScheduleId":"followup"}',
    async (place) => {
      await place.clock.advance(1_000);
      const line = (await place.heardTimes("p", 3))[2] ?? "";
      deepStrictEqual(JSON.parse(line), {
        scheduleId: "followup",
        payload: "followup-created",
        isRecurring: false,
      });
    },
  ],
  [
    "may schedule a recurring one",
    "scheduler_schedulerecurring",
    { cronExpression: "@every 1s", payload: "again", scheduleId: "recurring" },
    '{"newScheduleId":"recurring"}',
    async (place) => {
      await place.clock.advance(1_000);
      const line = (await place.heardTimes("p", 3))[2] ?? "";
      deepStrictEqual(JSON.parse(line), {
        scheduleId: "recurring",
        payload: "again",
        isRecurring: true,
      });
    },
  ],
  [
    "finds its own ID taken, and free when it is over",
    "scheduler_scheduleonetime",
    undefined,
    '{"error":"schedule ID \\"s\\" already exists"}',
    async (place) => {
      await settled(place);
      const again = { delaySeconds: 60, payload: "", scheduleId: "s" };
      deepStrictEqual(await place.call("p", "scheduler_scheduleonetime", again), {
        newScheduleId: "s",
      });
    },
  ],
];
for (const [what, call, request, answer, then] of FROM_INSIDE) {
  Deno.test(`a callback of the scheduler ${what}`, async () => {
    const calls = { nd_scheduler_callback: call };
    const config = request === undefined ? {} : { request: JSON.stringify(request) };
    await using place = await ServiceHost.open({ p: { ...scheduler, callbacks: { calls } } }, {
      config: { p: config },
    });
    await place.call("p", "scheduler_scheduleonetime", { payload: "first", scheduleId: "s" });
    await place.clock.advance(0);
    strictEqual((await place.heardTimes("p", 2))[1], answer);
    await then(place);
  });
}

Deno.test("a callback that fails is logged with the plugin's text, and the next one comes", async () => {
  await using place = await ServiceHost.open({ p: scheduler }, {
    config: { p: { error: "no luck" } },
  });
  const request = { cronExpression: "1s", payload: "", scheduleId: "r" };
  await place.call("p", "scheduler_schedulerecurring", request);
  const failure = 'schedule "r": plugin call failed: no luck';
  for (const run of [1, 2]) {
    await place.clock.advance(1_000);
    await place.heardTimes("p", 2 * run);
    strictEqual(place.heard("p").filter((line) => line === failure).length, run);
  }
});

Deno.test("a recurring schedule starts its next run while the last one is still running", async () => {
  const list = Promise.withResolvers<never[]>();
  await using place = await ServiceHost.open({
    p: {
      permissions: { scheduler: {}, users: {} },
      callbacks: { calls: { nd_scheduler_callback: "users_getusers" } },
    },
  }, { musicServer: { users: { list: () => list.promise } } });
  const request = { cronExpression: "1s", payload: "", scheduleId: "r" };
  await place.call("p", "scheduler_schedulerecurring", request);
  const before = place.host.plugin("p").counters.calls;
  for (const runs of [1, 2, 3]) {
    await place.clock.advance(1_000);
    while (place.host.plugin("p").counters.calls < before + runs) {
      await new Promise((done) => setTimeout(done, 5));
    }
  }
  deepStrictEqual(place.heard("p"), []);
  list.resolve([]);
  await place.heardTimes("p", 6);
});

Deno.test("the calls of one plugin share its schedules, those of a reloaded one are gone", async () => {
  await using place = await ServiceHost.open({ p: scheduler });
  const request = { delaySeconds: 60, payload: "", scheduleId: "shared" };
  const schedule = () => place.call("p", "scheduler_scheduleonetime", request);
  const answers = await Promise.all([schedule(), schedule(), schedule()]);
  strictEqual(answers.filter(({ error }) => error?.includes("already exists")).length, 2);
  await place.start();
  deepStrictEqual(await schedule(), { newScheduleId: "shared" });
});
