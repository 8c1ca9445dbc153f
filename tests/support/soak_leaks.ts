/**
 * Leaks, to see that a soak finds them: what a round leaves behind.
 *
 * @module
 */

/** What is never let go of. */
const kept: unknown[] = [];

/** The leaks by their names; each is told how many rounds there have been. */
export const LEAKS: Readonly<Record<string, (rounds: number) => void>> = {
  handle: () => void kept.push(Deno.openSync("deno.json")),
  memory: () => void kept.push(Array.from({ length: 6_400 }, (_, at) => at + 0.5)),
  buffer: () => void kept.push(new Uint8Array(50_000).fill(1)),
  // What a soak of seconds can tell from a process that warms up.
  large: () => void kept.push(new Uint8Array(1_000_000).fill(1)),
  // Each has megabytes and a thread, so that one every other round is plenty.
  worker: (rounds) => {
    if (rounds % 2 === 0) return;
    const script = new URL("./soak_idle_worker.ts", import.meta.url);
    kept.push(new Worker(script, { type: "module", deno: { permissions: "none" } }));
  },
  timer: () => void setTimeout(() => {}, 3_600_000),
};
