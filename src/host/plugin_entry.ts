import { SoundproofError } from "../errors.ts";
import type { PluginPackage } from "../packages/mod.ts";
import type { LoadedPlugin } from "./loaded_plugin.ts";
import type { ReadPlugin } from "./loading.ts";
import type { PluginHandle } from "./plugin_handle.ts";

/** A package that was read, without its module, which can be megabytes. */
export type KnownPackage = Omit<ReadPlugin, "source"> & {
  readonly source: Omit<PluginPackage, "wasm">;
};

/** What is known of one plugin of the plugins folder. */
export interface PluginEntry {
  readonly id: string;
  /** Where its package lies. */
  path: string;
  /** Set where another package has the same id. */
  conflict?: SoundproofError;
  /** Its package and manifest, where they could be read. */
  read?: KnownPackage;
  /** Set while it runs. */
  loaded?: LoadedPlugin;
  /** Set while it is made ready to run. */
  starting?: LoadedPlugin;
  /** The version before, while calls of it still run. */
  retiring?: { readonly plugin: LoadedPlugin; readonly end: Promise<void> };
  /** Whether it is to run and does not, because its package asks for more than was approved. */
  waits?: boolean;
  /** Why it cannot be read or run. */
  error?: SoundproofError;
  /** What callers hold of it. */
  handle?: PluginHandle;
}

/** Keeps what was read of a package; what is kept is all but the module. */
export function keepRead(entry: PluginEntry, read: ReadPlugin): void {
  const { wasm: _wasm, ...source } = read.source;
  entry.read = { ...read, source };
  delete entry.error;
}

/** Why neither of two packages with one id is read. */
export function idTaken(id: string, first: string, second: string): SoundproofError {
  return new SoundproofError(
    "package.id_taken",
    `Cannot load plugin "${id}": both "${first}" and "${second}" have this id`,
  );
}
