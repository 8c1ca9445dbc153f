import { cleanText, fractionMs, type LyricsLine, MAX_LINES, type TrackLyrics } from "./types.ts";

const TIME = /^(\d{1,2}):(\d{2}):(\d{2})[,.](\d{1,3})$/;

/** Reads SubRip: blocks of a number, a line of times, and text. */
export function readSrt(text: string, lang: string): TrackLyrics[] | undefined {
  if (!text.includes("-->")) return undefined;
  const lines: LyricsLine[] = [];
  for (const block of cleanText(text).split(/\n{2,}/)) {
    const line = readBlock(block.split("\n"));
    if (line === "broken") return undefined;
    if (line !== undefined) lines.push(line);
    if (lines.length === MAX_LINES) break;
  }
  return lines.length === 0 ? undefined : [{ lang, synced: true, lines }];
}

/** `undefined` for a block that holds nothing, `broken` for one whose times are none. */
function readBlock(block: readonly string[]): LyricsLine | "broken" | undefined {
  const [times = "", ...rest] = /^\d+$/.test(block[0] ?? "") ? block.slice(1) : block;
  const [start, end, ...more] = times.split("-->");
  if (start === undefined || end === undefined || more.length > 0) return undefined;
  const [startMs, endMs] = [readTime(start), readTime(end)];
  if (startMs === undefined || endMs === undefined) return "broken";
  const text = rest.filter(Boolean).join("\n");
  return text === "" ? undefined : { startMs, endMs, text };
}

function readTime(text: string): number | undefined {
  const [, hours, minutes, seconds, fraction = ""] = TIME.exec(text.trim()) ?? [];
  if (hours === undefined) return undefined;
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + fractionMs(fraction);
}
