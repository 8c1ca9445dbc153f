/** Task queues through guests, with a driven clock: from the host function to the worker and back. */

import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { ServiceHost, type ServicePlugin } from "./support/service_host.ts";
import type { CallbackSettings } from "./support/service_guest.ts";

const TASKS: ServicePlugin = { permissions: { taskqueue: { maxConcurrency: 10 } } };

/** A plugin `p` whose worker does what its settings say, with a queue `q`. */
async function worker(
  settings: CallbackSettings = {},
  queue: object = {},
  plugin: ServicePlugin = TASKS,
  options: Parameters<typeof ServiceHost.open>[1] = {},
): Promise<ServiceHost> {
  const place = await ServiceHost.open({ p: plugin }, {
    config: { p: { ...settings } },
    ...options,
  });
  deepStrictEqual(
    await place.call("p", "task_createqueue", { name: "q", config: queue }),
    {},
  );
  return place;
}

async function enqueue(place: ServiceHost, payload = "AA=="): Promise<string> {
  const { result } = await place.call("p", "task_enqueue", { queueName: "q", payload });
  match(result, /^[0-9a-zA-Z]{22}$/);
  return result;
}

async function status(place: ServiceHost, taskId: string): Promise<Record<string, unknown>> {
  return (await place.call("p", "task_get", { taskId })).result;
}

/** Waits until a task is neither pending nor running; the clock stands still. */
async function ended(place: ServiceHost, taskId: string): Promise<Record<string, unknown>> {
  for (;;) {
    const now = await status(place, taskId);
    if (now["status"] !== "pending" && now["status"] !== "running") return now;
    await new Promise((done) => setTimeout(done, 5));
  }
}

Deno.test("a worker is given queue, task, payload and attempt 1, and what it returns is kept", async () => {
  await using place = await worker({ output: '"completed \u00E4"' });
  const taskId = await enqueue(place, "AP8=");
  deepStrictEqual(await ended(place, taskId), {
    status: "completed",
    message: "completed \u00E4",
    attempt: 1,
  });
  deepStrictEqual(place.heard("p").map((line) => JSON.parse(line)), [
    { queueName: "q", taskId, payload: "AP8=", attempt: 1 },
  ]);
});

const OUTPUTS: readonly [output: string | undefined, status: string, message: RegExp][] = [
  [undefined, "completed", /^$/],
  ["null", "completed", /^$/],
  ['""', "completed", /^$/],
  ["5", "failed", /cannot unmarshal/],
  ["{}", "failed", /cannot unmarshal/],
  ["[", "failed", /./],
];
for (const [output, wanted, message] of OUTPUTS) {
  Deno.test(`a worker that returns ${output ?? "nothing"} has ${wanted}`, async () => {
    await using place = await worker(output === undefined ? {} : { output });
    const done = await ended(place, await enqueue(place));
    strictEqual(done["status"], wanted);
    match(String(done["message"]), message);
  });
}

const FAILING: readonly [what: string, place: () => Promise<ServiceHost>, message: RegExp][] = [
  ["sets an error", () => worker({ error: "as told" }), /^plugin call failed: as told$/],
  [
    "sets an error and returns something",
    () => worker({ error: "as told", output: '"fine"' }),
    /^plugin call failed: as told$/,
  ],
  [
    "traps",
    () => worker({}, {}, { ...TASKS, callbacks: { last: "unreachable" } }),
    /^plugin call failed: .*unreachable/,
  ],
  [
    "returns -2",
    () => worker({}, {}, { ...TASKS, callbacks: { last: "(return (i32.const -2))" } }),
    /^function not implemented: nd_task_execute$/,
  ],
];
for (const [what, open, message] of FAILING) {
  Deno.test(`a worker that ${what} has failed, with the text of it`, async () => {
    await using place = await open();
    const done = await ended(place, await enqueue(place));
    deepStrictEqual([done["status"], done["attempt"]], ["failed", 1]);
    match(String(done["message"]), message);
  });
}

Deno.test("two retries are three runs, each backoff twice the last, and then it has failed", async () => {
  await using place = await worker({ error: "never" }, { maxRetries: 2, backoffMs: 100 });
  const taskId = await enqueue(place);
  for (const [attempt, backoffMs] of [[1, 100], [2, 200]] as const) {
    await place.heardTimes("p", attempt);
    await pending(place, taskId);
    deepStrictEqual(await status(place, taskId), { status: "pending", message: "", attempt });
    await place.clock.advance(backoffMs - 1);
    deepStrictEqual(await status(place, taskId), { status: "pending", message: "", attempt });
    await place.clock.advance(1);
  }
  const message = "plugin call failed: never";
  deepStrictEqual(await ended(place, taskId), { status: "failed", message, attempt: 3 });
  const attempts = place.heard("p").filter((line) => line.startsWith("{"));
  deepStrictEqual(attempts.map((line) => JSON.parse(line).attempt), [1, 2, 3]);
});

/** Waits until the failure of a run has been written down. */
async function pending(place: ServiceHost, taskId: string): Promise<void> {
  while ((await status(place, taskId))["status"] === "running") {
    await new Promise((done) => setTimeout(done, 5));
  }
}

Deno.test("a worker that fails at first and then succeeds has completed", async () => {
  const settings = { error: "not yet", spared: "2", output: '"at last"' };
  await using place = await worker(settings, { maxRetries: 2, backoffMs: 100 });
  const taskId = await enqueue(place);
  await place.heardTimes("p", 1);
  await pending(place, taskId);
  await place.clock.advance(100);
  deepStrictEqual(await ended(place, taskId), {
    status: "completed",
    message: "at last",
    attempt: 2,
  });
});

Deno.test("a huge backoff is an hour", async () => {
  await using place = await worker({ error: "no" }, { maxRetries: 3, backoffMs: 10 ** 15 });
  const taskId = await enqueue(place);
  await place.heardTimes("p", 1);
  await pending(place, taskId);
  await place.clock.advance(3_599_999);
  strictEqual((await status(place, taskId))["status"], "pending");
  await place.clock.advance(1);
  while ((await status(place, taskId))["attempt"] !== 2) {
    await new Promise((done) => setTimeout(done, 5));
  }
});

Deno.test("spacing holds across three workers, and the first task goes at once", async () => {
  await using place = await worker({}, { concurrency: 3, delayMs: 200 });
  for (let task = 0; task < 3; task++) await enqueue(place);
  await place.heardTimes("p", 1);
  for (const runs of [2, 3]) {
    await place.clock.advance(199);
    // The answer comes after those of workers that were woken before it was asked.
    await place.call("p", "config_get", { key: "" });
    strictEqual(place.heard("p").length, runs - 1);
    await place.clock.advance(1);
    await place.heardTimes("p", runs);
  }
});

Deno.test("what waits can be cancelled and cleared; what runs or is over cannot", async () => {
  // The second task is taken up at once, and then waits for its slot.
  await using place = await worker({}, { concurrency: 1, delayMs: 60_000 });
  const tasks: string[] = [];
  for (let task = 0; task < 5; task++) tasks.push(await enqueue(place));
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = tasks;
  await ended(place, first);
  deepStrictEqual(await place.call("p", "task_cancel", { taskId: third }), {});
  deepStrictEqual(await status(place, third), { status: "cancelled", message: "", attempt: 0 });
  for (const [taskId, state] of [[first, "completed"], [second, "running"], [third, "cancelled"]]) {
    const { error } = await place.call("p", "task_cancel", { taskId });
    strictEqual(error, `task "${taskId}" cannot be cancelled (status: ${state})`);
  }
  deepStrictEqual(await place.call("p", "task_clearqueue", { queueName: "q" }), { result: 2 });
  deepStrictEqual(await place.call("p", "task_clearqueue", { queueName: "q" }), {});
  for (const taskId of [fourth, fifth]) {
    strictEqual((await status(place, taskId))["status"], "cancelled");
  }
  await place.clock.advance(60_000);
  strictEqual((await ended(place, second))["status"], "completed");
  strictEqual(place.heard("p").length, 2);
});

Deno.test("as many tasks run at once as the queue has workers", async () => {
  const users = Promise.withResolvers<never[]>();
  const plugin = {
    permissions: { taskqueue: { maxConcurrency: 2 }, users: {} },
    callbacks: { calls: { nd_task_execute: "users_getusers" } },
  };
  await using place = await worker({}, { concurrency: 9 }, plugin, {
    musicServer: { users: { list: () => users.promise } },
  });
  const tasks: string[] = [];
  for (let task = 0; task < 3; task++) tasks.push(await enqueue(place));
  const states = await Promise.all(tasks.map((taskId) => status(place, taskId)));
  deepStrictEqual(states.map((state) => state["status"]), ["running", "running", "pending"]);
  users.resolve([]);
  for (const taskId of tasks) strictEqual((await ended(place, taskId))["status"], "completed");
});

Deno.test("a payload of exactly 1 MiB reaches the worker", async () => {
  await using place = await worker();
  const payload = new Uint8Array(1_048_576).toBase64();
  strictEqual((await ended(place, await enqueue(place, payload)))["status"], "completed");
});

Deno.test("tasks outlive a restart, wait for their queue, and keep the attempt of a run that was cut off", async () => {
  await using place = await worker({ output: '"late"' }, { concurrency: 1, delayMs: 60_000 });
  const [done, running, waiting] = [
    await enqueue(place),
    await enqueue(place),
    await enqueue(place),
  ];
  await ended(place, done);
  strictEqual((await status(place, running))["status"], "running");
  await place.start();
  deepStrictEqual(await status(place, done), { status: "completed", message: "late", attempt: 1 });
  for (const taskId of [running, waiting]) {
    deepStrictEqual(await status(place, taskId), { status: "pending", message: "", attempt: 0 });
  }
  await place.clock.advance(60_000);
  const { error } = await place.call("p", "task_enqueue", { queueName: "q", payload: "" });
  strictEqual(error, 'queue "q" does not exist');
  strictEqual((await status(place, waiting))["status"], "pending");
  deepStrictEqual(await place.call("p", "task_createqueue", { name: "q" }), {});
  for (const taskId of [running, waiting]) {
    deepStrictEqual(await ended(place, taskId), {
      status: "completed",
      message: "late",
      attempt: 1,
    });
  }
});

Deno.test("finished tasks go after their retention", async () => {
  await using place = await worker({}, { retentionMs: 1 });
  const old = await enqueue(place);
  await ended(place, old);
  await place.clock.advance(290_000);
  const young = await enqueue(place);
  await ended(place, young);
  await place.clock.advance(10_000);
  strictEqual(
    (await place.call("p", "task_get", { taskId: old })).error,
    `task "${old}" not found`,
  );
  ok(await status(place, young));
});

Deno.test("a data folder that is in the way refuses the load with the name of the service", async () => {
  await using place = new ServiceHost();
  place.install("p", TASKS);
  await place.start();
  Deno.mkdirSync(`${place.data.path}/plugin-data`, { recursive: true });
  Deno.writeTextFileSync(`${place.data.path}/plugin-data/p`, "in the way");
  await rejects(place.host.enable("p"), {
    code: "services.unavailable",
    message: /^(?!.*not exported).*creating Task service: /,
  });
});
