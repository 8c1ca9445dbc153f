/**
 * Sizes as people write them: `10KB`, `1 MiB`, `1,000`. Source: `extism-abi.md` 2.5.
 *
 * @module
 */

const UNITS = ["b", "k", "m", "g", "t", "p", "e"];
const NAMES = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/**
 * Bytes of a size: a number, with commas if wanted, and a unit in any letter case. `k`, `kB` and the like
 * are powers of 1000, `Ki` and `KiB` powers of 1024.
 *
 * @throws {RangeError} with the cause alone, such as `unhandled size name: x`.
 */
export function parseSize(text: string): number {
  const [, digits = "", rest = ""] = /^([\d.,]*)([^]*)$/.exec(text) ?? [];
  const number = digits.replaceAll(",", "");
  if (!/^(\d+\.?\d*|\.\d+)$/.test(number)) {
    throw new RangeError(`parsing ${JSON.stringify(number)}: invalid syntax`);
  }
  const unit = rest.trim().toLowerCase();
  const [, letter, binary] = /^([kmgtpe])(i?)b?$/.exec(unit) ?? [];
  if (letter === undefined && unit !== "" && unit !== "b") {
    throw new RangeError(`unhandled size name: ${unit}`);
  }
  const exponent = letter === undefined ? 0 : UNITS.indexOf(letter);
  const bytes = Math.floor(Number(number) * (binary === "i" ? 1024 : 1000) ** exponent);
  if (bytes >= 2 ** 64) throw new RangeError(`too large: ${text}`);
  return bytes;
}

/** A size in decimal units: one decimal place below 10 (`2.0 kB`), none from 10 on (`15 kB`). */
export function formatSize(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  let exponent = 0;
  while (exponent < NAMES.length - 1 && bytes / 1000 ** exponent >= 1000) exponent++;
  const value = Math.floor(bytes / 1000 ** exponent * 10 + 0.5) / 10;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${NAMES[exponent]}`;
}
