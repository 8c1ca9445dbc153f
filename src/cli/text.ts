/**
 * Text from a plugin or the outside made safe for a terminal: C0 and C1 controls (and with them every ANSI escape), line
 * and paragraph separators, and the marks that turn the direction of text around are shown as `\u{1b}`.
 */
export function harmless(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- these are what it is about
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

const NO_WIDTH = /^\p{M}+$/u;

/** How many terminal columns a text takes: two for East Asian wide characters and emoji. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Cuts a text to a number of columns, the last of which is then `…`. */
export function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns > 0 ? `${kept}…` : "";
}

function graphemeWidth(grapheme: string): number {
  if (NO_WIDTH.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** A word that a POSIX shell reads back as this text. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Breaks a text into lines of at most so many columns: at its spaces, and within words that are longer than a line. */
export function wrap(text: string, columns: number): string {
  const lines: string[] = [];
  let width = Infinity;
  for (const word of text.split(/ +/).flatMap((word) => pieces(word, columns))) {
    const added = displayWidth(word);
    if (width + 1 + added <= columns) {
      lines[lines.length - 1] += ` ${word}`;
      width += 1 + added;
    } else {
      lines.push(word);
      width = added;
    }
  }
  return lines.join("\n");
}

function pieces(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word];
  const found = [""];
  let width = 0;
  for (const { segment } of graphemes.segment(word)) {
    width += graphemeWidth(segment);
    if (width > columns) {
      found.push("");
      width = graphemeWidth(segment);
    }
    found[found.length - 1] += segment;
  }
  return found;
}
