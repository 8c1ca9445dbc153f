import type { Terminal } from "../../src/cli/mod.ts";

/** A terminal that remembers; `width` makes it one that people look at. */
export class FakeTerminal implements Terminal {
  stdout = "";
  stderr = "";
  readonly width: number | undefined;
  readonly errWidth: number | undefined;
  readonly ask?: (question: string) => string;

  /** @param answers What a person types, question by question, then nothing; without them nobody is there. */
  constructor(width?: number, answers?: readonly string[]) {
    this.width = width;
    this.errWidth = width;
    if (answers === undefined) return;
    const left = [...answers];
    this.ask = (question) => {
      const answer = left.shift() ?? "";
      this.err(`${question}${answer}\n`);
      return answer;
    };
  }

  out(data: string | Uint8Array): void {
    this.stdout += typeof data === "string" ? data : new TextDecoder().decode(data);
  }

  err(text: string): void {
    this.stderr += text;
  }
}
