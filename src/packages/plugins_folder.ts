import { join } from "node:path";
import { PACKAGE_ENDING } from "./plugin_id.ts";

/** An entry of the plugins folder that may be a package. */
export interface PackageEntry {
  /** Its name; what {@link pluginId} makes the id of. */
  readonly name: string;
  readonly path: string;
}

/**
 * The direct children of the plugins folder that may be packages: files that end in `.ndp`, folders and
 * links, in the order of their names. Others, and names that begin with a dot but do not end in `.ndp`,
 * are passed over. A folder that does not exist has none.
 */
export async function listPackages(folder: string): Promise<PackageEntry[]> {
  const entries: PackageEntry[] = [];
  try {
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(folder)) {
      const isPackage = name.endsWith(PACKAGE_ENDING) ||
        ((isDirectory || isSymlink) && !name.startsWith("."));
      if (isPackage) entries.push({ name, path: join(folder, name) });
    }
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}
