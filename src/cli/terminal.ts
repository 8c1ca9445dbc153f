import { SoundproofError } from "../errors.ts";
import { harmless } from "./text.ts";

/** Where a command speaks. */
export interface Terminal {
  /** Writes results, as they are. */
  out(data: string | Uint8Array): void;
  /** Writes errors and remarks, as they are. */
  err(text: string): void;
  /** Columns of the terminal that stdout is; undefined where it is a file or a pipe. */
  readonly width: number | undefined;
  /** Columns of the terminal that stderr is; undefined where it is a file or a pipe. */
  readonly errWidth: number | undefined;
  /** Asks a person and waits for a line; absent where nobody is there, since stdin or stderr is no terminal. */
  readonly ask?: (question: string) => string;
}

const encoder = new TextEncoder();

/** The terminal, or the files and pipes, of this process. */
export function processTerminal(): Terminal {
  const [outIs, errIs] = [Deno.stdout.isTerminal(), Deno.stderr.isTerminal()];
  const columns = outIs || errIs ? Deno.consoleSize().columns : undefined;
  const err = (text: string) => writeAll(Deno.stderr, encoder.encode(text));
  return {
    out: (data) => writeAll(Deno.stdout, typeof data === "string" ? encoder.encode(data) : data),
    err,
    width: outIs ? columns : undefined,
    errWidth: errIs ? columns : undefined,
    ...(errIs && Deno.stdin.isTerminal() && {
      ask: (question: string) => {
        err(question);
        return readLine();
      },
    }),
  };
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += stream.writeSync(bytes.subarray(written));
  }
}

/** A line of stdin; what is there at its end, if it ends before. */
function readLine(): string {
  const bytes: number[] = [];
  const one = new Uint8Array(1);
  while (Deno.stdin.readSync(one) === 1 && one[0] !== 10) bytes.push(one[0] ?? 0);
  return new TextDecoder().decode(new Uint8Array(bytes)).trim();
}

/** Says what went wrong, in one sentence and with its problems below, and returns the exit code: 2 for usage, else 1. */
export function reportError(thrown: unknown, terminal: Terminal): number {
  if (!(thrown instanceof SoundproofError)) {
    const text = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    terminal.err(`error: unexpected fault: ${text.split("\n").map(harmless).join("\n")}\n`);
    return 1;
  }
  terminal.err(`error: ${harmless(thrown.message)} (${thrown.code})\n`);
  for (const { path, found, wanted } of thrown.problems) {
    terminal.err(`  ${harmless(`${path}: found ${found}, want ${wanted}`)}\n`);
  }
  return thrown.code === "cli.usage" ? 2 : 1;
}

/** Says what should be looked at, but stops nothing. */
export function warn(text: string, terminal: Terminal): void {
  terminal.err(`warning: ${harmless(text)}\n`);
}

/** Prints JSON, on several lines in a terminal. It escapes C0 controls by itself, but not C1 ones and the marks that turn text around. */
export function printJson(value: unknown, terminal: Terminal): void {
  printJsonText(
    JSON.stringify(value, null, terminal.width === undefined ? undefined : 2),
    terminal,
  );
}

/** Prints JSON on one line, as one of many. */
export function printJsonLine(value: unknown, terminal: Terminal): void {
  printJsonText(JSON.stringify(value), terminal);
}

function printJsonText(text: string, terminal: Terminal): void {
  const escaped = text.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  terminal.out(`${escaped}\n`);
}
