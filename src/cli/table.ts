import { cut, displayWidth, harmless } from "./text.ts";

const GAP = "  ";

/** Narrowest that a column is cut to. */
const MIN_COLUMN = 6;

/**
 * Rows as aligned columns under their headings, one line each, every cell made harmless.
 *
 * @param width Columns of the terminal: the widest columns are cut until lines fit; undefined cuts nothing.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  const lines = [headings, ...rows.map((row) => row.map(harmless))];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => displayWidth(line[column] ?? "")))
  );
  if (width !== undefined) shrink(widths, width - GAP.length * (headings.length - 1));
  return lines.map((line) =>
    widths.map((columns, column) => pad(cut(line[column] ?? "", columns), columns)).join(GAP)
      .trimEnd()
  ).map((line) => `${line}\n`).join("");
}

/** Takes columns from the widest, one by one, until the sum fits or none is left to take from. */
function shrink(widths: number[], total: number): void {
  let sum = widths.reduce((left, right) => left + right, 0);
  while (sum > total) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN) return;
    widths[widths.indexOf(widest)] = widest - 1;
    sum--;
  }
}

function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}
