import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { queueSettings } from "../src/services/task_settings.ts";
import { TASK_CASES } from "./services_cases/task.ts";
import {
  Bench,
  type BenchOptions,
  FakeClock,
  settle,
  testCases,
} from "./services_cases/harness.ts";

testCases(TASK_CASES);

interface Run {
  readonly queueName: string;
  readonly taskId: string;
  readonly payload: string;
  readonly attempt: number;
}

/** A bench with one queue `q`. */
async function withQueue(config: object, options: BenchOptions = {}): Promise<Bench> {
  const bench = new Bench({ permissions: { taskqueue: { maxConcurrency: 10 } }, ...options });
  deepStrictEqual(await bench.call("task_createqueue", { name: "q", config }), {});
  return bench;
}

async function enqueue(bench: Bench, payload = "AA=="): Promise<string> {
  const { result } = await bench.call("task_enqueue", { queueName: "q", payload });
  match(result, /^[0-9a-zA-Z]{22}$/);
  return result;
}

async function status(bench: Bench, taskId: string): Promise<unknown> {
  return (await bench.call("task_get", { taskId })).result;
}

/** A guest whose calls end when told to, in order. */
function manual(bench: Bench): ((output?: string) => Promise<void>)[] {
  const ends: ((output?: string) => Promise<void>)[] = [];
  bench.guest = () =>
    new Promise((resolve) =>
      ends.push(async (output = '""') => {
        resolve(output);
        await settle();
      })
    );
  return ends;
}

Deno.test("task: a worker gets queue, task, payload and attempt 1; the returned string is kept", async () => {
  await using bench = await withQueue({});
  bench.guest = () => '"done"';
  const taskId = await enqueue(bench, "AP8=");
  await settle();
  deepStrictEqual(bench.calls, [{
    name: "nd_task_execute",
    input: { queueName: "q", taskId, payload: "AP8=", attempt: 1 },
  }]);
  deepStrictEqual(await status(bench, taskId), {
    status: "completed",
    message: "done",
    attempt: 1,
  });
});

for (
  const [output, message] of [["", ""], ["null", ""], ['""', ""], ['"a\\u0000b"', "a\0b"]] as const
) {
  Deno.test(`task: the output ${JSON.stringify(output)} completes it`, async () => {
    await using bench = await withQueue({});
    bench.guest = () => output;
    const id = await enqueue(bench);
    await settle();
    deepStrictEqual(await status(bench, id), { status: "completed", message, attempt: 1 });
  });
}

for (const output of ["5", "{}", "[", "true"]) {
  Deno.test(`task: the output ${output} is a failure`, async () => {
    await using bench = await withQueue({});
    bench.guest = () => output;
    const taskId = await enqueue(bench);
    await settle();
    strictEqual((await bench.call("task_get", { taskId })).result.status, "failed");
  });
}

Deno.test("task: right after it was enqueued it is pending or running, with all fields there", async () => {
  await using bench = await withQueue({});
  manual(bench);
  const first = await enqueue(bench);
  const second = await enqueue(bench);
  deepStrictEqual(await status(bench, first), { status: "running", message: "", attempt: 1 });
  deepStrictEqual(await status(bench, second), { status: "pending", message: "", attempt: 0 });
});

Deno.test("task: a payload of exactly 1 MiB is accepted, an empty one too", async () => {
  await using bench = await withQueue({});
  await enqueue(bench, new Uint8Array(1_048_576).toBase64());
  await enqueue(bench, "");
});

Deno.test("task: maxRetries 2 gives three runs with doubled backoff, then the failure's text", async () => {
  await using bench = await withQueue({ maxRetries: 2, backoffMs: 100 });
  bench.guest = () => Promise.reject(new Error("plugin call failed: no"));
  const id = await enqueue(bench);
  await settle();
  deepStrictEqual(await status(bench, id), { status: "pending", message: "", attempt: 1 });
  await bench.clock.advance(99);
  strictEqual(bench.calls.length, 1);
  await bench.clock.advance(1);
  strictEqual(bench.calls.length, 2);
  await bench.clock.advance(199);
  strictEqual(bench.calls.length, 2);
  await bench.clock.advance(1);
  deepStrictEqual(bench.calls.map(({ input }) => (input as Run).attempt), [1, 2, 3]);
  deepStrictEqual(await status(bench, id), {
    status: "failed",
    message: "plugin call failed: no",
    attempt: 3,
  });
  await bench.clock.advance(3_600_000);
  strictEqual(bench.calls.length, 3);
});

Deno.test("task: a retry that succeeds completes it", async () => {
  await using bench = await withQueue({ maxRetries: 1 });
  bench.guest = (_name, input) =>
    (input as Run).attempt === 1 ? Promise.reject(new Error("no")) : '"yes"';
  const id = await enqueue(bench);
  await bench.clock.advance(1_000);
  deepStrictEqual(await status(bench, id), { status: "completed", message: "yes", attempt: 2 });
});

Deno.test("task: a huge backoff neither overflows nor exceeds an hour", async () => {
  await using bench = await withQueue({ maxRetries: 100, backoffMs: 1e15 });
  bench.guest = () => Promise.reject(new Error("no"));
  await enqueue(bench);
  await bench.clock.advance(3_599_999);
  strictEqual(bench.calls.length, 1);
  await bench.clock.advance(1);
  strictEqual(bench.calls.length, 2);
  await bench.clock.advance(3_600_000);
  strictEqual(bench.calls.length, 3);
});

Deno.test("task: concurrency is that of the queue, and the next task starts when one ends", async () => {
  await using bench = await withQueue({ concurrency: 2 });
  const ends = manual(bench);
  for (let index = 0; index < 4; index++) await enqueue(bench);
  strictEqual(ends.length, 2);
  await ends[0]?.();
  strictEqual(ends.length, 3);
});

Deno.test("task: tasks run in the order they came, and a retry when it is due", async () => {
  await using bench = await withQueue({ maxRetries: 1, backoffMs: 50 });
  const ends = manual(bench);
  const ids = [await enqueue(bench), await enqueue(bench), await enqueue(bench)];
  await ends[0]?.("5");
  await bench.clock.advance(100);
  await ends[1]?.();
  await ends[2]?.();
  await ends[3]?.();
  const runs = bench.calls.map(({ input }) => ids.indexOf((input as Run).taskId));
  deepStrictEqual(runs, [0, 1, 2, 0]);
});

Deno.test("task: spacing holds across workers, and the first goes at once", async () => {
  await using bench = await withQueue({ concurrency: 3, delayMs: 200 });
  const starts: number[] = [];
  bench.guest = () => {
    starts.push(bench.clock.now());
    return "";
  };
  const begin = bench.clock.now();
  const ids = [await enqueue(bench), await enqueue(bench), await enqueue(bench)];
  strictEqual((await bench.call("task_get", { taskId: ids[2] })).result.status, "running");
  await bench.clock.advance(1_000);
  deepStrictEqual(starts.map((at) => at - begin), [0, 200, 400]);
});

Deno.test("task: a pending task can be cancelled, a running or finished one cannot", async () => {
  await using bench = await withQueue({});
  const ends = manual(bench);
  const [first, second] = [await enqueue(bench), await enqueue(bench)];
  deepStrictEqual(await bench.call("task_cancel", { taskId: second }), {});
  deepStrictEqual(await status(bench, second), { status: "cancelled", message: "", attempt: 0 });
  strictEqual(
    (await bench.call("task_cancel", { taskId: first })).error,
    `task "${first}" cannot be cancelled (status: running)`,
  );
  await ends[0]?.();
  match((await bench.call("task_cancel", { taskId: first })).error, /\(status: completed\)$/);
  match((await bench.call("task_cancel", { taskId: second })).error, /\(status: cancelled\)$/);
  strictEqual(bench.calls.length, 1);
});

Deno.test("task: clearing cancels what waits, counts it and leaves what runs", async () => {
  await using bench = await withQueue({});
  const ends = manual(bench);
  const first = await enqueue(bench);
  await enqueue(bench);
  await enqueue(bench);
  deepStrictEqual(await bench.call("task_clearqueue", { queueName: "q" }), { result: 2 });
  deepStrictEqual(await bench.call("task_clearqueue", { queueName: "q" }), {});
  await ends[0]?.();
  deepStrictEqual(await status(bench, first), { status: "completed", message: "", attempt: 1 });
});

Deno.test("task: finished tasks go after their retention, others stay", async () => {
  await using bench = await withQueue({ retentionMs: 60_000 });
  bench.guest = () => '"done"';
  const old = await enqueue(bench);
  await bench.clock.advance(290_000);
  const young = await enqueue(bench);
  await bench.clock.advance(10_000);
  strictEqual((await bench.call("task_get", { taskId: old })).error, `task "${old}" not found`);
  ok(await status(bench, young));
});

Deno.test("task: tasks wait over a reload until the queue is created again; interrupted ones keep their attempt", async () => {
  Deno.mkdirSync("tests/.tmp", { recursive: true });
  const dataFolder = Deno.makeTempDirSync({ dir: "tests/.tmp" });
  const clock = new FakeClock();
  const ids: string[] = [];
  {
    await using bench = await withQueue({}, { dataFolder, clock });
    manual(bench);
    ids.push(await enqueue(bench), await enqueue(bench));
  }
  {
    await using bench = new Bench({
      permissions: { taskqueue: { maxConcurrency: 1 } },
      dataFolder,
      clock,
    });
    bench.guest = () => '"late"';
    await bench.clock.advance(60_000);
    strictEqual(bench.calls.length, 0);
    deepStrictEqual(await status(bench, ids[0] ?? ""), {
      status: "pending",
      message: "",
      attempt: 0,
    });
    await bench.call("task_createqueue", { name: "q" });
    await settle();
    deepStrictEqual(bench.calls.map(({ input }) => (input as Run).attempt), [1, 1]);
    deepStrictEqual(await status(bench, ids[1] ?? ""), {
      status: "completed",
      message: "late",
      attempt: 1,
    });
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("task: unloading waits ten seconds for a guest that does not end, and takes its task back", async () => {
  Deno.mkdirSync("tests/.tmp", { recursive: true });
  const dataFolder = Deno.makeTempDirSync({ dir: "tests/.tmp" });
  const bench = await withQueue({}, { dataFolder, callGuest: () => new Promise(() => {}) });
  const id = await enqueue(bench);
  let closed = false;
  const closing = bench[Symbol.asyncDispose]().then(() => closed = true);
  await bench.clock.advance(9_999);
  strictEqual(closed, false);
  await bench.clock.advance(1);
  await closing;
  strictEqual(bench.clock.waiting, 0);
  const { error } = await bench.call("task_enqueue", { queueName: "q", payload: "" });
  strictEqual(error, "database is closed");
  {
    await using again = new Bench({
      permissions: { taskqueue: { maxConcurrency: 1 } },
      dataFolder,
    });
    deepStrictEqual(await status(again, id), { status: "pending", message: "", attempt: 0 });
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("task: the number of tasks and their bytes are bounded, and finished payloads do not count", async () => {
  await using bench = await withQueue({}, { limits: { tasks: 3, taskBytes: 1000 } });
  const ends = manual(bench);
  const large = new Uint8Array(600).toBase64();
  await enqueue(bench, large);
  const refused = await bench.call("task_enqueue", { queueName: "q", payload: large });
  strictEqual(refused.error, "enqueuing task: tasks exceed maximum of 1000 bytes");
  await ends[0]?.();
  await enqueue(bench, large);
  await enqueue(bench);
  const fourth = await bench.call("task_enqueue", { queueName: "q", payload: "" });
  strictEqual(fourth.error, "enqueuing task: maximum of 3 tasks reached");
  await bench.clock.advance(3_600_001);
  await enqueue(bench);
});

Deno.test("task: the payload of a finished task does not stay on the disk", async () => {
  Deno.mkdirSync("tests/.tmp", { recursive: true });
  const dataFolder = Deno.makeTempDirSync({ dir: "tests/.tmp" });
  {
    await using bench = await withQueue({}, { dataFolder });
    const ends = manual(bench);
    await enqueue(bench);
    await enqueue(bench);
    await ends[0]?.();
    await bench.call("task_clearqueue", { queueName: "q" });
    await enqueue(bench);
    await bench.call("task_clearqueue", { queueName: "q" });
    using database = new DatabaseSync(`${dataFolder}/data/taskqueue.db`);
    const rows = database.prepare("SELECT status, LENGTH(payload) AS bytes FROM tasks").all();
    deepStrictEqual(rows.map((row) => `${row["status"]} ${row["bytes"]}`).sort(), [
      "cancelled 0",
      "completed 0",
      "running 1",
    ]);
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("task: a huge message is cut, and further ones cannot pass the ceiling on bytes", async () => {
  await using bench = await withQueue({}, { limits: { taskBytes: 100_000 } });
  bench.guest = () => JSON.stringify("x".repeat(1_000_000));
  const lengths = [];
  for (let index = 0; index < 3; index++) {
    const taskId = await enqueue(bench);
    await settle();
    lengths.push((await bench.call("task_get", { taskId })).result.message.length);
  }
  deepStrictEqual(lengths, [65_536, 1024, 1024]);
});

Deno.test("task: two plugins with equal queue names do not meet", async () => {
  await using one = await withQueue({});
  await using two = await withQueue({});
  manual(one);
  const id = await enqueue(one);
  match((await two.call("task_get", { taskId: id })).error, /not found/);
  strictEqual(two.calls.length, 0);
});

Deno.test("task: a data folder that cannot be refuses the load", () => {
  Deno.mkdirSync("tests/.tmp", { recursive: true });
  const blocked = Deno.makeTempDirSync({ dir: "tests/.tmp" });
  Deno.writeTextFileSync(`${blocked}/data`, "in the way");
  throws(
    () => new Bench({ permissions: { taskqueue: { maxConcurrency: 1 } }, dataFolder: blocked }),
    { code: "services.unavailable", message: /^creating Task service: / },
  );
  Deno.removeSync(blocked, { recursive: true });
});

const none = { concurrency: 0, maxRetries: 0, backoffMs: 0n, delayMs: 0n, retentionMs: 0n };
const SETTINGS: [name: string, config: Partial<typeof none>, settings: object][] = [
  ["zero", {}, {
    concurrency: 1,
    maxRetries: 0,
    backoffMs: 1000,
    delayMs: 0,
    retentionMs: 3_600_000,
  }],
  [
    "negative",
    { concurrency: -1, maxRetries: -1, backoffMs: -1n, delayMs: -1n, retentionMs: -1n },
    {
      concurrency: 1,
      maxRetries: 0,
      backoffMs: 1000,
      delayMs: 0,
      retentionMs: 3_600_000,
    },
  ],
  ["too short a retention", { retentionMs: 1n }, { retentionMs: 60_000 }],
  ["too long a retention", { retentionMs: 2n ** 62n }, { retentionMs: 604_800_000 }],
  ["more concurrency than is left", { concurrency: 9 }, { concurrency: 4 }],
];

for (const [name, config, settings] of SETTINGS) {
  Deno.test(`task: settings that are ${name} are filled in or clamped`, () => {
    const actual = queueSettings({ ...none, ...config }, 4);
    deepStrictEqual({ ...actual, ...settings }, actual);
  });
}
