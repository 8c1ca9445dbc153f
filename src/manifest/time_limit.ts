/**
 * Ends work that a hostile schema can make endless: a regular expression that backtracks for years, `$ref`s
 * that call each other. V8 stops code that runs inside a `vm` script at its deadline, regular
 * expressions too.
 *
 * @module
 */

import { Script } from "node:vm";

const SLOT = Symbol.for("soundproof.manifest.timed");
const script = new Script(`globalThis[Symbol.for(${JSON.stringify(SLOT.description)})]()`);

/** What the work gave or threw; `timeout` where it was stopped. */
export type Timed<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "timeout" };

/** Runs synchronous work for at most this many milliseconds. It must not call itself. */
export function withinMs<T>(limitMs: number, work: () => T): Timed<T> {
  let result: Timed<T> = { kind: "timeout" };
  Reflect.set(globalThis, SLOT, () => {
    try {
      result = { kind: "value", value: work() };
    } catch (error) {
      result = { kind: "error", error };
    }
  });
  try {
    script.runInThisContext({ timeout: limitMs });
  } catch {
    return { kind: "timeout" };
  } finally {
    Reflect.deleteProperty(globalThis, SLOT);
  }
  return result;
}
