import type { ServerTrack } from "../services/mod.ts";
import type { ScopedGuest } from "./guest_caller.ts";
import { Lyrics } from "./lyrics.ts";
import type { TrackLyrics } from "./lyrics/mod.ts";
import type { QuestionOptions } from "./metadata_agents.ts";
import {
  type ChainCounters,
  type ChainOptions,
  type FirstAnswer,
  PluginChain,
} from "./plugin_chain.ts";
import { trackInfo } from "./track_info.ts";

/**
 * Asks all plugins that have lyrics: the first that has some answers.
 *
 * They are asked in the configured order (`LyricsPriority`), those that are not listed not at all; without
 * an order all are asked, by id. An HTTP API over it is one route, `FirstAnswer` as its answer.
 *
 * @example
 * ```ts
 * import { LyricsProviders } from "@soundproof/host";
 *
 * const plugin = {
 *   id: "mine",
 *   exports: new Set(["nd_lyrics_get_lyrics"]),
 *   scope: { users: [], libraries: [] },
 *   call: () =>
 *     Promise.resolve(new TextEncoder().encode('{"lyrics":[{"lang":"eng","text":"[00:01.50]Oh"}]}')),
 * };
 * const lyrics = new LyricsProviders({ plugins: () => [plugin], clock: Date });
 * const answer = await lyrics.ofTrack({ id: "1", libraryId: 1, title: "Sinnerman" });
 * if (answer.kind === "found") {
 *   for (const { startMs = 0, text } of answer.value[0]?.lines ?? []) console.log(startMs, text);
 * }
 * ```
 */
export class LyricsProviders {
  readonly #chain: PluginChain<ScopedGuest>;

  /** Makes it over plugins that may come and go. */
  constructor(options: ChainOptions<ScopedGuest>) {
    this.#chain = new PluginChain("Lyrics", options);
  }

  /** The ids of the plugins that would be asked now, in order. */
  get plugins(): string[] {
    return this.#chain.plugins.map(({ id }) => id);
  }

  /** What has happened, for metrics. */
  get counters(): ChainCounters {
    return this.#chain.counters;
  }

  /** The lyrics of a track, one entry a language and version. Does not reject. */
  ofTrack(
    track: ServerTrack,
    { signal }: QuestionOptions = {},
  ): Promise<FirstAnswer<TrackLyrics[]>> {
    return this.#chain.first(
      ["ofTrack", trackInfo(track)],
      (guest, options) => new Lyrics(guest, options).ofTrack(track),
      signal,
    );
  }
}
