/**
 * Ends cells whose guests wait for their host, or for nothing that ever comes, and prints how many workers the process
 * has some time later. A program of its own: what the kernel tells of it needs all permissions.
 *
 * @module
 */

import { GuestUnderTest } from "./guests.ts";
import { becomesTrue } from "./promises.ts";
import { workersOf } from "./worker_threads.ts";

const NEVER = `(module
  (import "extism:host/user" "never" (func $never (param i64) (result i64)))
  (func (export "wait") (result i32) (drop (call $never (i64.const 0))) (i32.const 0))
  (func (export "ask_again") (result i32)
    (loop (drop (call $never (i64.const 0))) (br 0)) (i32.const 0)))`;

let asked = 0;
const { promise: both, resolve } = Promise.withResolvers<void>();
const guest = await GuestUnderTest.start(NEVER, {
  functions: ["never"],
  handle: () => {
    if (++asked === 2) resolve();
    return new Promise<Uint8Array>(() => {});
  },
});
const calls = ["wait", "ask_again"].map((name) => guest.call(name, "", 60_000));
await both;
// A thread that a worker makes has that one's name for its first moment.
const during = await workersOnce((count) => count === 2);
guest.pool.close();
const kinds = (await Promise.all(calls)).map(({ outcome }) => outcome.kind);
const after = await workersOnce((count) => count === 0);
// deno-lint-ignore no-console
console.log(JSON.stringify({ during, after, kinds }));
Deno.exit();

/** How many workers there are, once there are as many as wanted, or 10 s later. */
async function workersOnce(wanted: (count: number) => boolean): Promise<number> {
  await becomesTrue(() => wanted(workersOf("self")), 10_000);
  return workersOf("self");
}
