import { errorText, SoundproofError } from "../errors.ts";
import { listPackages, pluginId } from "../packages/mod.ts";
import { idTaken, type PluginEntry } from "./plugin_entry.ts";

/** What a look into the plugins folder came to. */
export interface Found {
  /** Ids that are there, those known before among them. */
  readonly ids: readonly string[];
  /** Ids that are there no more. */
  readonly gone: readonly string[];
  /** Names that cannot be an id, with the reason. */
  readonly faults: readonly string[];
}

/** The plugins of a plugins folder, by their ids. */
export class Registry {
  readonly #folder: string;
  readonly #entries = new Map<string, PluginEntry>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Every plugin, in the order of their ids. */
  all(): PluginEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** Every plugin, in no order. */
  entries(): Iterable<PluginEntry> {
    return this.#entries.values();
  }

  /** @throws {SoundproofError} `plugin.unknown`. */
  get(id: string): PluginEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
    }
    return entry;
  }

  /** Whether a plugin is known. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Forgets a plugin. */
  delete(id: string): void {
    this.#entries.delete(id);
  }

  /** Forgets every plugin. */
  clear(): void {
    this.#entries.clear();
  }

  /** Looks into the folder. What is new is known from then on; what is gone has to be deleted once it has ended. */
  async look(): Promise<Found> {
    const paths = new Map<string, string[]>();
    const faults: string[] = [];
    for (const { name, path } of await listPackages(this.#folder)) {
      try {
        const id = pluginId(name);
        paths.set(id, [...paths.get(id) ?? [], path]);
      } catch (thrown) {
        faults.push(errorText(thrown));
      }
    }
    for (const [id, [path = "", second]] of paths) {
      const entry = this.#entries.get(id) ?? { id, path };
      entry.path = path;
      if (second === undefined) delete entry.conflict;
      else entry.conflict = idTaken(id, path, second);
      this.#entries.set(id, entry);
    }
    const gone = [...this.#entries.keys()].filter((id) => !paths.has(id));
    return { ids: [...paths.keys()], gone, faults };
  }
}
