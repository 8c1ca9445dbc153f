import { isDeepStrictEqual } from "node:util";
import type { WrittenRequest } from "./case.ts";

/** A request that a plugin sent, as it left the gate. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** What a request was, in one line: `METHOD url`. */
export function lineOf({ method, url }: SentRequest): string {
  return `${method} ${url}`;
}

/** The line of a request as a case has it. */
export function writtenLine(written: WrittenRequest): string {
  if (typeof written === "string") {
    const [method = "", url = ""] = written.split(" ", 2);
    return `${method} ${normal(url)}`;
  }
  return `${(written.method ?? "GET").toUpperCase()} ${normal(written.url)}`;
}

/** What of a written request a sent one does not fit, as words for the end of a sentence; `undefined` if it fits. */
export function misfit(written: WrittenRequest, sent: SentRequest): string | undefined {
  if (writtenLine(written) !== lineOf(sent)) return `it is ${lineOf(sent)}`;
  if (typeof written === "string") return undefined;
  for (const [name, value] of Object.entries(written.headers ?? {})) {
    const found = sent.headers.get(name);
    if (found !== value) return `its header "${name}" is ${JSON.stringify(found)}`;
  }
  if (written.body !== undefined && written.body !== sent.body) {
    return `its body is ${JSON.stringify(sent.body)}`;
  }
  if (written.json !== undefined && !isDeepStrictEqual(written.json, jsonOf(sent.body))) {
    return `its body is ${sent.body === "" ? "empty" : sent.body}`;
  }
  return undefined;
}

/** JSON, or `undefined` where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A URL as the URL parser writes it, which is how it is sent. */
function normal(url: string): string {
  return URL.parse(url)?.href ?? url;
}
