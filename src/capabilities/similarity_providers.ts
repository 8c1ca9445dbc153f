import type { ServerTrack } from "../services/mod.ts";
import type { QuestionOptions } from "./metadata_agents.ts";
import {
  type ChainCounters,
  type ChainOptions,
  type FirstAnswer,
  PluginChain,
} from "./plugin_chain.ts";
import { songOf } from "./song.ts";
import { type SonicMatch, SonicSimilarity } from "./sonic_similarity.ts";

/**
 * Asks all plugins that know which songs sound alike: the first that has something answers.
 *
 * They are asked in the configured order; without one, by id (upstream takes any of them). No method
 * rejects. An HTTP API over it is one route a method, `FirstAnswer` as its answer.
 */
export class SimilarityProviders {
  readonly #chain: PluginChain;

  /** Makes it over plugins that may come and go. */
  constructor(options: ChainOptions) {
    this.#chain = new PluginChain("SonicSimilarity", options);
  }

  /** The ids of the plugins that would be asked now, in order. */
  get plugins(): string[] {
    return this.#chain.plugins.map(({ id }) => id);
  }

  /** What has happened, for metrics. */
  get counters(): ChainCounters {
    return this.#chain.counters;
  }

  /** At most `count` songs that sound like this track. */
  similarTracks(
    track: ServerTrack,
    count: number,
    { signal }: QuestionOptions = {},
  ): Promise<FirstAnswer<SonicMatch[]>> {
    return this.#chain.first(
      ["similarTracks", songOf(track), count],
      (guest, options) => new SonicSimilarity(guest, options).similarTracks(track, count),
      signal,
    );
  }

  /** At most `count` songs that lead from one track to another. */
  path(
    from: ServerTrack,
    to: ServerTrack,
    count: number,
    { signal }: QuestionOptions = {},
  ): Promise<FirstAnswer<SonicMatch[]>> {
    return this.#chain.first(
      ["path", songOf(from), songOf(to), count],
      (guest, options) => new SonicSimilarity(guest, options).path(from, to, count),
      signal,
    );
  }
}
