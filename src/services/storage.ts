/**
 * Where a plugin finds its folder. Source: `extism-abi.md` 2.6; the files themselves are served by WASI.
 *
 * @module
 */

import type { ServiceMethods } from "./table.ts";

/** The guest's name of its folder. */
export const STORAGE_PATH = "/storage";

/** Answers `storage_getstoragepath`. */
export class Storage implements ServiceMethods<"storage"> {
  getStoragePath(): { result: string } {
    return { result: STORAGE_PATH };
  }
}
