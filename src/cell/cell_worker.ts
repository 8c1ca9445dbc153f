/**
 * The script of a cell's worker: boots a {@link GuestRunner} and hands it one call after the other.
 * It runs with `permissions: "none"`.
 *
 * @module
 */

import { GuestRunner } from "./guest.ts";
import type { BootMessage, CallMessage, CellMessage } from "./protocol.ts";

/** The worker's global scope, which the types of the main thread do not have. */
declare const self: {
  postMessage(message: CellMessage): void;
  onmessage: ((event: MessageEvent<BootMessage | CallMessage>) => void) | null;
};

/** A cell that has been idle for so long collects garbage. Milliseconds. */
const COLLECT_WHEN_IDLE_MS = 100;

/**
 * Never runs. An interruption that strikes outside of a guest's run ends the loop that hears messages: with this to wait
 * for the worker is deaf then, its cell lost, and nothing else.
 */
setInterval(() => {}, 2 ** 31 - 1);

let runner: GuestRunner | undefined;
/** What is done when no call comes. */
let afterwards: ReturnType<typeof setTimeout> | undefined;

self.onmessage = ({ data }) => {
  if (data.kind === "boot") {
    runner = new GuestRunner(data, () => self.postMessage({ kind: "host_call" }));
    self.postMessage({ kind: "ready" });
    return;
  }
  if (runner === undefined) return;
  clearTimeout(afterwards);
  if (runner.mustCollect) runner.collect();
  const outcome = runner.call(data);
  self.postMessage({ kind: "outcome", outcome, log: runner.takeLog() });
  // In a later turn: the system often wakes who hears the outcome on this very processor, where it waits for this one.
  afterwards = setTimeout(rest, 0, runner);
};

/** Uses the time until the next call. */
function rest(runner: GuestRunner): void {
  if (runner.mustCollect) runner.collect();
  self.postMessage({ kind: "idle", prepared: runner.prepare() });
  // Collecting takes longer than most calls, so it waits until no call comes.
  afterwards = setTimeout(() => runner.collect(), COLLECT_WHEN_IDLE_MS);
}
