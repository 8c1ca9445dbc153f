import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseCron } from "../src/services/cron.ts";
import { parseDuration } from "../src/services/duration.ts";

/** Expression, where to begin, and the next times. 2026-01-01 is a Thursday. */
const TIMES: readonly [expression: string, after: string, next: readonly string[]][] = [
  ["TZ=UTC 30 4 * * *", "2026-01-01T05:00:00Z", ["2026-01-02T04:30:00Z", "2026-01-03T04:30:00Z"]],
  ["TZ=UTC 15 30 4 * * *", "2026-01-01T00:00:00Z", ["2026-01-01T04:30:15Z"]],
  ["TZ=UTC */20 * * * *", "2026-01-01T00:00:00Z", ["2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z"]],
  ["TZ=UTC 40/10 * * * *", "2026-01-01T00:00:00Z", [
    "2026-01-01T00:40:00Z",
    "2026-01-01T00:50:00Z",
  ]],
  ["TZ=UTC 10-30/10 * * * *", "2026-01-01T00:25:00Z", [
    "2026-01-01T00:30:00Z",
    "2026-01-01T01:10:00Z",
  ]],
  ["TZ=UTC 0 0 * * SUN", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
  ["TZ=UTC 0 0 * * mon-fri", "2026-01-02T00:00:00Z", ["2026-01-05T00:00:00Z"]],
  // A day of the month or a day of the week, when both are restricted.
  ["TZ=UTC 0 0 13 * 5", "2026-01-01T00:00:00Z", [
    "2026-01-02T00:00:00Z",
    "2026-01-09T00:00:00Z",
    "2026-01-13T00:00:00Z",
  ]],
  ["TZ=UTC 0 0 ? * 5", "2026-01-01T00:00:00Z", ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z"]],
  ["TZ=UTC 0 0 29 feb *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z"]],
  ["TZ=UTC 0 0 31 apr *", "2026-01-01T00:00:00Z", []],
  ["TZ=UTC @yearly", "2026-01-01T00:00:00Z", ["2027-01-01T00:00:00Z"]],
  ["TZ=UTC @monthly", "2026-01-01T00:00:00Z", ["2026-02-01T00:00:00Z"]],
  ["TZ=UTC @weekly", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z"]],
  ["TZ=UTC @hourly", "2026-01-01T00:00:00Z", ["2026-01-01T01:00:00Z"]],
  ["TZ=America/New_York 0 9 * * *", "2026-01-01T00:00:00Z", ["2026-01-01T14:00:00Z"]],
  ["CRON_TZ=Asia/Tokyo @daily", "2026-01-01T00:00:00Z", ["2026-01-01T15:00:00Z"]],
  ["@every 90s", "2026-01-01T00:00:00.400Z", ["2026-01-01T00:01:30Z", "2026-01-01T00:03:00Z"]],
  ["@every 1500ms", "2026-01-01T00:00:00Z", ["2026-01-01T00:00:01Z"]],
  ["@every 10ms", "2026-01-01T00:00:00Z", ["2026-01-01T00:00:01Z"]],
  ["5m", "2026-01-01T00:00:00Z", ["2026-01-01T00:05:00Z"]],
  // Berlin leaps from 02:00 to 03:00 on 2026-03-29: a fixed time in the gap runs right after it.
  ["TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", [
    "2026-03-29T01:00:00Z",
    "2026-03-30T00:30:00Z",
  ]],
  ["TZ=Europe/Berlin 0 * * * *", "2026-03-29T00:30:00Z", [
    "2026-03-29T01:00:00Z",
    "2026-03-29T02:00:00Z",
  ]],
  // It leaps back from 03:00 to 02:00 on 2026-10-25: a fixed time runs once, an interval goes on.
  ["TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z", [
    "2026-10-25T00:30:00Z",
    "2026-10-26T01:30:00Z",
  ]],
  ["TZ=Europe/Berlin */30 * * * *", "2026-10-25T00:00:00Z", [
    "2026-10-25T00:30:00Z",
    "2026-10-25T01:00:00Z",
    "2026-10-25T01:30:00Z",
    "2026-10-25T02:00:00Z",
  ]],
];

for (const [expression, after, expected] of TIMES) {
  Deno.test(`cron "${expression}" after ${after}`, () => {
    const cron = parseCron(expression);
    const times: string[] = [];
    let at: number | undefined = Date.parse(after);
    for (let turn = 0; turn < Math.max(1, expected.length); turn++) {
      at = cron.next(at);
      if (at === undefined) break;
      times.push(new Date(at).toISOString().replace(".000", ""));
    }
    deepStrictEqual(times, expected);
  });
}

Deno.test("a random field is drawn once, within its bounds", () => {
  const start = Date.UTC(2026, 0, 1);
  for (const [drawn, minute] of [[0, 10], [0.999, 20], [0.5, 15]] as const) {
    const cron = parseCron("TZ=UTC 10~20 3 * * *", () => drawn);
    const first = cron.next(start);
    strictEqual(first, start + (3 * 60 + minute) * 60_000);
    strictEqual(cron.next(first), first + 24 * 60 * 60_000);
  }
  for (let round = 0; round < 50; round++) {
    const next = parseCron("TZ=UTC ~ ~5 * * *").next(start - 1);
    ok(next !== undefined && next >= start && next < start + 6 * 60 * 60_000);
  }
});

Deno.test("without a zone the server's own counts", () => {
  const after = new Date(2026, 5, 1, 12).getTime();
  strictEqual(parseCron("0 15 * * *").next(after), new Date(2026, 5, 1, 15).getTime());
  strictEqual(parseCron("TZ=Local 0 15 * * *").next(after), new Date(2026, 5, 1, 15).getTime());
});

const DURATIONS: readonly [text: string, ms: number | undefined][] = [
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  [".5s", 500],
  ["300ms", 300],
  ["-5m", -300_000],
  ["+5m", 300_000],
  ["0", 0],
  ["1us", 0.001],
  ["5", undefined],
  ["", undefined],
  ["s", undefined],
  ["1d", undefined],
  ["1m 5s", undefined],
  ["99999999h", undefined],
];

for (const [text, ms] of DURATIONS) {
  Deno.test(`the duration "${text}" is ${ms} ms`, () => strictEqual(parseDuration(text), ms));
}
