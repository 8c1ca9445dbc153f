/**
 * The script of a cell's worker: boots a {@link GuestRunner} and hands it one call after the other.
 * It runs with `permissions: "none"`.
 *
 * @module
 */

import { GuestRunner } from "./guest.ts";
import type { BootMessage, CallMessage, CellMessage } from "./protocol.ts";

const scope = globalThis as unknown as {
  postMessage(message: CellMessage): void;
  onmessage: ((event: MessageEvent<BootMessage | CallMessage>) => void) | null;
};

let runner: GuestRunner | undefined;

scope.onmessage = ({ data }) => {
  if (data.kind === "boot") {
    runner = new GuestRunner(data, () => scope.postMessage({ kind: "host_call" }));
    scope.postMessage({ kind: "ready" });
    return;
  }
  if (runner === undefined) return;
  const outcome = runner.call(data);
  scope.postMessage({ kind: "outcome", outcome, log: runner.takeLog() });
  scope.postMessage({ kind: "idle", prepared: runner.prepare() });
};
