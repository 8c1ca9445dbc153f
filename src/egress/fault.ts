/**
 * What goes wrong inside the gate's worker, put into codes.
 *
 * @module
 */

import { errorText, SoundproofError } from "../errors.ts";
import { urlText } from "./url_text.ts";

/** Reply 2 of RFC 1928 as Deno words it; the end of an error's text, where no URL can put it. */
const RULESET = "Connection not allowed by ruleset";

/**
 * The error for what `fetch` or a WebSocket threw or reported while it talked to `url`.
 *
 * `NotCapable` is Deno's own net list (`egress.url_not_allowed`), SOCKS reply 2 the gateway
 * (`egress.address_refused`), a head beyond hyper's bounds `egress.response_headers_too_large`, all else
 * `egress.transport`. The text of the cause is kept, the URL's query and local addresses are not.
 */
export function faultOf(thrown: unknown, doing: string, url: URL): SoundproofError {
  if (thrown instanceof SoundproofError) return thrown;
  const start = `Cannot ${doing} "${urlText(url)}"`;
  if (thrown instanceof Error && thrown.name === "NotCapable") {
    const text = `${start}: the host is not in the gate's network permission`;
    return new SoundproofError("egress.url_not_allowed", text);
  }
  const inner = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const cause = causeText(errorText(inner));
  if (cause.endsWith(RULESET)) {
    const text = `${start}: the address is refused`;
    return new SoundproofError("egress.address_refused", text);
  }
  if (cause.endsWith("message head is too large")) {
    const text = `${start}: the response has too many or too large headers`;
    return new SoundproofError("egress.response_headers_too_large", text);
  }
  return new SoundproofError("egress.transport", `${start}: ${cause}`);
}

/** hyper's text names the full URL and local ports first; what follows the last of them is the cause. */
function causeText(text: string): string {
  const cause = /client error \(\w+\): (.*)$/s.exec(text)?.[1] ??
    text.replace(/^error sending request .*\): /s, "")
      .replace(/^NetworkError: failed to connect to WebSocket: /, "");
  return cause.slice(0, 500);
}
