/**
 * Counts the timers of the process, from its import on: those that were set and have neither fired nor been cleared.
 *
 * @module
 */

const pending = new Set<number>();
const { setTimeout: set, clearTimeout: clear, setInterval: repeat, clearInterval: end } =
  globalThis;

type Callback = (...args: unknown[]) => void;

globalThis.setTimeout = Object.assign((callback: Callback, ms?: number, ...args: unknown[]) => {
  const id = set(() => {
    pending.delete(Number(id));
    callback(...args);
  }, ms);
  pending.add(Number(id));
  return id;
}) as typeof setTimeout;
globalThis.setInterval = Object.assign((callback: Callback, ms?: number, ...args: unknown[]) => {
  const id = repeat(callback, ms, ...args);
  pending.add(Number(id));
  return id;
}) as typeof setInterval;
globalThis.clearTimeout = (id) => {
  pending.delete(Number(id));
  clear(id);
};
globalThis.clearInterval = (id) => {
  pending.delete(Number(id));
  end(id);
};

/** Timers that wait now. */
export function pendingTimers(): number {
  return pending.size;
}
