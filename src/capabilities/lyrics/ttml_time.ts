/** How a TTML document counts. */
export interface TtmlRates {
  /** Frames a second. */
  readonly frames: number;
  /** Parts of a frame. */
  readonly subFrames: number;
  /** Ticks a second. */
  readonly ticks: number;
}

/** The rates where a document tells none. */
export const DEFAULT_RATES: TtmlRates = { frames: 30, subFrames: 1, ticks: 1 };

/** A time as it stands in a document. Milliseconds. */
export interface TtmlTime {
  readonly ms: number;
  /** Whether it counts from the start of the track, from that of the element around it, or nobody knows. */
  readonly from: "track" | "parent" | "either";
}

const OFFSET = /^(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s|f|t)$/;
const CLOCK = /^(?:(\d{1,4}):)?(\d{1,4}):(\d{1,4}(?:\.\d{1,9})?)$/;
const FRAMES = /^(\d{1,4}):(\d{1,2}):(\d{1,2}):(\d{1,6})(?:\.(\d{1,6}))?$/;
const BARE = /^\d{1,9}(?:\.\d{1,9})?$/;

/** Reads a time expression of TTML (W3C TTML1, 10.3.1), or bare seconds, which some write; nothing for others. */
export function readTtmlTime(text: string, rates: TtmlRates): TtmlTime | undefined {
  const expression = text.trim().toLowerCase();
  if (BARE.test(expression)) return { ms: Math.round(Number(expression) * 1000), from: "either" };
  const [, amount, unit] = OFFSET.exec(expression) ?? [];
  if (amount !== undefined) {
    const seconds = Number(amount) * secondsOf(unit ?? "", rates);
    return { ms: Math.round(seconds * 1000), from: "parent" };
  }
  const [, hours = "0", minutes, seconds] = CLOCK.exec(expression) ?? [];
  if (minutes !== undefined) {
    const total = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return { ms: Math.round(total * 1000), from: "track" };
  }
  const [, h, m, s, frame, sub = "0"] = FRAMES.exec(expression) ?? [];
  if (h === undefined) return undefined;
  const parts = Number(frame) / rates.frames + Number(sub) / (rates.subFrames * rates.frames);
  const total = (Number(h) * 60 + Number(m)) * 60 + Number(s) + parts;
  return { ms: Math.round(total * 1000), from: "track" };
}

function secondsOf(unit: string, { frames, ticks }: TtmlRates): number {
  switch (unit) {
    case "h":
      return 3600;
    case "m":
      return 60;
    case "ms":
      return 0.001;
    case "f":
      return 1 / frames;
    case "t":
      return 1 / ticks;
    default:
      return 1;
  }
}

/** The rates that the root element tells. */
export function ratesOf(attribute: (name: string) => string | undefined): TtmlRates {
  const positive = (text: string | undefined, otherwise: number): number => {
    const value = Number(text);
    return text !== undefined && Number.isFinite(value) && value > 0 ? value : otherwise;
  };
  const [above, below] = (attribute("frameratemultiplier") ?? "1 1").split(/\s+/);
  const frames = positive(attribute("framerate"), DEFAULT_RATES.frames);
  return {
    frames: frames * positive(above, 1) / positive(below, 1),
    subFrames: positive(attribute("subframerate"), DEFAULT_RATES.subFrames),
    ticks: positive(attribute("tickrate"), DEFAULT_RATES.ticks),
  };
}
