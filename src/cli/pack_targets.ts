import { basename, resolve } from "node:path";
import type { ActionOf } from "./action.ts";

/** Where `pack` writes to, and beside it the file that becomes it once it is whole. Absolute paths. */
export function packTargets({ folder, out }: ActionOf<"pack">, cwd: string): [string, string] {
  const path = resolve(cwd, out ?? `${basename(resolve(cwd, folder))}.ndp`);
  return [path, `${path}.part`];
}
