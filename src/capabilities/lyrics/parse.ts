import { readLrc } from "./lrc.ts";
import { readLyricsFile } from "./lyrics_file.ts";
import { readSrt } from "./srt.ts";
import { readTtml } from "./ttml.ts";
import type { ReadLyrics, TrackLyrics } from "./types.ts";

/** Longer texts are no lyrics. Characters. */
const MAX_TEXT = 1_000_000;

/** In the order in which upstream tries them; LRC also reads what is none of all. */
const FORMATS: readonly ReadLyrics[] = [readTtml, readSrt, readLyricsFile, readLrc];

/**
 * Reads the text of lyrics, whatever its format. Times are in milliseconds; times of single words are left out.
 *
 * @param lang The language, where the text itself does not tell it.
 * @returns One entry a language; none for a text that is empty or cannot be read. Nothing is thrown.
 *
 * @example
 * ```ts
 * import { parseLyrics } from "@soundproof/host";
 *
 * const [lyrics] = parseLyrics("[ar:Nina Simone]\n[00:01.50]Oh, sinnerman", "eng");
 * if (lyrics?.lines[0]?.startMs !== 1_500) throw new Error("not read");
 * ```
 */
export function parseLyrics(text: string, lang: string): TrackLyrics[] {
  if (text.length > MAX_TEXT) return [];
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  for (const read of FORMATS) {
    const lyrics = read(content, lang);
    if (lyrics !== undefined) return lyrics;
  }
  return [];
}
