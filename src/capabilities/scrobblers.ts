import { SoundproofError } from "../errors.ts";
import type { Clock } from "../services/mod.ts";
import { detectCapabilities } from "./detect.ts";
import type { ScopedGuest } from "./guest_caller.ts";
import { inOrder } from "./plugin_chain.ts";
import { type ScrobbleCounters, ScrobbleQueue } from "./scrobble_queue.ts";
import {
  DEFAULT_SCROBBLE_LIMITS,
  type FailedFilter,
  type FailedPlay,
  type ScrobbleLimits,
  ScrobbleStore,
} from "./scrobble_store.ts";
import {
  type NowPlaying,
  type Play,
  type PlaybackReport,
  Scrobbler,
  type ScrobblerResult,
} from "./scrobbler.ts";
import { hasUnknownArtist, trackInfo } from "./track_info.ts";

/** What telling one of several scrobblers came to. */
export type ScrobblerReport = ScrobblerResult & {
  /** The plugin's id. */
  readonly plugin: string;
};

/** What became of a play, for one of several scrobblers. */
export interface QueuedReport {
  /** The plugin's id. */
  readonly plugin: string;
  /**
   * `queued`: it is stored and will be delivered; `known`: it was before; `skipped`: it is not for this
   * plugin; `refused`: it was not stored, `error` says why.
   */
  readonly kind: "queued" | "known" | "skipped" | "refused";
  /** Why it is skipped. */
  readonly reason?: string;
  /** Why it was refused: `scrobbles.invalid`, `scrobbles.queue_full`. */
  readonly error?: SoundproofError;
}

/** What {@link Scrobblers} are made from. */
export interface ScrobblersOptions {
  /** The plugins that run now, in any order. */
  readonly plugins: () => Iterable<ScopedGuest>;
  /** Ids of those that should run but do not now: plays are kept for them if they are scrobblers. */
  readonly absent?: () => Iterable<string>;
  /** The ids of those to tell, in this order; all, in the order of their ids, unless given. */
  readonly order?: readonly string[] | undefined;
  /** The time by which plays wait. */
  readonly clock: Clock;
  /** The folder of the file in which plays are kept. */
  readonly folder: string;
  /** Ceilings of what is kept. */
  readonly limits?: ScrobbleLimits;
  /** Told of plays that were put aside. */
  readonly log?: (level: "warn" | "error", text: string, plugin: string) => void;
}

/**
 * Tells all scrobblers what people listen to (`extism-abi.md`, 3.4).
 *
 * What plays now is told at once, and nothing is done about failures. A play that is over is stored before
 * anything else, and delivered at least once: see {@link ScrobbleQueue} for what is promised.
 *
 * An HTTP API over it has a route for each of `nowPlaying`, `playbackReport` and `scrobble`, which answer
 * with what became of it for each plugin, and routes that list, requeue and discard what failed.
 *
 * @example
 * ```ts
 * import { PluginHost } from "@soundproof/host";
 *
 * await using host = await PluginHost.open({ dataDir: await Deno.makeTempDir() });
 * const track = { id: "1", libraryId: 1, title: "Sinnerman", artist: "Nina Simone" };
 * await host.scrobblers.nowPlaying({ username: "ann", track, position: 0 });
 * await host.scrobblers.scrobble({ username: "ann", track, timestamp: 1_700_000_000 });
 * for (const { plugin, reason } of host.scrobblers.failed()) console.log(plugin, reason);
 * ```
 */
export class Scrobblers {
  readonly #options: ScrobblersOptions;
  readonly #store: ScrobbleStore;
  readonly #queue: ScrobbleQueue;

  /** Opens the file of plays. Nothing is sent before a plugin is told to be there, or a play comes. */
  constructor(options: ScrobblersOptions) {
    this.#options = options;
    const { plugins, clock, folder, limits = DEFAULT_SCROBBLE_LIMITS, log } = options;
    this.#store = new ScrobbleStore(folder, limits);
    this.#queue = new ScrobbleQueue({ store: this.#store, plugins, clock, ...(log && { log }) });
  }

  /** The ids of the plugins that would be told now, in order. */
  get plugins(): string[] {
    return this.#scrobblers().map(({ id }) => id);
  }

  /** What has happened, by plugin id, for metrics. */
  get counters(): ReadonlyMap<string, ScrobbleCounters> {
    return this.#queue.counters;
  }

  /** Tells that a track plays now. Does not reject. */
  nowPlaying(playing: NowPlaying): Promise<ScrobblerReport[]> {
    return this.#tell((scrobbler) => scrobbler.nowPlaying(playing));
  }

  /** Tells what a player does. Does not reject. */
  playbackReport(report: PlaybackReport): Promise<ScrobblerReport[]> {
    return this.#tell((scrobbler) => scrobbler.playbackReport(report));
  }

  /**
   * Takes a play that is over. Once this has resolved, what is `queued` is stored, and survives whatever
   * becomes of the process. The same play (user, track, second) again is `known`, and not delivered twice.
   * Does not reject.
   */
  scrobble({ username, track, timestamp }: Play): Promise<QueuedReport[]> {
    const info = trackInfo(track);
    if (hasUnknownArtist(info)) return Promise.resolve([]);
    const present = this.#scrobblers().map(({ id }) => id);
    for (const id of present) this.#store.remember(id);
    const { absent, order } = this.#options;
    const gone = [...absent?.() ?? []].filter((id) =>
      !present.includes(id) && (order?.includes(id) ?? true) && this.#store.remembers(id)
    );
    return Promise.all([...present, ...gone].map(async (plugin): Promise<QueuedReport> => {
      try {
        const kind = await this.#queue.add(plugin, username, info, timestamp);
        if (kind !== "unwanted") return { plugin, kind };
        return { plugin, kind: "skipped", reason: `it takes no plays of user "${username}"` };
      } catch (error) {
        if (!(error instanceof SoundproofError)) throw error;
        return { plugin, kind: "refused", error };
      }
    }));
  }

  /** Plays that plugins refused for good, oldest first. */
  failed(filter?: FailedFilter): FailedPlay[] {
    return this.#store.list(filter);
  }

  /** Sends a play that failed once more. @throws {SoundproofError} `scrobbles.unknown`. */
  requeue(id: number): void {
    this.#queue.wake(this.#store.requeue(id).plugin);
  }

  /** Forgets a play that failed. @throws {SoundproofError} `scrobbles.unknown`. */
  discard(id: number): void {
    this.#store.discard(id);
  }

  /** Sends what waits for a plugin: to be called when it was loaded. */
  wake(plugin: string): void {
    this.#queue.wake(plugin);
  }

  /** Forgets all plays of a plugin: to be called when it is removed with its data. */
  forget(plugin: string): void {
    this.#store.forget(plugin);
  }

  /** Sends nothing more, waits for calls that run, and closes the file. */
  async close(): Promise<void> {
    await this.#queue.close();
    this.#store.close();
  }

  #scrobblers(): ScopedGuest[] {
    const { plugins, order } = this.#options;
    return inOrder(plugins(), order)
      .filter(({ exports }) => detectCapabilities(exports).includes("Scrobbler"));
  }

  #tell(tell: (scrobbler: Scrobbler) => Promise<ScrobblerResult>): Promise<ScrobblerReport[]> {
    return Promise.all(
      this.#scrobblers().map(async (guest) => ({
        ...await tell(new Scrobbler(guest)),
        plugin: guest.id,
      })),
    );
  }
}
