import type { Terminal } from "../../src/cli/mod.ts";

/** A terminal that remembers; `width` makes it one that people look at. */
export class FakeTerminal implements Terminal {
  stdout = "";
  stderr = "";
  readonly width: number | undefined;

  constructor(width?: number) {
    this.width = width;
  }

  out(data: string | Uint8Array): void {
    this.stdout += typeof data === "string" ? data : new TextDecoder().decode(data);
  }

  err(text: string): void {
    this.stderr += text;
  }
}
