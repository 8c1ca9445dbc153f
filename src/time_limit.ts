/**
 * Ends synchronous work that somebody else can make endless: a guest, a regular expression that backtracks for years,
 * `$ref`s that call each other. V8 stops code that runs inside a `vm` script at its deadline.
 *
 * That every loop of WebAssembly is stopped depends on how Deno was started; see `src/cell/deadline_probe.ts`.
 *
 * @module
 */

import { Script } from "node:vm";

/** What the work gave or threw; `timeout` where it was stopped. */
export type Timed<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "timeout" };

/**
 * How long after its limit work is stopped that did not end. Milliseconds.
 *
 * Work is stopped from another thread, which cannot know what runs by then: of work that ends in that very moment it may
 * be what runs next that is stopped, such as the loop that hears a worker's messages. So between the last moment in which
 * work ends by itself and the first in which it can be stopped there is a gap, and work that ends within it waits to be
 * stopped.
 */
const GAP_MS = 10;

const SLOT = Symbol.for("soundproof.timed");
const script = new Script(`globalThis[Symbol.for(${JSON.stringify(SLOT.description)})]()`);
const nothing = new Int32Array(new SharedArrayBuffer(4));
let run = () => {};
Object.defineProperty(globalThis, SLOT, { value: () => run() });

/**
 * Runs synchronous work for at most this many milliseconds. It must not call itself.
 *
 * Work that is stopped runs no `catch` and no `finally`: whatever must hold afterwards is set by the caller.
 */
export function withinMs<T>(limitMs: number, work: () => T): Timed<T> {
  const end = performance.now() + limitMs;
  let result: Timed<T> = { kind: "timeout" };
  run = () => {
    try {
      result = { kind: "value", value: work() };
    } catch (error) {
      result = { kind: "error", error };
    }
    while (performance.now() >= end) Atomics.wait(nothing, 0, 0, 1);
  };
  try {
    script.runInThisContext({ timeout: Math.ceil(limitMs) + GAP_MS });
    return result;
  } catch {
    return { kind: "timeout" };
  } finally {
    run = () => {}; // lets go of the work
  }
}
