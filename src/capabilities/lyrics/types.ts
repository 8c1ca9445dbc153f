/** What the language is called where nobody told. */
export const UNKNOWN_LANGUAGE = "xxx";

/** One line of lyrics. */
export interface LyricsLine {
  /** When it begins; absent where it is not known. Milliseconds from the start of the track. */
  readonly startMs?: number;
  /** When it ends; absent where it is not known. */
  readonly endMs?: number;
  /** What is sung; may hold line breaks. */
  readonly text: string;
}

/** The lyrics of a track in one language. */
export interface TrackLyrics {
  /** As the text or the plugin tells it; `xxx` where neither does. */
  readonly lang: string;
  /** Whether lines have times. */
  readonly synced: boolean;
  /** The lines, in order; none for a track that is told to be instrumental. */
  readonly lines: readonly LyricsLine[];
  /** Whose lyrics they are, where the text tells. */
  readonly displayArtist?: string;
  /** What they are of, where the text tells. */
  readonly displayTitle?: string;
  /** By how much the lines are early; milliseconds. */
  readonly offsetMs?: number;
}

/** Reads a text; `undefined` for one that is not of its format: others may be tried. */
export type ReadLyrics = (text: string, lang: string) => TrackLyrics[] | undefined;

/** The most lines that are kept of one text. */
export const MAX_LINES = 10_000;

/** A text as it is shown: no control characters but line breaks, no blanks around its lines. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, " ")
    .split("\n").map((line) => line.trim()).join("\n")
    .trim();
}

/** The lines that are not blank. */
export function plainLines(text: string): LyricsLine[] {
  return cleanText(text).split("\n").filter(Boolean).slice(0, MAX_LINES).map((text) => ({ text }));
}

/** Milliseconds of a fraction's digits: `5` is 500, `05` is 50. */
export function fractionMs(digits: string): number {
  return Number(digits.slice(0, 3).padEnd(3, "0"));
}
