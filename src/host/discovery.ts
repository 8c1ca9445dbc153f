import { PluginsWatch } from "../packages/mod.ts";
import type { Clock } from "../services/mod.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { PluginTurns } from "./plugin_turns.ts";
import type { Registry } from "./registry.ts";
import { stateOf } from "./summary.ts";

/** What {@link Discovery} works with. */
export interface DiscoveryParts {
  readonly pluginsDir: string;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  readonly chronicle: Chronicle;
  readonly turns: PluginTurns;
}

/**
 * Finds the packages of the plugins folder, and what becomes of them there: what comes is known from then on, what goes
 * is ended and forgotten, what was changed behind our back runs no longer.
 */
export class Discovery {
  readonly #parts: DiscoveryParts;
  #watch: PluginsWatch | undefined;
  #isOpen = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /**
   * Finds what lies there.
   *
   * @param clock By it the folder is followed from then on; it is not unless given.
   */
  async open(clock?: Clock): Promise<void> {
    const { pluginsDir: folder, chronicle } = this.#parts;
    if (clock !== undefined) {
      this.#watch = await PluginsWatch.start({
        folder,
        clock,
        changed: (id) => this.#look(id),
        report: (message) => chronicle.log("warn", undefined, message),
      });
    }
    await this.scan();
    this.#isOpen = true;
  }

  /** Looks at every package that is there, or was. */
  async scan(): Promise<void> {
    const { registry, chronicle } = this.#parts;
    const { ids, gone, faults } = await registry.look();
    for (const fault of faults) chronicle.log("warn", undefined, fault);
    await Promise.all([...ids, ...gone].map((id) => this.#look(id)));
  }

  /** Follows the folder no more, and waits for what it has begun. */
  async close(): Promise<void> {
    await this.#watch?.close();
  }

  /** Looks, in its turn, at what has become of a plugin's package. */
  async #look(id: string): Promise<void> {
    const { registry, lifecycle, chronicle, turns } = this.#parts;
    await turns.take(id, async () => {
      // Looked for again: it may have come or gone since, in the turn of another.
      const { gone } = await registry.look();
      if (!registry.has(id)) return;
      const entry = registry.get(id);
      if (gone.includes(id)) {
        await lifecycle.stop(entry);
        registry.delete(id);
        return chronicle.tell(id, "removed");
      }
      const isKnown = entry.read !== undefined || entry.error !== undefined;
      const isNew = await lifecycle.look(entry);
      // What lies there when a host is opened is no news.
      if (isNew && this.#isOpen) {
        chronicle.tell(id, isKnown ? "updated" : "installed", stateOf(entry));
      }
    });
  }
}
