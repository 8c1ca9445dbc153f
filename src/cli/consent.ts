import { SoundproofError } from "../errors.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Asks for a yes, unless it was given beforehand. Only `y` and `yes` are one.
 *
 * @param what Is to be done, such as `install "a"`, for the question and the error's text.
 * @throws {SoundproofError} `cli.declined` for anything else, and where nobody is there to be asked.
 */
export function askConsent(what: string, yes: boolean, terminal: Terminal): void {
  if (yes) return;
  if (terminal.ask === undefined) {
    throw declined(
      what,
      "nobody can be asked, since stdin is no terminal; --yes says it beforehand",
    );
  }
  const answer = terminal.ask(`${what.charAt(0).toUpperCase()}${what.slice(1)}? [y/N] `);
  if (!/^y(?:es)?$/i.test(answer)) throw declined(what, "the answer was not yes");
}

function declined(what: string, state: string): SoundproofError {
  return new SoundproofError("cli.declined", `Cannot ${what}: ${state}`);
}
