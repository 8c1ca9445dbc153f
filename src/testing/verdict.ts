import { isDeepStrictEqual } from "node:util";
import type { Json } from "../manifest/mod.ts";
import type { Expectation, WrittenRequest } from "./case.ts";
import { jsonOf, lineOf, misfit, type SentRequest } from "./requests.ts";

/** What came of a call. */
export interface CallReport {
  /** The output's text; absent where the call failed. */
  readonly output?: string;
  /** Why it failed; absent where it did not. */
  readonly error?: string;
  /** The plugin's log lines, as `level: text`. */
  readonly log: readonly string[];
  readonly requests: readonly SentRequest[];
  readonly frames: readonly string[];
}

/** Where a report is not what was expected: a sentence each, none where all is well. */
export function faultsOf(report: CallReport, expect: Expectation): string[] {
  const faults = [...resultFaults(report, expect)];
  if (expect.log !== undefined) faults.push(...logFaults(report.log, expect.log));
  if (expect.requests !== undefined) {
    faults.push(...requestFaults(report.requests, expect.requests));
  }
  if (expect.frames !== undefined) faults.push(...frameFaults(report.frames, expect.frames));
  return faults;
}

/** The same for what is stored. */
export function storeFaults(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): string[] {
  return isDeepStrictEqual(found, wanted)
    ? []
    : [`wanted kvstore ${JSON.stringify(wanted)}, got ${JSON.stringify(found)}`];
}

function* resultFaults({ output = "", error }: CallReport, expect: Expectation): Generator<string> {
  if (expect.error !== undefined) {
    const found = error ?? `success with output ${output || "empty"}`;
    if (error === undefined || !error.includes(expect.error)) {
      yield `wanted error ${JSON.stringify(expect.error)}, got ${found}`;
    }
    return;
  }
  if (error !== undefined) return yield `wanted no error, got ${error}`;
  if (expect.output === undefined) return;
  const found = output === "" ? null : jsonOf(output) ?? output;
  if (!isDeepStrictEqual(found, expect.output)) {
    yield `wanted output ${JSON.stringify(expect.output)}, got ${output || "none"}`;
  }
}

function logFaults(log: readonly string[], wanted: readonly string[]): string[] {
  let at = 0;
  for (const part of wanted) {
    const found = log.findIndex((line, index) => index >= at && line.includes(part));
    if (found < 0) {
      const heard = log.length === 0
        ? "nothing"
        : log.map((line) => JSON.stringify(line)).join(", ");
      return [`wanted log line ${JSON.stringify(part)}, got ${heard}`];
    }
    at = found + 1;
  }
  return [];
}

function requestFaults(
  sent: readonly SentRequest[],
  wanted: readonly WrittenRequest[],
): string[] {
  for (const [index, request] of sent.entries()) {
    const written = wanted[index];
    if (written === undefined) return [`wanted no request ${lineOf(request)}`];
    const fault = misfit(written, request);
    if (fault !== undefined) return [`wanted another request ${index + 1}: ${fault}`];
  }
  const left = wanted.length - sent.length;
  return left > 0 ? [`wanted ${left} more request${left === 1 ? "" : "s"}`] : [];
}

function frameFaults(sent: readonly string[], wanted: readonly Json[]): string[] {
  const same = sent.length === wanted.length && wanted.every((frame, index) => {
    const text = sent[index] ?? "";
    return typeof frame === "string" ? frame === text : isDeepStrictEqual(frame, jsonOf(text));
  });
  return same ? [] : [`wanted frames ${JSON.stringify(wanted)}, got ${JSON.stringify(sent)}`];
}
