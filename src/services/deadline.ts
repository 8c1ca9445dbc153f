/**
 * Work that must end in time, whether or not it listens to its signal.
 *
 * @module
 */

import type { Clock } from "./ports.ts";

/** The text of a deadline that has passed. */
export const DEADLINE_EXCEEDED = "context deadline exceeded";
/** The text of a call that nobody waits for any more. */
export const CANCELED = "context canceled";

/**
 * Runs `work` for at most so many milliseconds, and no longer than any of the signals lasts.
 *
 * @throws `context deadline exceeded` or `context canceled` at once, though `work` may still go on.
 */
export async function withDeadline<T>(
  clock: Clock,
  limitMs: number,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const stop = (text: string): void => own.abort(new Error(text));
  const listeners = signals.map((signal) => {
    // The call's own 30 s limit is a deadline too.
    const listener = (): void => stop(isTimeout(signal.reason) ? DEADLINE_EXCEEDED : CANCELED);
    if (signal.aborted) listener();
    signal.addEventListener("abort", listener);
    return () => signal.removeEventListener("abort", listener);
  });
  if (limitMs < 0) stop(DEADLINE_EXCEEDED);
  const cancelTimer = clock.after(Math.max(0, limitMs), () => stop(DEADLINE_EXCEEDED));
  try {
    own.signal.throwIfAborted();
    return await Promise.race([work(own.signal), rejection(own.signal)]);
  } catch (error) {
    // What an interrupted `work` throws is a consequence, and not the reason.
    throw own.signal.aborted ? own.signal.reason : error;
  } finally {
    cancelTimer();
    for (const remove of listeners) remove();
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error &&
    (reason.name === "TimeoutError" || reason.message.includes(DEADLINE_EXCEEDED));
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
}
