/**
 * Tells, for each line that comes, how many files a process has open, and how many threads and workers it has: the fewest
 * while it settles. A program of its own, since what the kernel tells of a process needs all permissions.
 *
 * @module
 */

import { workersOf } from "./worker_threads.ts";

/** How long the kernel may take to close what was let go of. Milliseconds. */
const SETTLE_MS = 5_000;

const pid = Number(Deno.args[0]);
const count = (folder: string) => [...Deno.readDirSync(`/proc/${pid}/${folder}`)].length;
const look = () => ({ handles: count("fd"), threads: count("task"), workers: workersOf(pid) });

let best = { handles: 0, threads: 0, workers: 0 };
const measures = ["handles", "threads", "workers"] as const;
for await (const _ of Deno.stdin.readable) {
  const now = look();
  for (const end = performance.now() + SETTLE_MS; performance.now() < end;) {
    if (measures.every((measure) => now[measure] <= best[measure])) break;
    await new Promise((done) => setTimeout(done, 50));
    const next = look();
    for (const measure of measures) now[measure] = Math.min(now[measure], next[measure]);
  }
  best = now;
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(now)}\n`));
}
