import { ERROR_CODES, SoundproofError } from "../errors.ts";
import { statusOf } from "./status.ts";

/**
 * An error as an RFC 9457 problem: `type`, `title` (what the code means), `status`, `detail` (this case), and the
 * extensions `code` and `problems` (the faults of a document, each with its path).
 *
 * Anything but a {@link SoundproofError} becomes `api.internal` with no detail of the fault.
 */
export function problemResponse(thrown: unknown, headers: HeadersInit = {}): Response {
  const error = thrown instanceof SoundproofError ? thrown : new SoundproofError(
    "api.internal",
    "Cannot answer: an unexpected fault, see the service's log",
  );
  const status = statusOf(error.code) ?? 500;
  const body = {
    type: `urn:soundproof:error:${error.code}`,
    title: ERROR_CODES[error.code],
    status,
    detail: error.message,
    code: error.code,
    problems: error.problems,
  };
  const answer = new Headers(headers);
  answer.set("content-type", "application/problem+json");
  return new Response(JSON.stringify(body), { status, headers: answer });
}
