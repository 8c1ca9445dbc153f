// JSON to a host function of `extism:host/user`, and its answer back. What fails is told, never thrown.

import { Json } from "./json";
import * as kernel from "./kernel";
import { decode, takeFromKernel, textToKernel } from "./memory";

let lastError: string = "";

/** Why the last call of a host function failed; empty if it did not. */
export function hostError(): string {
  return lastError;
}

/** A request in the kernel's memory, to be handed to a host function and then to {@link answerOf}. */
export function requestOf(request: Json): u64 {
  return textToKernel(request.toString());
}

/** The answer of a host function, and the end of its request; see {@link hostError}. */
export function answerOf(request: u64, response: u64): Json {
  kernel.free(request);
  const bytes = takeFromKernel(response);
  const answer = bytes === null ? Json.MISSING : Json.parse(decode(bytes));
  lastError = bytes === null
    ? "Cannot read the host's answer: it gave none"
    : answer.error.length > 0
    ? answer.error
    : answer.get("error").text();
  return answer;
}

/** The same for a function whose answer says no more than whether it succeeded. */
export function succeeded(request: u64, response: u64): bool {
  answerOf(request, response);
  return lastError.length == 0;
}
