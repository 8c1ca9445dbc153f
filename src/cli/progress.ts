import { type Clock, systemClock } from "../services/mod.ts";
import type { Terminal } from "./terminal.ts";
import { cut } from "./text.ts";

/** What takes no longer is not shown. Milliseconds. */
const QUIET_MS = 1_000;
/** Between two pictures. Milliseconds. */
const FRAME_MS = 100;
/** Columns of the bar itself. */
const BAR = 24;

/** Tells how far something is: of how many in all, where that is known. */
export type Report = (done: number, total?: number) => void;

/**
 * Shows on stderr, if that is a terminal, what is going on, once it takes longer than a second: a bar where it is known how
 * much there is, else one that only moves. The line is gone when it is over.
 *
 * @param label What is going on, harmless.
 * @param work What does it; it can report bytes.
 */
export async function withProgress<T>(
  label: string,
  terminal: Terminal,
  work: (report: Report) => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  const { errWidth } = terminal;
  if (errWidth === undefined) return await work(() => {});
  let [done, total, frame]: [number, number | undefined, number] = [0, undefined, 0];
  let stop = clock.after(QUIET_MS, draw);
  function draw(): void {
    const line = `${bar(done, total, frame++)} ${label}${amount(done, total)}`;
    terminal.err(`\r${cut(line, errWidth ?? 0)}\x1b[K`);
    stop = clock.after(FRAME_MS, draw);
  }
  try {
    return await work((now, all) => [done, total] = [now, all]);
  } finally {
    stop();
    if (frame > 0) terminal.err("\r\x1b[K");
  }
}

function bar(done: number, total: number | undefined, frame: number): string {
  if (total !== undefined && total > 0) {
    const full = Math.min(BAR, Math.floor(BAR * done / total));
    return `[${"#".repeat(full)}${"-".repeat(BAR - full)}]`;
  }
  const before = frame % (BAR - 2);
  return `[${"-".repeat(before)}###${"-".repeat(BAR - 3 - before)}]`;
}

function amount(done: number, total: number | undefined): string {
  if (done === 0) return "";
  const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1);
  return total === undefined
    ? ` ${megabytes(done)} MB`
    : ` ${megabytes(done)} of ${megabytes(total)} MB`;
}
