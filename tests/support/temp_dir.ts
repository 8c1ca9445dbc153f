import { resolve } from "node:path";

/** A folder that is removed when its scope ends: `using folder = tempDir()`. */
export interface TempDir extends Disposable {
  /** Absolute path. */
  readonly path: string;
}

const ROOT = resolve("tests/.tmp");

/** Makes an empty folder below `tests/.tmp`. */
export function tempDir(): TempDir {
  Deno.mkdirSync(ROOT, { recursive: true });
  const path = Deno.makeTempDirSync({ dir: ROOT });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Copies a folder and all in it; makes the other where it is missing. */
export function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyTree(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}
