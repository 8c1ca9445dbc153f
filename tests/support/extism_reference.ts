/**
 * A call of a guest in our kernel and in Extism's own runtime for JavaScript, told so that both can be compared.
 *
 * Needs `--allow-env=EXTISM_ENABLE_WASI_OUTPUT,__MINIMATCH_TESTING_PLATFORM__`, which the other reads.
 *
 * @module
 */

import createPlugin from "@extism/extism";
import { visible } from "../../src/cell/mod.ts";
import type { GuestUnderTest } from "./guests.ts";

/** What a call came to, in a form in which both runtimes can be compared. */
export interface Seen {
  /** The output in hex, or `error: …`, or `fault: …`. */
  readonly answer: string;
  /** Lines as `level: text`. */
  readonly log: readonly string[];
}

/** A plugin's settings. */
export type Config = Readonly<Record<string, string>>;
const LONGEST_LINE = 4_096;

/** Calls a guest in our cell. */
export async function callOurs(
  guest: GuestUnderTest,
  name: string,
  input: string | Uint8Array = "",
): Promise<Seen> {
  const { outcome, log } = await guest.call(name, input);
  const lines = log.lines.map(({ level, text }) => `${level}: ${text}`);
  if (outcome.kind !== "returned") {
    const text = "text" in outcome ? outcome.text : "";
    return { answer: `fault: ${outcome.kind} ${text}`, log: lines };
  }
  return {
    answer: outcome.error === undefined ? outcome.output.toHex() : `error: ${outcome.error}`,
    log: lines,
  };
}

/** Calls a fresh plugin of theirs. */
export async function callTheirs(
  module: WebAssembly.Module,
  name: string,
  input: string | Uint8Array = "",
  config: Config = {},
): Promise<Seen> {
  const log: string[] = [];
  const keep = (level: string) => (text: string) => {
    // It tells its own doings in the same log.
    if (/is not enabled|^failed to log/.test(text)) return;
    const shown = visible(text, LONGEST_LINE).replaceAll("\n", "\\n");
    log.push(`${level}: ${shown}`);
  };
  // Typed as any: the package wants Node's Console, whose type has more than Deno's.
  const logger = Object.assign(Object.create(console), {
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
  });
  try {
    const plugin = await createPlugin(module, { useWasi: false, config: { ...config }, logger });
    const output = await plugin.call(name, typeof input === "string" ? input : input.slice());
    return { answer: output === null ? "" : output.bytes().slice().toHex(), log };
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const error = /^Plugin-originated error: (.*)$/s.exec(text)?.[1];
    const answer = error === undefined ? `fault: ${text}` : `error: ${visible(error, 65_536)}`;
    return { answer, log };
  }
}
