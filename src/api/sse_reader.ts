import { SoundproofError } from "../errors.ts";

/** One server-sent event. */
export interface ServerSentEvent {
  /** Its name; `message` where the server gave none. */
  readonly name: string;
  readonly data: string;
}

/** Longest event that is read. Characters. */
const MAX_EVENT = 4 * 1024 * 1024;

/**
 * The events of a stream (WHATWG HTML, 9.2.6); comments and an event that was cut off are none.
 *
 * @param signal Cancels the stream: that of a request alone can be lost with the request, which nobody holds any more.
 * @throws {SoundproofError} `api.answer_invalid` for one that is too long.
 * @throws {unknown} The signal's reason.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal?: AbortSignal,
): AsyncGenerator<ServerSentEvent> {
  let name = "";
  let data: string[] = [];
  for await (const line of readLines(body, signal)) {
    if (line === "") {
      if (data.length > 0) yield { name: name || "message", data: data.join("\n") };
      name = "";
      data = [];
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
}

/** The complete lines of a stream, which end with CR, LF or both. */
async function* readLines(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream(), signal && { signal })) {
    rest += text;
    if (rest.length > MAX_EVENT) {
      throw new SoundproofError(
        "api.answer_invalid",
        `Cannot read the stream: an event is longer than ${MAX_EVENT} characters`,
      );
    }
    // A CR at the very end can be the first half of a CR LF: it waits for what follows.
    for (let end = /\r\n|\n|\r(?!$)/.exec(rest); end !== null; end = /\r\n|\n|\r(?!$)/.exec(rest)) {
      yield rest.slice(0, end.index);
      rest = rest.slice(end.index + end[0].length);
    }
  }
}
