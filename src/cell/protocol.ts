/**
 * What the host and a cell tell each other, and how the host reads what a cell says: as text from an
 * enemy.
 *
 * @module
 */

import type { MountPoint } from "./files.ts";
import type { CellLimits } from "./limits.ts";
import type { Abi } from "./abi/guest_abi.ts";

/** How bad a line of the log is. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";
/** The levels in the order of Extism's numbers 0 to 4. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** Name of the host function behind Extism's built-in `http_request`; no guest can import it. */
export const BUILT_IN_HTTP = "extism:http_request";

/** Name of the host function behind the file functions of WASI; no guest can import it. */
export const FILES = "wasi:files";

/** First message to a cell: what it runs. */
export interface BootMessage {
  readonly kind: "boot";
  readonly module: WebAssembly.Module;
  readonly abi: Abi;
  /** Names of the granted host functions; a host call names one by its index. */
  readonly functions: readonly string[];
  readonly config: ReadonlyMap<string, string>;
  /** Folders the guest finds. */
  readonly mounts: readonly MountPoint[];
  readonly logLevel: LogLevel;
  readonly limits: CellLimits;
}

/** A call of one export. */
export interface CallMessage {
  readonly kind: "call";
  readonly export: string;
  readonly input: Uint8Array;
  readonly timeoutMs: number;
  /** Sent with the first call, and again whenever the host wants another buffer used. */
  readonly channel?: SharedArrayBuffer;
}

/** How a guest's run ended, as the cell tells it. */
export type GuestOutcome =
  | {
    readonly kind: "returned";
    readonly code: number;
    readonly output: Uint8Array;
    readonly error?: string;
  }
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "trapped"; readonly text: string }
  | { readonly kind: "deadline" };

/** A line a guest logged. */
export interface GuestLogLine {
  readonly level: LogLevel;
  readonly text: string;
}

/** What a guest logged during one call. */
export interface GuestLog {
  readonly lines: readonly GuestLogLine[];
  /** Lines beyond the limit, not kept. */
  readonly dropped: number;
}

/** Messages from a cell. */
export type CellMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "host_call" }
  | { readonly kind: "outcome"; readonly outcome: GuestOutcome; readonly log: GuestLog }
  /** The cell is idle; `prepared` says whether an instance for the next call is made. */
  | { readonly kind: "idle"; readonly prepared: boolean };

const MAX_TEXT = 64 * 1024;

/** Reads a message of a cell; `undefined` where it is none. Everything is bounded, nothing stays shared. */
export function readCellMessage(value: unknown, limits: CellLimits): CellMessage | undefined {
  if (!isRecord(value)) return undefined;
  switch (value.kind) {
    case "ready":
    case "host_call":
      return { kind: value.kind };
    case "idle":
      return { kind: "idle", prepared: value.prepared === true };
    case "outcome": {
      const outcome = readOutcome(value.outcome, limits);
      return outcome && { kind: "outcome", outcome, log: readLog(value.log, limits) };
    }
    default:
      return undefined;
  }
}

function readOutcome(value: unknown, limits: CellLimits): GuestOutcome | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, code, output, error, text } = value;
  if (kind === "deadline") return { kind };
  if (kind === "trapped" && typeof text === "string") {
    return { kind, text: visible(text, MAX_TEXT) };
  }
  if (typeof code !== "number") return undefined;
  if (kind === "exited") return code === code >>> 0 ? { kind, code } : undefined;
  if (kind !== "returned" || code !== (code | 0)) return undefined;
  // Memory that is shared could still be changed while the host reads it.
  if (!(output instanceof Uint8Array) || !(output.buffer instanceof ArrayBuffer)) return undefined;
  if (output.buffer.byteLength > limits.kernelBytes) return undefined;
  return {
    kind,
    code,
    output,
    ...(typeof error === "string" && { error: visible(error, MAX_TEXT) }),
  };
}

function readLog(value: unknown, limits: CellLimits): GuestLog {
  if (!isRecord(value) || !Array.isArray(value.lines)) return { lines: [], dropped: 0 };
  const kept = value.lines.slice(0, limits.logLines);
  const lines = kept.flatMap((line: unknown) => {
    if (!isRecord(line) || typeof line.text !== "string") return [];
    const level = LOG_LEVELS.find((level) => level === line.level);
    if (level === undefined) return [];
    return [{ level, text: visibleLine(line.text, limits.logLineBytes) }];
  });
  const dropped = typeof value.dropped === "number" && value.dropped > 0 ? value.dropped : 0;
  return { lines, dropped: dropped + value.lines.length - kept.length };
}

/** Text a terminal and a log file can show: control and direction characters made visible, cut. */
export function visible(text: string, length: number): string {
  return text.slice(0, length).replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The same in one line, so that nobody can forge another entry of a log. */
export function visibleLine(text: string, length: number): string {
  return visible(text, length).replaceAll("\n", "\\n");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
