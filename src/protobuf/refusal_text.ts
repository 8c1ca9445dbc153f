/**
 * Why a request or connection was refused, in the words of this generation (`protobuf-abi.md`, 5.4 and 5.5).
 * What is refused was decided in the egress room; here it is only put into words.
 *
 * @module
 */

import { judgeAddress } from "../egress/mod.ts";
import { SoundproofError } from "../errors.ts";
import { EgressError } from "../services/mod.ts";

const LOCALHOST: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The text; `undefined` where the fault was no refusal but an accident on the way. */
export function refusalText(error: unknown, url: string, method: string): string | undefined {
  if (!(error instanceof EgressError)) return undefined;
  const { fault, cause, message } = error;
  if (fault === "transport" || fault === "body") return undefined;
  const host = URL.parse(url)?.hostname ?? "";
  if (fault === "host" || fault === "private") {
    if (LOCALHOST.has(host)) return "requests to localhost are not allowed";
    if (fault === "private" || isSpecialLiteral(host)) {
      return "requests to private IP addresses are not allowed";
    }
    return `URL ${url} does not match any allowed URL patterns`;
  }
  const isMethod = cause instanceof SoundproofError && cause.code === "egress.method_not_allowed";
  const rule = isMethod ? / rule "(.*)" allows /s.exec(message)?.[1] : undefined;
  return rule === undefined ? message : `operation ${method} not allowed for URL pattern ${rule}`;
}

function isSpecialLiteral(host: string): boolean {
  const verdict = judgeAddress(host.replace(/^\[(.*)\]$/, "$1"));
  return !verdict.allowed && verdict.reason !== "not an address";
}
