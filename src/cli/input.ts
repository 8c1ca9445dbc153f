import { errorText, SoundproofError } from "../errors.ts";
import type { InputSource } from "./action.ts";

/** The bytes of a file, or of stdin for `-`. @throws {SoundproofError} `cli.input_invalid` */
export async function readInputFile(path: string): Promise<Uint8Array> {
  try {
    return path === "-"
      ? new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer())
      : await Deno.readFile(path);
  } catch (cause) {
    throw invalid("the input", cause);
  }
}

/** The input of a call. @throws {SoundproofError} `cli.input_invalid` */
export async function readInput(source: InputSource): Promise<Uint8Array> {
  switch (source.from) {
    case "nothing":
      return new Uint8Array();
    case "argument":
      try {
        JSON.parse(source.json);
      } catch (cause) {
        throw invalid("--input as JSON", cause);
      }
      return new TextEncoder().encode(source.json);
    case "file":
      return await readInputFile(source.path);
    case "stdin":
      return await readInputFile("-");
  }
}

function invalid(what: string, cause: unknown): SoundproofError {
  const message = `Cannot read ${what}: ${errorText(cause)}`;
  return new SoundproofError("cli.input_invalid", message, { cause });
}
