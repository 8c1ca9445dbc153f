/**
 * The process that a soak watches. Its arguments are seconds to run, how often it rests, and what it is to leak. At
 * each rest it tells of itself in a line of JSON, and goes on once a line has come.
 *
 * @module
 */

import { pendingTimers } from "./soak_timers.ts";
import { Soak } from "./soak.ts";
import { LEAKS } from "./soak_leaks.ts";

/** Rounds from rest to rest, at the least. */
const ROUNDS = 4;

const [seconds, rests, leak = ""] = Deno.args;
const phaseMs = Number(seconds) * 1_000 / Number(rests);
const leaks = leak.split(",").flatMap((name) => LEAKS[name] ?? []);
const collect = (globalThis as { gc?: () => void }).gc;
const goOn = Deno.stdin.readable.getReader();

{
  await using soak = await Soak.open();
  for (let rest = 0; rest < Number(rests); rest++) {
    const restAt = performance.now() + phaseMs;
    let busyRss = 0;
    for (let round = 0; round < ROUNDS || performance.now() < restAt; round++) {
      await soak.round();
      for (const leakOut of leaks) leakOut(soak.rounds);
      busyRss = Math.max(busyRss, Deno.memoryUsage().rss);
    }
    await soak.rest();
    for (let i = 0; i < 3; i++) {
      collect?.();
      await new Promise((done) => setTimeout(done, 20)); // finalisers run between
    }
    const { heapUsed, external, rss } = Deno.memoryUsage();
    const { rounds, reloads, logged, callbacks, queued, waiting, cells, sites } = soak;
    await tell({
      sample: {
        atMs: performance.now(),
        rounds,
        reloads,
        logged,
        callbacks,
        queued,
        waiting,
        ...sites,
        cells,
        timers: pendingTimers(),
        live: heapUsed + external,
        rss,
        busyRss,
      },
    });
    await soak.wake();
  }
  const refusals = Object.fromEntries(soak.host.refusals);
  const outcomes = Object.fromEntries(soak.outcomes);
  await tell({ done: { outcomes, refusals, surprises: soak.surprises } });
}
Deno.exit(0);

/** Writes a line, and waits for one. */
async function tell(message: object): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  await goOn.read();
}
