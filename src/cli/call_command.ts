import type { ActionOf } from "./action.ts";
import { readInput } from "./input.ts";
import type { Stage } from "./stage.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** Runs `plugin call`. */
export async function call(
  { id, exportName, input, timeoutMs }: ActionOf<"call">,
  { admin, terminal, json }: Stage,
): Promise<number> {
  const bytes = await readInput(input);
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  showOutput(await admin.call(id, exportName, bytes, options), json, terminal);
  return 0;
}

/** In a pipe the bytes as they are; in a terminal as harmless text; with `--json` always as JSON. */
function showOutput(output: Uint8Array, json: boolean, terminal: Terminal): void {
  if (json) return printJson(jsonOf(output), terminal);
  if (terminal.width === undefined) return terminal.out(output);
  const lines = new TextDecoder().decode(output).split("\n");
  terminal.out(`${lines.map(harmless).join("\n")}\n`);
}

function jsonOf(output: Uint8Array): unknown {
  if (output.length === 0) return null;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(output));
  } catch {
    return { base64: output.toBase64() };
  }
}
