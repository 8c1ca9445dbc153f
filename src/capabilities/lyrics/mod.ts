/**
 * Texts of lyrics, in the formats that plugins give them in, read into lines.
 *
 * The texts come from strangers: length, nesting and lines are bounded, and nothing is thrown for them.
 *
 * @module
 */

export { type LyricsLine, type TrackLyrics, UNKNOWN_LANGUAGE } from "./types.ts";
export { parseLyrics } from "./parse.ts";
