/**
 * Where a plugin finds its folder. Source: `extism-abi.md` 2.6; the files themselves are served by WASI.
 *
 * @module
 */

import { join } from "node:path";
import { FOLDER_MODE } from "./file_facts.ts";
import type { ServiceMethods } from "./table.ts";

/** The guest's name of its folder. */
export const STORAGE_PATH = "/storage";

/** The host's name of it, in the folder of the plugin's data. */
export function storageFolder(dataFolder: string): string {
  return join(dataFolder, "storage");
}

/** Answers `storage_getstoragepath`. */
export class Storage implements ServiceMethods<"storage"> {
  /** Makes the folder: a guest that looks before it writes finds it empty, not missing. */
  constructor(dataFolder: string) {
    Deno.mkdirSync(storageFolder(dataFolder), { recursive: true, mode: FOLDER_MODE });
  }

  getStoragePath(): { result: string } {
    return { result: STORAGE_PATH };
  }
}
