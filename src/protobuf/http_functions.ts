import {
  canonicalHeaders,
  httpFaultText,
  readUrl,
  ServiceError,
  type Services,
  type WrittenUrl,
} from "../services/mod.ts";
import type { EnvFunction } from "./functions.ts";
import { answers, type HostFunction, type HostFunctions } from "./host_function.ts";
import * as wire from "./messages/host/http_pb.ts";
import { refusalText } from "./refusal_text.ts";
import { bytesOf, entriesOf, mapOf, textOf } from "./text.ts";

/** What is not followed is the answer: the fifth redirect, and one that may not be followed (5.6). */
const REDIRECTS = { maxRedirects: 4, refusedRedirect: "response" } as const;
/** For a request that names no end; the guest's own deadline comes first. Milliseconds. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
const NO_BODY = new Uint8Array();

/** The functions of the `http` permission (`protobuf-abi.md`, 5.6): every failure is in the answer. */
export function httpFunctions(http: Services["http"]): HostFunctions<EnvFunction<"http">> {
  const send = (method: string, hasBody = false): HostFunction =>
    answers(wire.HttpRequestSchema, wire.HttpResponseSchema, async (request, signal) => {
      const text = textOf(request.url);
      let url: WrittenUrl;
      try {
        url = readUrl(text, ["http", "https"], () => `URL ${text} ${UNMATCHED}`);
      } catch (thrown) {
        if (!(thrown instanceof ServiceError)) throw thrown;
        return blocked(thrown.message);
      }
      try {
        const response = await http.exchange(
          {
            method,
            url: text,
            headers: mapOf(request.headers),
            noFollowRedirects: false,
            body: hasBody ? request.body : NO_BODY,
            timeoutMs: request.timeoutMs < 0 ? NO_TIMEOUT_MS : request.timeoutMs,
          },
          signal,
          REDIRECTS,
        );
        return {
          status: response.status,
          body: response.body,
          headers: entriesOf(canonicalHeaders(response.headers)),
        };
      } catch (thrown) {
        const refusal = refusalText(thrown, text, method);
        return refusal === undefined
          ? { error: bytesOf(httpFaultText(thrown, method, url)) }
          : blocked(refusal);
      }
    });
  return {
    get: send("GET"),
    post: send("POST", true),
    put: send("PUT", true),
    delete: send("DELETE"),
    patch: send("PATCH", true),
    head: send("HEAD"),
    options: send("OPTIONS"),
  };
}

const UNMATCHED = "does not match any allowed URL patterns";

function blocked(text: string): { error: Uint8Array<ArrayBuffer> } {
  return { error: bytesOf(`Request blocked by plugin permissions: ${text}`) };
}
