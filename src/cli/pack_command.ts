import { resolve } from "node:path";
import { errorText, SoundproofError } from "../errors.ts";
import { inspectPackage } from "../host/mod.ts";
import { pack, readArchive } from "../packages/mod.ts";
import type { ActionOf } from "./action.ts";
import { packTargets } from "./pack_targets.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/**
 * Makes the package of a folder that is sound; one of the same name is replaced.
 *
 * @throws {SoundproofError} `package.*`, `manifest.invalid`, `module.*`, `cli.file_unwritable`
 */
export async function runPack(
  command: ActionOf<"pack"> & { readonly json: boolean },
  cwd: string,
  terminal: Terminal,
): Promise<number> {
  const folder = resolve(cwd, command.folder);
  await inspectPackage(folder);
  const bytes = await pack(folder);
  const { sha256 } = await readArchive(bytes);
  const [path, part] = packTargets(command, cwd);
  try {
    await Deno.writeFile(part, bytes);
    await Deno.rename(part, path);
  } catch (cause) {
    const state = errorText(cause);
    throw new SoundproofError("cli.file_unwritable", `Cannot write "${path}": ${state}`, { cause });
  }
  if (command.json) printJson({ path, bytes: bytes.length, sha256 }, terminal);
  else terminal.out(`${harmless(path)}\n${sha256}  ${bytes.length} bytes\n`);
  return 0;
}
