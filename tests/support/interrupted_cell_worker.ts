/**
 * A cell's worker that an interruption strikes outside of a guest's run, after each call: what `src/time_limit.ts` keeps
 * from happening, made to happen.
 *
 * @module
 */

import { Script } from "node:vm";
import "../../src/cell/cell_worker.ts";

const scope = globalThis as unknown as { onmessage: (event: MessageEvent) => void };
const nothing = new Int32Array(new SharedArrayBuffer(4));
Object.defineProperty(globalThis, "sleep", { value: () => Atomics.wait(nothing, 0, 0, 5) });
const script = new Script("sleep()");
const hear = scope.onmessage;
scope.onmessage = (event) => {
  hear(event);
  // Each of these ends when it is to be stopped; one in a hundred or so is stopped afterwards.
  while (event.data.kind === "call") {
    try {
      script.runInThisContext({ timeout: 5 });
    } catch { /* it was stopped in time */ }
  }
};
