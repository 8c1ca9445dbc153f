import type { Answer, GuestCaller } from "./guest_caller.ts";
import {
  type AlbumInfo,
  type AlbumRequest,
  type ArtistRequest,
  type Image,
  MetadataAgent,
  type SongsRequest,
} from "./metadata_agent.ts";
import {
  type ChainCounters,
  type ChainOptions,
  type FirstAnswer,
  PluginChain,
} from "./plugin_chain.ts";
import type { ArtistRef, SongRef } from "./song.ts";
import { UNKNOWN_ARTIST } from "./track_info.ts";

/** What libraries write where they know no name: nobody is asked about these. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  "",
  UNKNOWN_ARTIST,
  "[Unknown Album]",
  "Various Artists",
]);

/** May be given up by its caller. */
export interface QuestionOptions {
  /** Gives up; others who wait for the same answer go on waiting. */
  readonly signal?: AbortSignal;
}

/**
 * Asks all metadata agents that run about artists and albums: the first that has something answers.
 *
 * They are asked in the configured order, those that are not listed not at all; without an order all are
 * asked, by id. Every method answers `found`, `not_found` or `fault`, and none rejects. Of the placeholders
 * that libraries use for what they do not know (`[Unknown Artist]`, `Various Artists`, …) nobody is asked.
 *
 * An HTTP API over it is one route a method, its arguments as JSON, `FirstAnswer` as its answer.
 *
 * @example
 * ```ts
 * import { MetadataAgents } from "@soundproof/host";
 *
 * // A plugin is what exports can be called of; those of a host are.
 * const plugin = {
 *   id: "mine",
 *   exports: new Set(["nd_get_artist_url"]),
 *   call: () => Promise.resolve(new TextEncoder().encode('{"url":"https://example.com"}')),
 * };
 * const agents = new MetadataAgents({ plugins: () => [plugin], clock: Date });
 * const answer = await agents.artistUrl({ id: "1", name: "Nina Simone" });
 * if (answer.kind !== "found" || answer.plugin !== "mine") throw new Error(answer.kind);
 * ```
 */
export class MetadataAgents {
  readonly #chain: PluginChain;

  /** Makes it over plugins that may come and go. */
  constructor(options: ChainOptions) {
    this.#chain = new PluginChain("MetadataAgent", options);
  }

  /** The ids of the plugins that would be asked now, in order. */
  get plugins(): string[] {
    return this.#chain.plugins.map(({ id }) => id);
  }

  /** What has happened, for metrics. */
  get counters(): ChainCounters {
    return this.#chain.counters;
  }

  /** The artist's MusicBrainz id. */
  artistMbid(
    request: Omit<ArtistRequest, "mbid">,
    options?: QuestionOptions,
  ): Promise<FirstAnswer<string>> {
    return this.#ask("artistMbid", [request], (agent) => agent.artistMbid(request), options);
  }

  /** A page about the artist. */
  artistUrl(request: ArtistRequest, options?: QuestionOptions): Promise<FirstAnswer<string>> {
    return this.#ask("artistUrl", [request], (agent) => agent.artistUrl(request), options);
  }

  /** A text about the artist. */
  artistBiography(request: ArtistRequest, options?: QuestionOptions): Promise<FirstAnswer<string>> {
    const ask = (agent: MetadataAgent) => agent.artistBiography(request);
    return this.#ask("artistBiography", [request], ask, options);
  }

  /** At most `limit` artists that are like this one. */
  similarArtists(
    request: ArtistRequest,
    limit: number,
    options?: QuestionOptions,
  ): Promise<FirstAnswer<ArtistRef[]>> {
    const ask = (agent: MetadataAgent) => agent.similarArtists(request, limit);
    return this.#ask("similarArtists", [request, limit], ask, options);
  }

  /** Pictures of the artist. */
  artistImages(request: ArtistRequest, options?: QuestionOptions): Promise<FirstAnswer<Image[]>> {
    return this.#ask("artistImages", [request], (agent) => agent.artistImages(request), options);
  }

  /** At most `count` of the artist's best known songs. */
  artistTopSongs(
    request: ArtistRequest,
    count: number,
    options?: QuestionOptions,
  ): Promise<FirstAnswer<SongRef[]>> {
    const ask = (agent: MetadataAgent) => agent.artistTopSongs(request, count);
    return this.#ask("artistTopSongs", [request, count], ask, options);
  }

  /** What is known of the album; fields may be empty. */
  albumInfo(request: AlbumRequest, options?: QuestionOptions): Promise<FirstAnswer<AlbumInfo>> {
    return this.#ask("albumInfo", [request], (agent) => agent.albumInfo(request), options);
  }

  /** Pictures of the album. */
  albumImages(request: AlbumRequest, options?: QuestionOptions): Promise<FirstAnswer<Image[]>> {
    return this.#ask("albumImages", [request], (agent) => agent.albumImages(request), options);
  }

  /** At most `count` songs that are like this track. */
  similarSongsByTrack(
    request: SongsRequest,
    count: number,
    options?: QuestionOptions,
  ): Promise<FirstAnswer<SongRef[]>> {
    const ask = (agent: MetadataAgent) => agent.similarSongsByTrack(request, count);
    return this.#ask("similarSongsByTrack", [request, count], ask, options);
  }

  /** At most `count` songs that go with this album. */
  similarSongsByAlbum(
    request: SongsRequest,
    count: number,
    options?: QuestionOptions,
  ): Promise<FirstAnswer<SongRef[]>> {
    const ask = (agent: MetadataAgent) => agent.similarSongsByAlbum(request, count);
    return this.#ask("similarSongsByAlbum", [request, count], ask, options);
  }

  /** At most `count` songs that go with this artist. */
  similarSongsByArtist(
    request: ArtistRequest,
    count: number,
    options?: QuestionOptions,
  ): Promise<FirstAnswer<SongRef[]>> {
    const ask = (agent: MetadataAgent) => agent.similarSongsByArtist(request, count);
    return this.#ask("similarSongsByArtist", [request, count], ask, options);
  }

  #ask<T>(
    name: string,
    question: readonly [{ readonly name: string; readonly artist?: string }, ...unknown[]],
    ask: (agent: MetadataAgent) => Promise<Answer<T>>,
    { signal }: QuestionOptions = {},
  ): Promise<FirstAnswer<T>> {
    const [about] = question;
    if (PLACEHOLDERS.has(about.name)) return Promise.resolve({ kind: "not_found", asked: [] });
    return this.#chain.first(
      [name, ...question],
      (guest: GuestCaller, options) => ask(new MetadataAgent(guest, options)),
      signal,
    );
  }
}
