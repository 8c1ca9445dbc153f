// Requests to the hosts of the manifest. Permission `http`.
//
// A request that fails is a response with an `error`; nothing traps. Statuses 4xx and 5xx are answers.

import { decodeBase64, encodeBase64 } from "./base64";
import { answerOf, hostError, requestOf } from "./host_call";
import { Json } from "./json";
import { decode, encode } from "./memory";

@external("extism:host/user", "http_send")
declare function http_send(request: u64): u64;

/** What came back, or why nothing did. */
@final
export class HttpResponse {
  constructor(
    /** Why there is no answer: refused, timed out, not connected. Empty if there is one. */
    readonly error: string,
    /** The status; 0 if there is no answer. */
    readonly status: i32,
    readonly body: ArrayBuffer,
    private readonly headers: Json,
  ) {}

  /** Whether there is an answer and its status is 2xx. */
  get ok(): bool {
    return this.status >= 200 && this.status < 300;
  }

  /** What is wrong, for the end of a sentence; empty if {@link HttpResponse.ok}. */
  get fault(): string {
    if (this.error.length > 0) return this.error;
    return this.ok ? "" : "status is " + this.status.toString();
  }

  /** The names of the headers that came. */
  get headerNames(): string[] {
    return this.headers.keys();
  }

  /** A header by its name in any letter case; empty where there is none. */
  header(name: string): string {
    const wanted = name.toLowerCase(), names = this.headers.keys();
    for (let i = 0; i < names.length; i++) {
      if (names[i].toLowerCase() == wanted) return this.headers.get(names[i]).text();
    }
    return "";
  }

  /** The body as text. */
  text(): string {
    return decode(this.body);
  }

  /** The body as JSON; of kind `Invalid`, with an `error`, where it is none. */
  json(): Json {
    return Json.parse(this.text());
  }
}

/** One request, put together and sent. */
@final
export class HttpRequest {
  private readonly headers: Json = Json.object();
  private body: ArrayBuffer = new ArrayBuffer(0);
  private timeoutMs: i32 = 0;
  private followRedirects: bool = true;

  constructor(readonly method: string, readonly url: string) {}

  /** Sets a header. */
  header(name: string, value: string): HttpRequest {
    this.headers.set(name, Json.text(value));
    return this;
  }

  /** Sends bytes. */
  bytes(body: ArrayBuffer, contentType: string = "application/octet-stream"): HttpRequest {
    this.body = body;
    return this.header("Content-Type", contentType);
  }

  /** Sends a text in UTF-8. */
  text(body: string, contentType: string = "text/plain; charset=utf-8"): HttpRequest {
    return this.bytes(encode(body), contentType);
  }

  /** Sends JSON. */
  json(body: Json): HttpRequest {
    return this.text(body.toString(), "application/json");
  }

  /** Gives up after so many milliseconds, 10,000 unless set, and with the call in any case. */
  timeout(milliseconds: i32): HttpRequest {
    this.timeoutMs = milliseconds;
    return this;
  }

  /** Takes a redirect as the answer. */
  withoutRedirects(): HttpRequest {
    this.followRedirects = false;
    return this;
  }

  /** Sends the request and waits for the whole answer, of which the host keeps 10 MiB. */
  send(): HttpResponse {
    const fields = Json.object()
      .set("method", Json.text(this.method))
      .set("url", Json.text(this.url));
    if (this.headers.length > 0) fields.set("headers", this.headers);
    if (this.body.byteLength > 0) fields.set("body", Json.text(encodeBase64(this.body)));
    if (this.timeoutMs != 0) fields.set("timeoutMs", Json.integer(this.timeoutMs));
    if (!this.followRedirects) fields.set("noFollowRedirects", Json.boolean(true));
    const request = requestOf(Json.object().set("request", fields));
    const result = answerOf(request, http_send(request)).get("result");
    const body = decodeBase64(result.get("body").text());
    const error = hostError().length > 0 || body !== null
      ? hostError()
      : "Cannot read the host's answer: its body is not base64";
    return new HttpResponse(
      error,
      error.length > 0 ? 0 : result.get("statusCode").int32(),
      body === null ? new ArrayBuffer(0) : body,
      result.get("headers"),
    );
  }
}

export namespace http {
  /** A GET request without headers of its own. */
  export function get(url: string): HttpResponse {
    return new HttpRequest("GET", url).send();
  }
}
