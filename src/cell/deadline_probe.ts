/**
 * Whether a guest's deadline can hold in this process.
 *
 * By default V8 looks for an interruption in a loop only after so many bytes of code have run. A loop
 * over a large `memory.fill` runs for hours before that: neither its deadline nor anything else ends it.
 * With `--liftoff-only` guests are compiled by V8's baseline compiler alone, which looks at every turn of
 * a loop. That costs nothing measurable for calls as short as plugins', saves the optimising compiler's
 * work at load, and keeps hostile code away from it. The flag counts only at the start of the process,
 * and nothing tells whether it was given, so it is tried out.
 *
 * @module
 */

import vm from "node:vm";

/** A module whose export `fill` fills a megabyte so many times. */
const FILL = "AGFzbQEAAAABBQFgAX8AAwIBAAUDAQAQBwgBBGZpbGwAAAobARkAA0BBAEEHQcCEPfwLACAAQQFrIgANAAsL";
/** Half a second's work or more: long enough to be interrupted in, short enough to end by itself. */
const TURNS = 100_000;
const LIMIT_MS = 10;

let known: boolean | undefined;

/** Tries once per process; takes about 12 ms where deadlines hold, and some seconds where they do not. */
export function deadlinesHold(): boolean {
  return known ??= tryOut();
}

function tryOut(): boolean {
  const module = new WebAssembly.Module(Uint8Array.from(atob(FILL), (c) => c.charCodeAt(0)));
  const { fill } = new WebAssembly.Instance(module).exports;
  if (typeof fill !== "function") throw new TypeError("the probe has no export");
  const slot = "soundproofDeadlineProbe";
  let isDone = false;
  const value = () => {
    fill(TURNS);
    isDone = true;
  };
  Object.defineProperty(globalThis, slot, { value, configurable: true });
  // An interruption that the filling did not notice must strike within the script, not after it.
  const script = new vm.Script(`${slot}(); for (let i = 0; i < 1e6; i++) String(i);`);
  try {
    script.runInThisContext({ timeout: LIMIT_MS });
  } catch { /* interrupted, sooner or later */ }
  Reflect.deleteProperty(globalThis, slot);
  // How long it took tells nothing: a busy machine makes it as long as it likes.
  return !isDone;
}
