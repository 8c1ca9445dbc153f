/**
 * How the benchmarks show what they measured.
 *
 * @module
 */

/** One thing that was measured. */
export interface Row {
  readonly what: string;
  readonly guest: string;
  readonly unit: "ms" | "µs" | "MB";
  readonly median: number;
  readonly p10?: number;
  readonly p99?: number;
  /** What the design wants the median to stay within. */
  readonly target?: number;
  /** The median of wazero, the engine alone, in the same run. */
  readonly peer?: number;
  /** Its time that 99 of 100 do not pass. */
  readonly peerP99?: number;
}

/** The rows as a table of text. */
export function table(rows: readonly Row[]): string {
  const head = ["", "guest", "median", "p10", "p99", "target", "", "wazero", "ratio", "its p99"];
  const lines = [
    head,
    ...rows.map(({ what, guest, unit, median, p10, p99, target, peer, peerP99 }) => [
      what,
      guest,
      `${shown(median)} ${unit}`,
      shown(p10),
      shown(p99),
      target === undefined ? "" : `≤ ${shown(target)}`,
      target === undefined ? "" : median <= target ? "met" : "missed",
      shown(peer),
      peer === undefined ? "" : `${shown(median / peer)} ×`,
      shown(peerP99),
    ]),
  ];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => width(line[column]))));
  return lines.map((line) =>
    line.map((cell, column) => {
      const gap = " ".repeat((widths[column] ?? 0) - width(cell));
      return column < 2 || column === 6 ? cell + gap : gap + cell;
    }).join("  ").trimEnd()
  ).join("\n");
}

function width(text = ""): number {
  return [...text].length;
}

/** Three digits that matter. */
function shown(value: number | undefined): string {
  if (value === undefined) return "";
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3);
}
