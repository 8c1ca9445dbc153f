/**
 * Ends 100 endless guests, two at once, and prints what that took, as JSON. A program of its own, so that the
 * processor time it reads is its alone.
 *
 * @module
 */

import process from "node:process";
import { GuestUnderTest } from "./guests.ts";

const LIMIT_MS = 100;

using guest = await GuestUnderTest.start(`(module
  (func (export "loop") (loop (br 0))) (func (export "run")))`);
await Promise.all(Array.from({ length: 8 }, () => guest.call("run", "", 30_000)));

const overrunsMs: number[] = [];
const kinds = new Set<string>();
let left = 100;
await Promise.all(Array.from({ length: 2 }, async () => {
  while (left-- > 0) {
    const from = performance.now();
    const { outcome } = await guest.call("loop", "", LIMIT_MS);
    overrunsMs.push(performance.now() - from - LIMIT_MS);
    kinds.add(outcome.kind === "lost" ? outcome.text : outcome.kind);
  }
}));
const before = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, 300));
const { user, system } = process.cpuUsage(before);
const next = await guest.call("run", "", 30_000);

// deno-lint-ignore no-console
console.log(JSON.stringify({
  overrunsMs: overrunsMs.sort((a, b) => a - b),
  kinds: [...kinds],
  busyMs: (user + system) / 1_000,
  counters: guest.pool.counters,
  next: next.outcome.kind,
}));
