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

let runner: GuestRunner | undefined;
let collecting: ReturnType<typeof setTimeout> | undefined;

self.onmessage = ({ data }) => {
  if (data.kind === "boot") {
    runner = new GuestRunner(data, () => self.postMessage({ kind: "host_call" }));
    self.postMessage({ kind: "ready" });
    return;
  }
  if (runner === undefined) return;
  clearTimeout(collecting);
  const outcome = runner.call(data);
  self.postMessage({ kind: "outcome", outcome, log: runner.takeLog() });
  if (runner.mustCollect) runner.collect(false);
  self.postMessage({ kind: "idle", prepared: runner.prepare() });
  // Collecting takes longer than most calls, so it waits until no call comes.
  collecting = setTimeout(() => runner?.collect(true), COLLECT_WHEN_IDLE_MS);
};
