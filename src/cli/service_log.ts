import { errorText, SoundproofError } from "../errors.ts";
import type { LogSink } from "../host/mod.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** What the service says on stderr: a line an entry, for people, or one JSON object a line (`time`, `level`, `plugin`, `message`). */
export class ServiceLog {
  /** Writes an entry. */
  readonly sink: LogSink;

  constructor(json: boolean, terminal: Terminal) {
    this.sink = ({ time, level, plugin, message }) => {
      const who = plugin === undefined ? "" : ` ${plugin}:`;
      const line = json
        ? JSON.stringify({ time, level, plugin, message })
        : harmless(`${level}${who} ${message}`);
      terminal.err(`${line}\n`);
    };
  }

  /** Says what should be looked at, but stops nothing. */
  warn(message: string): void {
    this.#say("warn", message);
  }

  /** Says something that went as it should. */
  info(message: string): void {
    this.#say("info", message);
  }

  /** Says what went wrong with a request, whose caller is not told. */
  fault(thrown: unknown): void {
    const isOurs = thrown instanceof SoundproofError;
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    const text = isOurs ? `${thrown.message} (${thrown.code})` : stack ?? errorText(thrown);
    this.#say("error", isOurs ? text : `unexpected fault: ${text}`);
  }

  #say(level: "info" | "warn" | "error", message: string): void {
    this.sink({ time: new Date().toISOString(), level, message });
  }
}
