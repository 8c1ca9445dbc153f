/**
 * Whether a guest's deadline can hold in this process.
 *
 * By default V8 looks for an interruption in a loop only after so many bytes of code have run. A loop
 * over a large `memory.fill` runs for hours before that: neither its deadline nor anything else ends it.
 * With `--no-wasm-dynamic-tiering` V8 looks at every turn. The flag counts only at the start of the
 * process, and nothing tells whether it was given, so it is tried out.
 *
 * @module
 */

import vm from "node:vm";

/** Fills a megabyte 3,000 times, which takes about a tenth of a second, and returns. */
const FILL =
  "AGFzbQEAAAABBAFgAAADAgEABQMBABAHCAEEZmlsbAAACiIBIAEBf0G4FyEAA0BBAEEHQcCEPfwLACAAQQFrIgANAAsL";
const LIMIT_MS = 10;
/** A busy machine can be late once; not each time. */
const ATTEMPTS = 5;

let known: boolean | undefined;

/** Tries once per process; takes about 10 ms where deadlines hold, and half a second where they do not. */
export function deadlinesHold(): boolean {
  return known ??= Array.from({ length: ATTEMPTS }).some(isInterrupted);
}

function isInterrupted(): boolean {
  const module = new WebAssembly.Module(Uint8Array.from(atob(FILL), (c) => c.charCodeAt(0)));
  const { fill } = new WebAssembly.Instance(module).exports;
  const slot = "soundproofDeadlineProbe";
  Object.defineProperty(globalThis, slot, { value: fill, configurable: true });
  try {
    new vm.Script(`${slot}()`).runInThisContext({ timeout: LIMIT_MS });
    return false;
  } catch {
    return true;
  } finally {
    Reflect.deleteProperty(globalThis, slot);
  }
}
