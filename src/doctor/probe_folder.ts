import { join } from "node:path";
import { FolderLock } from "../state/mod.ts";

const PREFIX = "doctor-";
/** A folder younger than this may be one that another doctor has not locked yet. Milliseconds. */
const YOUNG_MS = 60_000;

/** Makes a folder for probes in a data folder; it is removed at the end of its block. Others that were left there go now. */
export function probeFolder(
  dataDir: string,
  now: () => number = Date.now,
): { readonly path: string } & Disposable {
  for (const { name, isDirectory } of [...Deno.readDirSync(dataDir)]) {
    if (isDirectory && name.startsWith(PREFIX)) removeLeft(join(dataDir, name), now());
  }
  const path = Deno.makeTempDirSync({ dir: dataDir, prefix: PREFIX });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Removes what a doctor that ended too soon has left. One that still works holds the lock. */
function removeLeft(path: string, now: number): void {
  try {
    if (now - (Deno.statSync(path).mtime?.getTime() ?? 0) < YOUNG_MS) return;
    using _lock = FolderLock.take(path);
    Deno.removeSync(path, { recursive: true });
  } catch {
    // Another doctor works in it, or has just removed it.
  }
}
