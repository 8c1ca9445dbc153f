import { type ErrorCode, SoundproofError } from "../errors.ts";
import type { CallResult } from "../cell/mod.ts";

/** What an export returns to say that it does nothing. As a signed 32-bit number. */
const NOT_IMPLEMENTED = -2;

/** A call as error texts name it. */
interface CallName {
  readonly plugin: string;
  readonly export: string;
  readonly timeoutMs: number;
}

/**
 * What a guest gave out, or the error that its outcome is, by the table of `extism-abi.md` 1.6: an
 * error text beats whatever code was returned.
 */
export function outputOf(outcome: CallResult["outcome"], call: CallName): Uint8Array {
  const fail = (code: ErrorCode, state: string, detail = state): SoundproofError =>
    new SoundproofError(
      code,
      `Cannot call "${call.export}" of plugin "${call.plugin}": ${state}`,
      { detail },
    );
  switch (outcome.kind) {
    case "trapped":
      throw fail(
        "guest.trap",
        `it trapped: ${outcome.text}`,
        `plugin call failed: ${outcome.text}`,
      );
    case "exited": {
      const detail = `plugin call failed: module closed with exit_code(${outcome.code})`;
      throw fail("guest.exit", `it left with exit code ${outcome.code}`, detail);
    }
    case "deadline":
      throw fail(
        "guest.deadline",
        `it was stopped at its deadline of ${call.timeoutMs} ms`,
        "plugin call failed: module closed with context deadline exceeded",
      );
    case "lost":
      throw fail("guest.lost", outcome.text, `plugin call failed: ${outcome.text}`);
    case "returned":
      break;
  }
  if (outcome.error !== undefined) {
    throw fail("guest.error", outcome.error, `plugin call failed: ${outcome.error}`);
  }
  if ((outcome.code | 0) === NOT_IMPLEMENTED) {
    const detail = `function not implemented: ${call.export}`;
    throw fail("guest.not_implemented", "it does not implement it", detail);
  }
  if (outcome.code !== 0) {
    const code = outcome.code >>> 0;
    throw fail(
      "guest.exit_code",
      `it returned code ${code}`,
      `plugin call exited with code ${code}`,
    );
  }
  return outcome.output;
}
