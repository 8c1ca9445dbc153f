import type { ServerTrack } from "../services/mod.ts";
import { ask } from "./ask.ts";
import type { Answer, CallOptions, GuestCaller } from "./guest_caller.ts";
import { songOf, type SongRef, songRef } from "./song.ts";

/** A song that sounds like another. */
export interface SonicMatch {
  /** The song; for the server to find in its library. */
  readonly song: SongRef;
  /** How alike they are, as the plugin measures it. */
  readonly similarity: number;
}

/** Asks a plugin which songs sound alike (`extism-abi.md`, 3.6). No method rejects. */
export class SonicSimilarity {
  readonly #guest: GuestCaller;
  readonly #options: CallOptions;

  /** Wraps a plugin; `options` hold for every call. */
  constructor(guest: GuestCaller, options: CallOptions = {}) {
    this.#guest = guest;
    this.#options = options;
  }

  /** At most `count` songs that sound like this track. */
  similarTracks(track: ServerTrack, count: number): Promise<Answer<SonicMatch[]>> {
    return this.#matches("nd_get_sonic_similar_tracks", { song: songOf(track), count });
  }

  /** At most `count` songs that lead from one track to another, each sounding like the one before. */
  path(from: ServerTrack, to: ServerTrack, count: number): Promise<Answer<SonicMatch[]>> {
    const request = { startSong: songOf(from), endSong: songOf(to), count };
    return this.#matches("nd_find_sonic_path", request);
  }

  #matches(name: string, request: object): Promise<Answer<SonicMatch[]>> {
    return ask(this.#guest, name, request, (answer) => {
      const matches = answer.list("matches", (match) => ({
        song: match.object("song", songRef),
        similarity: match.number("similarity") ?? 0,
      }));
      return matches.length === 0 ? undefined : matches;
    }, this.#options);
  }
}
