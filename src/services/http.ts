/**
 * HTTP requests of a plugin. Source: `extism-abi.md` 2.2.
 *
 * What a request may reach is the egress room's decision; here are the shapes, the times and the texts.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import { withDeadline } from "./deadline.ts";
import { canonicalName, headerFault, isToken } from "./headers.ts";
import {
  EgressError,
  type EgressRequest,
  type EgressResponse,
  type ServiceContext,
  ServiceError,
} from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import { readUrl, type WrittenUrl } from "./url_text.ts";

/** What is read of a body; the rest is cut off without an error. */
export const MAX_BODY_BYTES = 10_485_760;
const DEFAULT_TIMEOUT_MS = 10_000;

/** A request as a guest gives it. */
export interface HttpRequest {
  /** Upper case, once it is known to be a token. */
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly noFollowRedirects: boolean;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

interface HttpResult {
  readonly statusCode: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

type HttpContext = Pick<ServiceContext, "clock" | "egress" | "limits" | "permissions">;

/** Answers `http_send`. */
export class Http implements ServiceMethods<"http"> {
  readonly #context: HttpContext;
  readonly #ended = new AbortController();
  #inFlight = 0;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  async send(
    { request }: { readonly request: HttpRequest },
    signal: AbortSignal,
  ): Promise<{ result: HttpResult }> {
    const method = request.method === "" ? "GET" : request.method.toUpperCase();
    const url = readUrl(
      request.url,
      ["http", "https"],
      (scheme) => `invalid URL scheme ${JSON.stringify(scheme)}: must be http or https`,
    );
    if (!isToken(method)) {
      throw new ServiceError(
        `creating request: net/http: invalid method ${JSON.stringify(method.slice(0, 64))}`,
      );
    }
    try {
      return { result: resultOf(await this.exchange({ ...request, method }, signal)) };
    } catch (error) {
      throw new ServiceError(httpFaultText(error, method, url));
    }
  }

  /**
   * Sends a request and reads its answer, within the service's limits and times.
   *
   * @throws {EgressError} or, for a fault of transport, any error.
   */
  async exchange(
    request: HttpRequest,
    signal: AbortSignal,
    redirects: Pick<EgressRequest, "maxRedirects" | "refusedRedirect"> = {},
  ): Promise<EgressResponse> {
    const { limits } = this.#context;
    if (this.#inFlight >= limits.requests) {
      throw new EgressError("transport", `maximum of ${limits.requests} requests at once`);
    }
    this.#inFlight++;
    try {
      return await this.#exchange(request, signal, redirects);
    } finally {
      this.#inFlight--;
    }
  }

  close(): void {
    this.#ended.abort();
  }

  #exchange(
    request: HttpRequest,
    signal: AbortSignal,
    redirects: Pick<EgressRequest, "maxRedirects" | "refusedRedirect">,
  ): Promise<EgressResponse> {
    const { clock, egress, permissions } = this.#context;
    const mayFollow = permissions.http?.allowRedirects ?? false;
    if (egress === undefined) throw new EgressError("transport", "network is not available");
    const wrong = headerFault(request.headers);
    if (wrong !== undefined) throw new EgressError("transport", wrong);
    return withDeadline(
      clock,
      request.timeoutMs === 0 ? DEFAULT_TIMEOUT_MS : request.timeoutMs,
      [signal, this.#ended.signal],
      (until) =>
        egress.send({
          ...redirects,
          method: request.method,
          url: request.url,
          headers: withoutOwn(request.headers),
          body: request.body,
          followRedirects: mayFollow && !request.noFollowRedirects,
          maxBodyBytes: MAX_BODY_BYTES,
        }, until),
    );
  }
}

/** `Host` and `Content-Length` follow from URL and body: what the guest says of them is ignored. */
function withoutOwn(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...headers].filter(([name]) => !/^(host|content-length)$/i.test(name)));
}

function resultOf({ status, headers, body }: EgressResponse): HttpResult {
  return {
    statusCode: status,
    headers: canonicalHeaders(headers),
    body: body.subarray(0, MAX_BODY_BYTES),
  };
}

/** The first value of each header, by its canonical name. */
export function canonicalHeaders(headers: EgressResponse["headers"]): Map<string, string> {
  const first = new Map<string, string>();
  for (const [name, value] of headers) {
    const canonical = canonicalName(name);
    if (!first.has(canonical)) first.set(canonical, value);
  }
  return first;
}

/** The text of what {@link Http.exchange} throws, as today's guests read it. */
export function httpFaultText(error: unknown, method: string, url: WrittenUrl): string {
  if (!(error instanceof EgressError)) return fault(method, url.text, errorText(error));
  const { fault: kind, location, message } = error;
  if (kind === "body") return `reading response body: ${message}`;
  if (kind === "transport") return fault(method, location ?? url.text, message);
  const refusal = kind === "rule" ? message : refusalText(kind, location ?? url.text, url);
  return location === undefined ? refusal : fault(method, location, refusal);
}

/** The text for a host that may not be reached. */
export function refusalText(kind: "host" | "private", target: string, asked: WrittenUrl): string {
  const redirected = URL.parse(target, asked.text)?.host ?? target;
  const host = target === asked.text ? asked.host : redirected;
  const why = kind === "private"
    ? ": private/loopback addresses require explicit requiredHosts in manifest"
    : "";
  return `host ${JSON.stringify(host)} is not allowed${why}`;
}

/** As Go's client says it: `Get "https://…": cause`. */
function fault(method: string, url: string, cause: string): string {
  const name = method.charAt(0) + method.slice(1).toLowerCase();
  return `${name} ${JSON.stringify(url)}: ${cause}`;
}
