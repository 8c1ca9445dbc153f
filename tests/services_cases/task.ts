/** Cases of the task queues that need no look at the runs; `extism-abi.md` 2.7 and 7. @module */

import type { Case } from "./case.ts";

const permissions = { taskqueue: { maxConcurrency: 3 } };
const create = (name: string, config: object = {}) => ({
  call: "task_createqueue",
  request: { name, config },
  response: "{}",
});
const refused = (name: string, errorContains: string) => ({
  call: "task_createqueue",
  request: { name, config: {} },
  errorContains,
});

export const TASK_CASES: readonly Case[] = [
  {
    name: "task: queue names are checked in order, in bytes",
    permissions,
    steps: [
      refused("", "queue name cannot be empty"),
      refused("q".repeat(129), "queue name exceeds maximum length of 128 bytes"),
      refused("\u00E4".repeat(65), "queue name exceeds maximum length of 128 bytes"),
      create("q".repeat(128)),
      refused("q".repeat(128), `queue "${"q".repeat(128)}" already exists`),
      {
        call: "task_createqueue",
        request: { name: "null", config: null },
        response: "{}",
      },
    ],
  },
  {
    name: "task: with a budget of one, a duplicate reports the exhausted budget",
    permissions: { taskqueue: { maxConcurrency: 1 } },
    steps: [
      create("q"),
      refused("q", "concurrency budget exhausted (1/1 allocated)"),
      refused("other", "concurrency budget exhausted (1/1 allocated)"),
      refused("", "queue name cannot be empty"),
    ],
  },
  {
    name: "task: a queue takes no more than the budget still allows",
    permissions,
    steps: [
      create("a", { concurrency: 2 }),
      create("b", { concurrency: 100 }),
      refused("c", "concurrency budget exhausted (3/3 allocated)"),
    ],
  },
  {
    name: "task: unknown queues and tasks",
    permissions,
    steps: [
      {
        call: "task_enqueue",
        request: { queueName: "none", payload: "AA==" },
        errorContains: 'queue "none" does not exist',
      },
      {
        call: "task_clearqueue",
        request: { queueName: "none" },
        errorContains: 'queue "none" does not exist',
      },
      { call: "task_get", request: { taskId: "x" }, errorContains: 'task "x" not found' },
      { call: "task_cancel", request: { taskId: "x" }, errorContains: 'task "x" not found' },
      create("q"),
      { call: "task_clearqueue", request: { queueName: "q" }, response: "{}" },
    ],
  },
  {
    name: "task: a payload is bounded, and null is none",
    permissions,
    steps: [
      create("q"),
      {
        call: "task_enqueue",
        request: { queueName: "q", payload: new Uint8Array(1_048_577).toBase64() },
        errorContains: "payload size 1048577 exceeds maximum of 1048576 bytes",
      },
      {
        call: "task_enqueue",
        request: { queueName: "q", payload: null },
        errorContains: "enqueuing task: NOT NULL constraint failed: tasks.payload",
      },
    ],
  },
];
