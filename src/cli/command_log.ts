import { errorText } from "../errors.ts";
import type { LogEntry } from "../host/mod.ts";
import { type Terminal, warn } from "./terminal.ts";
import { harmless } from "./text.ts";

/**
 * What a host in this process logs while it does what one command says.
 *
 * Warnings and errors are told when it is over, in one place, but for those that the command has said by itself. A command
 * that calls a plugin shows from its call on every line as it comes, as the service does.
 */
export class CommandLog {
  /** For the command: what is written here is known to be said. */
  readonly terminal: Terminal;
  readonly #held: string[] = [];
  #said = "";
  #live = false;

  constructor(terminal: Terminal) {
    const { width, errWidth, ask } = terminal;
    this.terminal = {
      width,
      errWidth,
      out: (data) => terminal.out(data),
      err: (text) => {
        this.#said += text;
        terminal.err(text);
      },
      ...(ask && { ask: (question) => ask.call(terminal, question) }),
    };
  }

  /** Takes an entry. */
  add({ level, plugin, message }: LogEntry): void {
    if (this.#live && plugin !== undefined) {
      this.terminal.err(`${harmless(`${level} ${plugin}: ${message}`)}\n`);
    } else if (level === "error" || level === "warn") {
      this.#held.push(message);
    }
  }

  /** Shows entries of plugins as they come from now on. */
  follow(): void {
    this.#live = true;
  }

  /** Tells what was not said. @param thrown What the command ends with, which will be said. */
  end(thrown?: unknown): void {
    const said = thrown === undefined ? this.#said : `${this.#said}${harmless(errorText(thrown))}`;
    for (const message of new Set(this.#held)) {
      if (!said.includes(harmless(message))) warn(message, this.terminal);
    }
  }
}
