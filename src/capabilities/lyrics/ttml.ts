import { SaxesParser, type SaxesTagPlain } from "saxes";
import { DEFAULT_RATES, ratesOf, readTtmlTime, type TtmlRates } from "./ttml_time.ts";
import { cleanText, type LyricsLine, MAX_LINES, type TrackLyrics } from "./types.ts";

/** Elements inside each other. */
const MAX_DEPTH = 64;

/** What an element's children begin with. */
interface Around {
  readonly lang: string;
  readonly begin?: number;
  readonly end?: number;
  /** Whether a time could not be read. */
  readonly isBroken?: boolean;
}

/**
 * Reads TTML: the paragraphs of an XML document, with the times they or what is around them have. Nothing
 * comes of one that is broken.
 */
export function readTtml(text: string, lang: string): TrackLyrics[] | undefined {
  const content = text.trimStart();
  if (!content.startsWith("<") || !/<(?:[\w.-]+:)?tt[\s>]/i.test(content)) return undefined;
  const reader = new TtmlReader(lang.toLowerCase());
  try {
    reader.read(content);
    return reader.lyrics();
  } catch {
    return reader.isTtml ? [] : undefined; // nobody wants to sing from broken XML
  }
}

class TtmlReader {
  readonly #around: Around[];
  readonly #lines = new Map<string, LyricsLine[]>();
  /** Whether the document's root is TTML's. */
  isTtml = false;
  #rates: TtmlRates = DEFAULT_RATES;
  #count = 0;
  /** The depth of a paragraph that is being read; what stands in it. */
  #paragraph: { readonly depth: number; text: string } | undefined;
  /** The depth of translations and the like, which are left out. */
  #leftOut: number | undefined;

  constructor(lang: string) {
    this.#around = [{ lang }];
  }

  read(text: string): void {
    const parser = new SaxesParser<{ position: false; xmlns: false }>({
      position: false,
      xmlns: false,
    });
    // What it throws ends the reading; entities that a document defines are not known to it.
    parser.on("error", (error) => {
      throw error;
    });
    parser.on("opentag", (tag) => this.#open(tag));
    parser.on("closetag", () => this.#close());
    parser.on("text", (piece) => this.#add(piece));
    parser.on("cdata", (piece) => this.#add(piece));
    parser.write(text).close();
  }

  lyrics(): TrackLyrics[] {
    return [...this.#lines].map(([lang, lines]) => ({
      lang,
      synced: lines.some(({ startMs }) => startMs !== undefined),
      lines,
    }));
  }

  get #depth(): number {
    return this.#around.length;
  }

  #open({ name, attributes }: SaxesTagPlain): void {
    if (this.#depth > MAX_DEPTH) throw new Error("too deep");
    const found = new Map(
      Object.entries(attributes).map(([key, value]) => [localName(key), value.trim()]),
    );
    const element = localName(name);
    if (this.#depth === 1) {
      if (element !== "tt") throw new Error("another document");
      this.isTtml = true;
      this.#rates = ratesOf((key) => found.get(key));
    }
    const outer = this.#around.at(-1) ?? { lang: "" };
    const around = this.#within(found, outer);
    // A container whose times cannot be read has none of its own.
    const isParagraph = element === "p" && this.#paragraph === undefined;
    this.#around.push(around.isBroken && !isParagraph ? outer : around);
    if (/^(?:translation|transliteration|agent|metadata)$/.test(element)) {
      this.#leftOut ??= this.#depth;
    }
    if (element === "br") this.#add("\n");
    else if (isParagraph) this.#paragraph = { depth: this.#depth, text: "" };
  }

  #close(): void {
    const around = this.#around.at(-1);
    if (this.#paragraph?.depth === this.#depth && around !== undefined) {
      this.#addLine(cleanText(this.#paragraph.text), around);
      this.#paragraph = undefined;
    }
    if (this.#leftOut === this.#depth) this.#leftOut = undefined;
    this.#around.pop();
  }

  #add(text: string): void {
    if (this.#paragraph !== undefined) this.#paragraph.text += text;
  }

  #addLine(text: string, { lang, begin, end, isBroken }: Around): void {
    if (text === "" || isBroken || this.#leftOut !== undefined || this.#count >= MAX_LINES) return;
    const line = {
      ...(begin !== undefined && { startMs: begin }),
      ...(end !== undefined && { endMs: end }),
      text,
    };
    const lines = this.#lines.get(lang);
    if (lines === undefined) this.#lines.set(lang, [line]);
    else lines.push(line);
    this.#count++;
  }

  #within(attributes: ReadonlyMap<string, string>, outer: Around): Around {
    const lang = attributes.get("lang")?.toLowerCase() || outer.lang;
    const [begin, end, dur] = ["begin", "end", "dur"].map((name) => {
      const text = attributes.get(name);
      return text === undefined ? "absent" : readTtmlTime(text, this.#rates);
    });
    if (begin === undefined || end === undefined || dur === undefined) {
      return { ...outer, lang, isBroken: true };
    }
    const start = begin === "absent" ? outer.begin : resolve(begin, outer.begin ?? 0, outer);
    const ends: number[] = [];
    if (end !== "absent") ends.push(resolve(end, start ?? outer.begin ?? 0, outer));
    if (dur !== "absent" && start !== undefined) ends.push(start + dur.ms);
    const stop = ends.length > 0 ? Math.min(...ends) : outer.end;
    return {
      lang,
      ...(start !== undefined && { begin: start }),
      ...(stop !== undefined && { end: stop }),
    };
  }
}

/** Where a time lies, from the start of the track. Of bare seconds that reading is taken which fits. */
function resolve(
  { ms, from }: NonNullable<ReturnType<typeof readTtmlTime>>,
  base: number,
  { begin, end }: Around,
): number {
  if (from === "track") return ms;
  const offset = base + ms;
  if (from === "parent") return offset;
  if (begin === undefined) return end === undefined && base !== 0 ? ms : offset;
  const fits = (time: number) => time >= begin && (end === undefined || time <= end);
  return fits(ms) ? ms : offset;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}
