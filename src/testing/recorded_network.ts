import { SoundproofError } from "../errors.ts";
import type { PlayedNetwork } from "../egress/mod.ts";
import type { RecordedExchange, RecordedResponse } from "./case.ts";
import { lineOf, misfit, type SentRequest, writtenLine } from "./requests.ts";

/** The internet of one case: recorded answers, each given once, and a record of what was sent. */
export class RecordedNetwork implements PlayedNetwork {
  /** Requests since {@link RecordedNetwork.begin}. */
  readonly requests: SentRequest[] = [];
  /** Messages since {@link RecordedNetwork.begin}; bytes as base64. */
  readonly frames: string[] = [];
  /** Requests and handshakes that nothing was recorded for. */
  readonly missing: string[] = [];
  readonly #unused: RecordedExchange[];
  readonly #websockets: readonly string[];

  constructor(http: readonly RecordedExchange[], websockets: readonly string[]) {
    this.#unused = [...http];
    this.#websockets = websockets;
  }

  /** Recorded answers that nobody has asked for. */
  get unused(): string[] {
    return this.#unused.map(({ request }) => writtenLine(request));
  }

  /** Forgets what was sent before the next call. */
  begin(): void {
    this.requests.length = 0;
    this.frames.length = 0;
  }

  async answer(request: Request): Promise<Response> {
    const { method, url, headers } = request;
    const sent = { method, url, headers, body: await request.text() };
    this.requests.push(sent);
    const at = this.#unused.findIndex((each) => misfit(each.request, sent) === undefined);
    const [found] = at < 0 ? [] : this.#unused.splice(at, 1);
    if (found !== undefined) return responseOf(found.response);
    this.missing.push(lineOf(sent) + this.#nearest(sent));
    throw fault("no answer was recorded");
  }

  accept(url: string): void {
    if (this.#websockets.some((each) => URL.parse(each)?.href === url)) return;
    this.missing.push(`WebSocket ${url}`);
    throw fault("no handshake was recorded");
  }

  receive(_url: string, message: string | Uint8Array): void {
    this.frames.push(typeof message === "string" ? message : message.toBase64());
  }

  /** Why the answer that was meant for a request does not fit, if there is one for its line. */
  #nearest(sent: SentRequest): string {
    const same = this.#unused.find(({ request }) => writtenLine(request) === lineOf(sent));
    return same === undefined
      ? ""
      : ` (the recorded one does not fit: ${misfit(same.request, sent)})`;
  }
}

function responseOf({ status = 200, headers = {}, body, json, error }: RecordedResponse): Response {
  if (error !== undefined) throw fault(error);
  const text = json === undefined ? body : JSON.stringify(json);
  const type = json === undefined ? {} : { "content-type": "application/json" };
  // Some statuses have no body, not even an empty one.
  return new Response(text ?? null, { status, headers: { ...type, ...headers } });
}

function fault(text: string): SoundproofError {
  return new SoundproofError("egress.transport", text);
}
