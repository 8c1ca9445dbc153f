/**
 * Guests that end in the very moment in which they are to be ended: a process of its own, since what is tried out is
 * whether it lives on. Prints how often each outcome came.
 *
 * @module
 */

import { GuestUnderTest } from "./guests.ts";

/** Ends when the host says so, or at its deadline. */
const ENDS = `(module
  (import "extism:host/user" "never" (func $never (param i64) (result i64)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input (param i64) (result i64)))
  (memory (export "memory") 1)
  (func $now (result i64)
    (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 0))) (i64.load (i32.const 0)))
  (func (export "wait") (drop (call $never (i64.const 0))))
  (func (export "spin") (local $end i64)
    (local.set $end (i64.add (call $now) (call $input (i64.const 0))))
    (loop (br_if 0 (i64.lt_u (call $now) (local.get $end))))))`;

const TIMEOUT_MS = 5;
const [way = "", times = "0"] = Deno.args;
const script = way === "struck"
  ? new URL("./interrupted_cell_worker.ts", import.meta.url)
  : undefined;
using guest = await GuestUnderTest.start(ENDS, {
  functions: ["never"],
  handle: () => new Promise<Uint8Array>(() => {}),
  pool: { cells: way === "struck" ? 1 : 4, queueMs: 60_000, queue: 10_000 },
  ...(script && { script }),
});
const kinds: Record<string, number> = {};
await Promise.all(Array.from({ length: Number(times) }, async (_, turn) => {
  // From a little before to a little after the deadline, in nanoseconds.
  const input = new Uint8Array(
    new BigInt64Array([BigInt(4_900_000 + (turn % 200) * 1_000)]).buffer,
  );
  const { outcome } = way === "spin"
    ? await guest.call("spin", input, TIMEOUT_MS)
    : await guest.call("wait", "", TIMEOUT_MS);
  kinds[outcome.kind] = (kinds[outcome.kind] ?? 0) + 1;
}));
// deno-lint-ignore no-console
console.log(JSON.stringify({ kinds, lost: guest.pool.counters.lost }));
