import { fileURLToPath } from "node:url";

/** Where Soundproof's own code is: a folder here, or a host it was imported from (JSR). */
export interface Source {
  /** The module that the second Deno runs. */
  readonly entry: string;
  /** Flags that settle where this code's imports come from. */
  readonly flags: readonly string[];
  /** Folders that are read at run time, by workers. */
  readonly folders: readonly string[];
  readonly host?: string;
  /** The folder with the sources of the example plugins, which JSR does not have. */
  readonly pluginSources?: string;
}

/**
 * Tells where the code is, from the URL of the room's own files.
 *
 * From a folder, its `deno.json` holds the import map, and nothing is ever imported from elsewhere. From a URL, the
 * publisher has written the versions into the imports, there is nothing to read, and code may come from that one host.
 */
export function sourceAt(room: URL): Source {
  const entry = new URL("./run.ts", room).href;
  if (room.protocol !== "file:") {
    return { entry, flags: ["--no-config"], folders: [], host: room.host };
  }
  const at = (path: string) => fileURLToPath(new URL(path, room));
  const configFile = at("../../deno.json");
  const config = exists(configFile) ? `--config=${configFile}` : "--no-config";
  const pluginSources = at("../../plugins");
  return {
    entry,
    flags: [config, "--no-remote"],
    folders: [at("../../src"), at("../../schema")],
    ...(exists(`${pluginSources}/build.ts`) ? { pluginSources } : {}),
  };
}

/** Whether something is at a path. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
