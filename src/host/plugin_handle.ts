import { SoundproofError } from "../errors.ts";
import type { CallOptions, PluginScope, ScopedGuest } from "../capabilities/mod.ts";
import type { PoolCounters } from "../cell/mod.ts";
import type { LoadedPlugin } from "./loaded_plugin.ts";
import type { PluginEntry } from "./plugin_entry.ts";

/** A plugin that runs and can be called. It stays the same when another version takes the plugin's place. */
export interface Plugin extends ScopedGuest {
  /** What its cells have done since it was loaded, and how many there are. */
  readonly counters: PoolCounters;
}

const NO_CELLS: PoolCounters = Object.freeze({
  cells: 0,
  waiting: 0,
  calls: 0,
  deadlines: 0,
  lost: 0,
});

/** Calls whichever version of a plugin runs, so that whoever holds it never holds one that is gone. */
export class PluginHandle implements Plugin {
  readonly #entry: Pick<PluginEntry, "id" | "loaded">;
  #exports: ReadonlySet<string>;
  #scope: PluginScope;

  constructor(entry: Pick<PluginEntry, "id" | "loaded">, loaded: LoadedPlugin) {
    this.#entry = entry;
    this.#exports = loaded.exports;
    this.#scope = loaded.scope;
  }

  get id(): string {
    return this.#entry.id;
  }

  /** Names of the functions its module exports; those of the last version while none runs. */
  get exports(): ReadonlySet<string> {
    return this.#exports = this.#entry.loaded?.exports ?? this.#exports;
  }

  get scope(): PluginScope {
    return this.#scope = this.#entry.loaded?.scope ?? this.#scope;
  }

  get counters(): PoolCounters {
    return this.#entry.loaded?.counters ?? NO_CELLS;
  }

  async call(name: string, input: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    const plugin = this.#running();
    try {
      return await plugin.call(name, input, options);
    } catch (thrown) {
      const { loaded } = this.#entry;
      const isGone = thrown instanceof SoundproofError && thrown.code === "pool.closed";
      // The guest was not called: its version was closed before a cell was free.
      if (!isGone || loaded === undefined || loaded === plugin) throw thrown;
      return await loaded.call(name, input, options);
    }
  }

  #running(): LoadedPlugin {
    const { id, loaded } = this.#entry;
    if (loaded !== undefined) return loaded;
    throw new SoundproofError("pool.closed", `Cannot call plugin "${id}": it was unloaded`);
  }
}
