/** Cases of the scheduler that need no look at the callbacks; `extism-abi.md` 2.3 and 7. @module */

import type { Case } from "./case.ts";

const permissions = { scheduler: {} };

const BAD_EXPRESSIONS: readonly [expression: string, cause: string][] = [
  ["", "empty spec string"],
  ["TZ=UTC", "empty spec string"],
  ["* * * *", "expected 5 to 6 fields, found 4: [* * * *]"],
  ["* * * * * * *", "expected 5 to 6 fields, found 7"],
  ["60 * * * *", "end of range (60) above maximum (59): 60"],
  ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
  ["* * * * 7", "end of range (7) above maximum (6): 7"],
  ["30-10 * * * *", "beginning of range (30) beyond end of range (10): 30-10"],
  ["*/0 * * * *", "step of range should be a positive number: */0"],
  ["1/2/3 * * * *", "too many slashes: 1/2/3"],
  ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
  ["x * * * *", "failed to parse int from x"],
  ["-1 * * * *", "failed to parse int from "],
  ["* * L * *", "failed to parse int from L"],
  ["* * * * 5#2", "failed to parse int from 5#2"],
  ["1~2,5 * * * *", "failed to parse int from 2,5"],
  ["0~30/5 * * * *", "failed to parse int from 30/5"],
  ["1~2~3 * * * *", "too many tildes: 1~2~3"],
  ["40~10 * * * *", "beginning of range (40) beyond end of range (10): 40~10"],
  ["@never", "unrecognized descriptor: @never"],
  ["@every", "unrecognized descriptor: @every"],
  ["@every soon", "failed to parse duration @every soon"],
  ["TZ=Mars/Olympus * * * * *", "unknown time zone Mars/Olympus"],
  [`${"0,".repeat(600)}0 * * * *`, "expression exceeds maximum length of 1024"],
];

const GOOD_EXPRESSIONS: readonly string[] = [
  "* * * * *",
  "*/5 * * * * *",
  "0 0 1,15 jan-mar MON",
  "? ? ? ? ?",
  "TZ=Europe/Berlin 0 2 * * *",
  "CRON_TZ=America/New_York @daily",
  "@yearly",
  "@annually",
  "@monthly",
  "@weekly",
  "@midnight",
  "@hourly",
  "@every 1h30m",
  "5m",
  "0~59 ~ 1~ ~15 * mon~fri",
  "0 0 30 2 *",
];

export const SCHEDULER_CASES: readonly Case[] = [
  {
    name:
      "scheduler: a given ID is kept, a taken one refused, by either kind; an unknown one cannot be cancelled",
    permissions,
    steps: [
      {
        call: "scheduler_scheduleonetime",
        request: { delaySeconds: 60, payload: "p", scheduleId: "one" },
        response: { newScheduleId: "one" },
      },
      {
        call: "scheduler_scheduleonetime",
        request: { delaySeconds: 60, payload: "p", scheduleId: "one" },
        errorContains: 'schedule ID "one" already exists',
      },
      {
        call: "scheduler_schedulerecurring",
        request: { cronExpression: "@hourly", payload: "p", scheduleId: "one" },
        errorContains: 'schedule ID "one" already exists',
      },
      { call: "scheduler_cancelschedule", request: { scheduleId: "one" }, response: "{}" },
      {
        call: "scheduler_cancelschedule",
        request: { scheduleId: "one" },
        errorContains: 'schedule ID "one" not found',
      },
      {
        call: "scheduler_schedulerecurring",
        request: { cronExpression: "@hourly", payload: "p", scheduleId: "one" },
        response: { newScheduleId: "one" },
      },
      { call: "scheduler_cancelschedule", request: { scheduleId: "one" }, response: "{}" },
    ],
  },
  ...BAD_EXPRESSIONS.map(([cronExpression, cause]): Case => ({
    name: `scheduler: the expression "${cronExpression.slice(0, 40)}" is refused`,
    permissions,
    steps: [
      {
        call: "scheduler_schedulerecurring",
        request: { cronExpression, payload: "", scheduleId: "s" },
        errorContains: `failed to schedule task: `,
      },
      {
        call: "scheduler_schedulerecurring",
        request: { cronExpression, payload: "", scheduleId: "s" },
        errorContains: cause,
      },
    ],
  })),
  ...GOOD_EXPRESSIONS.map((cronExpression): Case => ({
    name: `scheduler: the expression "${cronExpression}" is accepted`,
    permissions,
    steps: [
      {
        call: "scheduler_schedulerecurring",
        request: { cronExpression, payload: "", scheduleId: "s" },
        response: { newScheduleId: "s" },
      },
      { call: "scheduler_cancelschedule", request: { scheduleId: "s" }, response: "{}" },
    ],
  })),
];
