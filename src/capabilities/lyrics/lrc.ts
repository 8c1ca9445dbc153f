import {
  cleanText,
  fractionMs,
  type LyricsLine,
  MAX_LINES,
  plainLines,
  type TrackLyrics,
} from "./types.ts";

/** `[mm:ss]`, with hours before and a fraction after where they are there. */
const TIME = String.raw`\[(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2})(?:\.(\d{1,3}))?\]`;
const LEADING_TIME = new RegExp(`^${TIME}\\s*`);
const ANY_LEADING_TIME = new RegExp(`^${TIME}`, "m");
/** Times of words, in enhanced LRC. */
const WORD_TIME = /<(?:\d{1,2}:)?\d{1,2}:\d{1,2}(?:\.\d{1,3})?>/g;
const TAG = /^\[(ar|ti|offset|lang):([^\]]+)\]/;

/** A line with the times at which it is sung. */
interface TimedLine {
  readonly times: readonly number[];
  text: string;
}

/** Reads LRC: lines that begin with times. What has none is plain text, its lines without blanks. */
export function readLrc(text: string, lang: string): TrackLyrics[] | undefined {
  const content = cleanText(text);
  if (!ANY_LEADING_TIME.test(content)) {
    const lines = plainLines(content);
    return lines.length === 0 ? undefined : [{ lang, synced: false, lines }];
  }
  const tags = new Map<string, string>();
  const timed: TimedLine[] = [];
  for (const line of content.split("\n")) {
    const [, tag, value = ""] = TAG.exec(line) ?? [];
    if (tag !== undefined) tags.set(tag, value.trim());
    else readLine(line, timed);
    if (timed.length === MAX_LINES) break;
  }
  const lines = spread(timed);
  const offset = tags.get("offset") ?? "";
  return lines.length === 0 ? undefined : [{
    lang: tags.get("lang") || lang,
    synced: true,
    lines,
    ...optional("displayArtist", tags.get("ar")),
    ...optional("displayTitle", tags.get("ti")),
    ...(/^[+-]?\d{1,9}$/.test(offset) && { offsetMs: Number(offset) }),
  }];
}

/** A line with times is a new one; one without goes on with the line before it. */
function readLine(line: string, timed: TimedLine[]): void {
  const times: number[] = [];
  let rest = line;
  for (let found = LEADING_TIME.exec(rest); found !== null; found = LEADING_TIME.exec(rest)) {
    times.push(readTime(found));
    rest = rest.slice(found[0].length);
  }
  const last = timed.at(-1);
  if (times.length > 0) timed.push({ times, text: rest });
  else if (last !== undefined) last.text += `\n${line}`;
}

function readTime([, hours = "0", minutes, seconds, fraction = ""]: RegExpExecArray): number {
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + fractionMs(fraction);
}

/** One line for each time; sorted where one line had several, since the order tells nothing then. */
function spread(timed: readonly TimedLine[]): LyricsLine[] {
  const lines = timed.flatMap(({ times, text }) => {
    const plain = cleanText(text.replace(WORD_TIME, ""));
    return times.map((startMs) => ({ startMs, text: plain }));
  }).slice(0, MAX_LINES);
  const isOrdered = timed.every(({ times }) => times.length === 1);
  return isOrdered ? lines : lines.sort((a, b) => a.startMs - b.startMs);
}

function optional(name: string, value: string | undefined): object {
  return value === undefined || value === "" ? {} : { [name]: value };
}
