/**
 * One HTTP request of a guest, with its redirects, from the URL rules to the last byte.
 *
 * @module
 */

import { type ErrorCode, SoundproofError } from "../errors.ts";
import { type ByteBudget, readBody } from "./body_reader.ts";
import { faultOf } from "./fault.ts";
import type { GateRequest, GateResponse, Header } from "./gate_types.ts";
import { type Hop, isRedirect, nextHop } from "./redirect.ts";
import { requestHeaders, TOKEN } from "./request_headers.ts";
import { urlText } from "./url_text.ts";

/** Caps on a response's head; HTTP/1.1 heads are also bound by hyper, at 100 headers. */
const MAX_HEADERS = 1_000;
const MAX_HEADER_BYTES = 256 * 1024;

/** What the URL rules say about one request. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly code: ErrorCode; readonly message: string };

/** The URL rules of one service, as a function. */
export type Decide = (url: URL, method: string) => Verdict;

/** What an exchange works with. */
export interface ExchangeTools {
  readonly decide: Decide;
  /** The way out; absent where answers are played. */
  readonly client?: Deno.HttpClient;
  /** Answers in the place of the network; for tests of plugins. */
  readonly ask?: (request: Request) => Promise<Response>;
  readonly budget: ByteBudget;
  /** The User-Agent of requests that bring none. */
  readonly userAgent: string;
  readonly maxRequestHeaderBytes: number;
  readonly signal: AbortSignal;
}

/** Sends a request and follows its redirects. Throws a `SoundproofError` with an `egress.*` code. */
export async function exchange(
  request: GateRequest,
  tools: ExchangeTools,
): Promise<GateResponse> {
  const maxRedirects = Math.min(request.maxRedirects ?? 5, 20);
  let hop = firstHop(request, tools);
  const verdict = tools.decide(hop.url, hop.method);
  if (!verdict.allowed) throw new SoundproofError(verdict.code, verdict.message);
  /** The redirect that led to this hop, where it may come to be the response. */
  let before: GateResponse | undefined;
  for (let hops = 0;; hops++) {
    const response = await send(hop, tools).catch((thrown) => {
      // Only the gateway knows where a name leads: what it refuses is a redirect that may not be followed.
      if (before !== undefined && isAddressRefusal(thrown)) return before;
      throw thrown;
    });
    if (!(response instanceof Response)) return response;
    const location = response.headers.get("location");
    if (!request.followRedirects || location === null || !isRedirect(response.status)) {
      return await answer(response, hop, hops, request, tools);
    }
    if (hops >= maxRedirects) {
      if (request.surplusRedirect === "response") {
        return await answer(response, hop, hops, request, tools);
      }
      await response.body?.cancel();
      const text = `Cannot follow redirect from "${urlText(hop.url)}": it is number ${
        hops + 1
      }, at most ${maxRedirects} are followed`;
      throw new SoundproofError("egress.too_many_redirects", text);
    }
    const next = allowedHop(hop, response.status, location, tools.decide);
    if (typeof next === "string") {
      if (request.refusedRedirect === "response") {
        return await answer(response, hop, hops, request, tools);
      }
      await response.body?.cancel();
      const text = `Cannot follow redirect from "${urlText(hop.url)}": ${next}`;
      throw new SoundproofError("egress.redirect_refused", text);
    }
    if (request.refusedRedirect === "response") {
      before = await answer(response, hop, hops, request, tools);
    } else await response.body?.cancel();
    hop = next;
  }
}

function isAddressRefusal(thrown: unknown): boolean {
  return thrown instanceof SoundproofError && thrown.code === "egress.address_refused";
}

function allowedHop(hop: Hop, status: number, location: string, decide: Decide): Hop | string {
  const next = nextHop(hop, status, location);
  if (typeof next === "string") return next;
  const verdict = decide(next.url, next.method);
  return verdict.allowed ? next : verdict.message;
}

/** The guest's request as it goes out. */
function firstHop(request: GateRequest, tools: ExchangeTools): Hop {
  const url = URL.parse(request.url);
  if (url === null) {
    throw new SoundproofError("egress.url_not_allowed", "Cannot send request: it has no valid URL");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    const text = `Cannot request "${urlText(url)}": the scheme must be http or https`;
    throw new SoundproofError("egress.scheme_not_allowed", text);
  }
  const method = request.method.toUpperCase();
  if (!TOKEN.test(method) || ["CONNECT", "TRACE", "TRACK"].includes(method)) {
    const text = `Cannot request "${urlText(url)}": the method is not one that can be sent`;
    throw new SoundproofError("egress.method_not_allowed", text);
  }
  const headers = requestHeaders(request.headers, tools.maxRequestHeaderBytes);
  const has = (name: string) => headers.some(([other]) => other === name);
  if (!has("user-agent")) headers.push(["user-agent", tools.userAgent]);
  if ((url.username !== "" || url.password !== "") && !has("authorization")) {
    headers.push(["authorization", basic(url)]);
  }
  url.username = "";
  url.password = "";
  url.hash = "";
  // `fetch` has no body on GET and HEAD.
  const bodiless = method === "GET" || method === "HEAD" || request.body === undefined;
  return { url, method, headers, body: bodiless ? undefined : new Uint8Array(request.body) };
}

/** RFC 7617, of what stands percent-encoded in a URL. */
function basic(url: URL): string {
  const plain = [url.username, url.password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }).join(":");
  return `Basic ${new TextEncoder().encode(plain).toBase64()}`;
}

async function send(hop: Hop, { ask, client, signal }: ExchangeTools): Promise<Response> {
  const { url, method, headers, body } = hop;
  const options = { method, headers, signal, ...(body !== undefined && { body }) };
  try {
    if (ask !== undefined) return await ask(new Request(url, options));
    if (client === undefined) throw new TypeError("there is no way out");
    return await fetch(url, { ...options, redirect: "manual", client });
  } catch (thrown) {
    throw faultOf(thrown, "request", hop.url);
  }
}

async function answer(
  response: Response,
  hop: Hop,
  hops: number,
  request: GateRequest,
  tools: ExchangeTools,
): Promise<GateResponse> {
  try {
    const headers = responseHeaders(response.headers, hop);
    const { maxBodyBytes, overflow } = request;
    const body = await readBody(response, maxBodyBytes, overflow, tools.budget);
    return { status: response.status, url: hop.url.href, headers, body, hops };
  } catch (thrown) {
    await response.body?.cancel().catch(() => {});
    throw faultOf(thrown, "read response of", hop.url);
  }
}

function responseHeaders(headers: Headers, hop: Hop): Header[] {
  const all = [...headers];
  const bytes = all.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (all.length > MAX_HEADERS || bytes > MAX_HEADER_BYTES) {
    const text = `Cannot read response of "${urlText(hop.url)}": its headers are more than ` +
      `${MAX_HEADERS} or larger than ${MAX_HEADER_BYTES} bytes`;
    throw new SoundproofError("egress.response_headers_too_large", text);
  }
  // Deno undoes gzip and br and leaves the headers that spoke of them, except for ranges, which it leaves alone.
  const undone = /^(gzip|br)$/.test(headers.get("content-encoding") ?? "") &&
    hop.method !== "HEAD" && !hop.headers.some(([name]) => name === "range");
  return undone
    ? all.filter(([name]) => name !== "content-encoding" && name !== "content-length")
    : all;
}
