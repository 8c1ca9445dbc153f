import { join } from "node:path";
import { errorText } from "../errors.ts";
import {
  detectCapabilities,
  LyricsProviders,
  MetadataAgents,
  type ScopedGuest,
  type ScrobbleCounters,
  Scrobblers,
  SimilarityProviders,
} from "../capabilities/mod.ts";
import { systemClock } from "../services/mod.ts";
import type { PluginHostOptions } from "./options.ts";

/** Which plugins are asked, in which order; where one is absent, all that can answer, by id. */
export interface CapabilityOrder {
  /** For `metadata`. */
  readonly agents?: readonly string[];
  /** For `lyrics`. */
  readonly lyrics?: readonly string[];
  /** For `scrobblers`. */
  readonly scrobblers?: readonly string[];
  /** For `similarity`. */
  readonly similarity?: readonly string[];
}

/** What a host offers to a music server: its running plugins, as one. */
export abstract class CapabilityHost {
  /** The metadata agents that run, as one. */
  readonly metadata: MetadataAgents;
  /** The plugins that have lyrics, as one. */
  readonly lyrics: LyricsProviders;
  /** The plugins that know which songs sound alike, as one. */
  readonly similarity: SimilarityProviders;
  readonly #options: PluginHostOptions;
  #scrobblers: Scrobblers | undefined;

  /** Makes them; no plugin need run yet. @param options Read anew whenever they count. */
  constructor(options: PluginHostOptions) {
    this.#options = options;
    const chain = (of: keyof CapabilityOrder) => ({
      plugins: () => this.running(),
      clock: options.clock ?? systemClock,
      get order() {
        return options.order?.[of];
      },
    });
    this.metadata = new MetadataAgents(chain("agents"));
    this.lyrics = new LyricsProviders(chain("lyrics"));
    this.similarity = new SimilarityProviders(chain("similarity"));
  }

  /** The scrobblers that run, as one, and the plays that wait for them. */
  get scrobblers(): Scrobblers {
    const options = this.#options;
    const { dataDir, clock = systemClock } = options;
    // Made at its first use: a command that needs none makes no file.
    return this.#scrobblers ??= new Scrobblers({
      plugins: () => this.running(),
      absent: () => this.absent(),
      clock,
      folder: join(dataDir, "scrobbles"),
      log: (level, text, plugin) => this.report(level, plugin, text),
      get order() {
        return options.order?.scrobblers;
      },
    });
  }

  /** What has happened to plays, by plugin; of none before a scrobbler ran or was told of one. */
  get scrobbleCounters(): ReadonlyMap<string, ScrobbleCounters> {
    return this.#scrobblers?.counters ?? new Map();
  }

  /** The plugins that run now. */
  protected abstract running(): Iterable<ScopedGuest>;

  /** The ids of those that are enabled, and do not run now. */
  protected abstract absent(): Iterable<string>;

  /** Writes a line about a plugin into the log. */
  protected abstract report(level: "warn" | "error", plugin: string, message: string): void;

  /** Sends a plugin that runs from now on what waits for it. Never throws. */
  protected started({ id, exports }: ScopedGuest): void {
    if (!detectCapabilities(exports).includes("Scrobbler")) return;
    try {
      this.scrobblers.wake(id);
    } catch (thrown) {
      this.report("error", id, errorText(thrown));
    }
  }

  /** Sends no more plays from now on; resolves once the calls that run are over. */
  protected async closeCapabilities(): Promise<void> {
    await this.#scrobblers?.close();
  }
}
