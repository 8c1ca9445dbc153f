// The soak in its short form: the same work, a few rests, and the same judge.

import assert from "node:assert/strict";
import { growths, type Rest } from "./support/soak_judge.ts";
import { mayRun, soak } from "./support/soak_run.ts";

Deno.test({
  name: "all examples, reloads and refusals leave no memory, file, thread or timer behind",
  ignore: !mayRun,
  async fn() {
    const { code, reasons, outcomes, text } = await soak();
    assert.deepEqual([code, reasons], [0, []], text);
    assert.ok(Object.keys(outcomes).length > 20, text);
  },
});

/** Rests of a process that keeps so much for each of ten rounds from rest to rest. */
function rests(perRound: Partial<Rest>, noise: Partial<Rest> = {}): Rest[] {
  const flat = { rounds: 0, busyRss: 3e8, live: 3e7, handles: 60, threads: 8, timers: 7 };
  return Array.from({ length: 12 }, (_, index) => {
    const rounds = 10 * (index + 10);
    const of = (measure: keyof Rest) =>
      flat[measure] + rounds * (perRound[measure] ?? 0) + (index % 2) * (noise[measure] ?? 0);
    const [busyRss, live, handles] = [of("busyRss"), of("live"), of("handles")];
    return { rounds, busyRss, live, handles, threads: of("threads"), timers: of("timers") };
  });
}

const grown = (some: readonly Rest[]) =>
  growths(some).filter(({ grows }) => grows).map(({ measure }) => measure);

Deno.test("what goes up and down is no growth", () => {
  assert.deepEqual(grown(rests({})), []);
  const noise = { busyRss: 1e8, live: 1e6, handles: 9, threads: 9, timers: 9 };
  assert.deepEqual(grown(rests({}, noise)), []);
});

for (
  const [measure, kept] of Object.entries({
    handles: 1,
    threads: 0.5,
    timers: 1,
    live: 50_000,
    busyRss: 1_000_000,
  })
) {
  Deno.test(`${kept} of ${measure} kept by each round is growth, and nothing else is`, () => {
    assert.deepEqual(grown(rests({ [measure]: kept })), [measure]);
  });
}

Deno.test("a step while it warms up is no growth", () => {
  const warming = rests({}).map((rest, index) => index < 3 ? { ...rest, live: 1e7 } : rest);
  assert.deepEqual(grown(warming), []);
});
