import { SoundproofError } from "../errors.ts";
import { readBytes, sha256 } from "./plugin_package.ts";

/** Whether anything lies at a path; a link does, wherever it leads. */
export async function exists(path: string): Promise<boolean> {
  return await kindOf(path) !== undefined;
}

/** SHA-256 of a package's file; absent where nothing lies there, and no hash at all where it can be no package's file. */
export async function fileHash(path: string): Promise<string | undefined> {
  const kind = await kindOf(path);
  if (kind === undefined) return undefined;
  if (!kind.isFile) return "no file";
  try {
    return await sha256(await readBytes(path));
  } catch (thrown) {
    if (thrown instanceof SoundproofError && thrown.code === "package.too_large") {
      return "too large";
    }
    throw thrown;
  }
}

async function kindOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    throw thrown;
  }
}
