import { FAILSAFE_SCHEMA, load } from "js-yaml";
import {
  cleanText,
  type LyricsLine,
  MAX_LINES,
  plainLines,
  type TrackLyrics,
  UNKNOWN_LANGUAGE,
} from "./types.ts";

/** Longer documents take the parser too long. Characters. */
const MAX_DOCUMENT = 256 * 1024;
/** What nests in a document: lines, words, and some unknown key. */
const MAX_DEPTH = 16;
/** What every such document has; looked for first, since most texts are no YAML. */
const VERSION = /(?:^|[{,\s])["']?version["']?\s*:/;

/**
 * Reads a YAML lyrics file, version 1.0: `metadata` (`title`, `artist`, `language`, `offset_ms`,
 * `instrumental`), and `lines` (`text`, `start_ms`, `end_ms`, `words`) or `plain`.
 */
export function readLyricsFile(text: string, lang: string): TrackLyrics[] | undefined {
  if (text.length > MAX_DOCUMENT || !VERSION.test(text)) return undefined;
  const document = readYaml(text);
  if (member(document, "version").trim() !== "1.0") return undefined;
  const metadata = field(document, "metadata");
  const offset = integer(member(metadata, "offset_ms"));
  const known = {
    lang: cleanText(member(metadata, "language")).toLowerCase() || lang || UNKNOWN_LANGUAGE,
    ...optional("displayArtist", member(metadata, "artist")),
    ...optional("displayTitle", member(metadata, "title")),
    ...(offset !== undefined && offset !== 0 && { offsetMs: offset }),
  };
  if (member(metadata, "instrumental") === "true") return [{ ...known, synced: false, lines: [] }];
  const timed = field(document, "lines");
  if (Array.isArray(timed) && timed.length > 0) {
    const lines = timed.slice(0, MAX_LINES).map(lineOf);
    return [{ ...known, synced: true, lines }];
  }
  const lines = plainLines(member(document, "plain"));
  return lines.length === 0 ? undefined : [{ ...known, synced: false, lines }];
}

/** A line ends where it says so, or its last word does, or the next line begins. */
function lineOf(entry: unknown, index: number, all: readonly unknown[]): LyricsLine {
  const words = field(entry, "words");
  const list: unknown[] = Array.isArray(words) ? words : [];
  const endMs = integer(member(entry, "end_ms")) ?? integer(member(list.at(-1), "end_ms")) ??
    (index + 1 < all.length ? integer(member(all[index + 1], "start_ms")) ?? 0 : undefined);
  const text = list.length === 0
    ? member(entry, "text")
    : list.map((word) => member(word, "text")).join("");
  return {
    startMs: integer(member(entry, "start_ms")) ?? 0,
    ...(endMs !== undefined && { endMs }),
    text: cleanText(text),
  };
}

/** Every value as the text that stands there, so that `1.0` stays `1.0`; nothing for what is no YAML. */
function readYaml(text: string): unknown {
  try {
    return load(text, { schema: FAILSAFE_SCHEMA, maxDepth: MAX_DEPTH, maxAliases: 0 });
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function member(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

function integer(text: string): number | undefined {
  return /^[+-]?\d{1,12}$/.test(text.trim()) ? Number(text) : undefined;
}

function optional(name: string, text: string): object {
  const value = cleanText(text);
  return value === "" ? {} : { [name]: value };
}
