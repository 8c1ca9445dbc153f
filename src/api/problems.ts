import { ERROR_CODES, SoundproofError } from "../errors.ts";
import type { ProblemDetails, Shape } from "./schemas.ts";
import { statusOf } from "./status.ts";

/**
 * An error as an RFC 9457 problem: `type`, `title` (what the code means), `status`, `detail` (this case), and the
 * extensions `code` and `problems` (the faults of a document, each with its path).
 *
 * Anything but a {@link SoundproofError} becomes `api.internal` with no detail of the fault.
 */
export function problemOf(thrown: unknown): Shape<typeof ProblemDetails> {
  const error = thrown instanceof SoundproofError ? thrown : new SoundproofError(
    "api.internal",
    "Cannot answer: an unexpected fault, see the service's log",
  );
  return {
    type: `urn:soundproof:error:${error.code}`,
    title: ERROR_CODES[error.code],
    status: statusOf(error.code) ?? 500,
    detail: error.message,
    code: error.code,
    problems: [...error.problems],
  };
}

/** Headers that go with a code. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "api.busy": { "retry-after": "1" },
  "api.scope_missing": {
    "www-authenticate": 'Bearer realm="soundproof", error="insufficient_scope"',
  },
  "api.too_many_failures": { "retry-after": "3" },
  "api.unauthorized": { "www-authenticate": 'Bearer realm="soundproof"' },
};

/** What {@link problemOf} makes of an error, as an answer. */
export function problemResponse(thrown: unknown, headers: HeadersInit = {}): Response {
  const problem = problemOf(thrown);
  const answer = new Headers({
    ...HEADERS[problem.code],
    ...Object.fromEntries(new Headers(headers)),
  });
  answer.set("content-type", "application/problem+json");
  return new Response(JSON.stringify(problem), { status: problem.status, headers: answer });
}
