/**
 * Finds songs that a plugin knows by their tags in the library. Source: `extism-abi.md` 2.10.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { LibraryScope } from "./library_scope.ts";
import type { MusicServer } from "./music_server.ts";
import type { ArtistRef, ServerTrack, SongQuery } from "./music_types.ts";
import type { Read, songRef, track, Written } from "./music_shapes.ts";
import { ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import type { UserScope } from "./user_scope.ts";

type SongRef = Read<typeof songRef>;

/** What the matcher is made from. */
export interface MatcherOptions {
  readonly libraries: LibraryScope;
  readonly users: UserScope;
  readonly server: MusicServer | undefined;
  readonly maxSongs: number;
}

/** Answers `matcher_matchsongs`. */
export class Matcher implements ServiceMethods<"matcher"> {
  readonly #options: MatcherOptions;

  constructor(options: MatcherOptions) {
    this.#options = options;
  }

  async matchSongs(
    { songs, opts }: {
      readonly songs: readonly SongRef[];
      readonly opts: { readonly username: string };
    },
    signal: AbortSignal,
  ): Promise<{ results: (Written<typeof track> | null)[] }> {
    const { libraries, users, server, maxSongs } = this.#options;
    if (songs.length === 0) return { results: [] };
    if (songs.length > maxSongs) {
      throw new ServiceError(`matcher: ${songs.length} songs exceed maximum of ${maxSongs}`);
    }
    if (libraries.isEmpty) {
      throw new ServiceError("matcher: no libraries configured for this plugin");
    }
    const user = opts.username === ""
      ? undefined
      : await users.resolve("matcher", opts.username, signal);
    let tracks: readonly (ServerTrack | undefined)[];
    try {
      tracks = await server?.matcher?.match(songs.map(queryOf), user?.userName, signal) ?? [];
    } catch (error) {
      throw new ServiceError(errorText(error));
    }
    // By index: a server that answers too little must not shift the rest.
    return { results: songs.map((_, index) => this.#shown(tracks[index], user !== undefined)) };
  }

  #shown(found: ServerTrack | undefined, isScoped: boolean): Written<typeof track> | null {
    const { libraries } = this.#options;
    if (found === undefined || !libraries.includes(found.libraryId)) return null;
    const { path, starred, starredAt, rating, playCount, playDate, ...rest } = found;
    const participants = rest.participants?.toSorted(byRole);
    return {
      ...rest,
      participants,
      ...(libraries.showsPaths && { path }),
      ...(isScoped && { starred, starredAt, rating, playCount, playDate }),
    };
  }
}

/** Roles come in alphabetical order, who has one of them in the server's. */
function byRole({ role: a = "" }: ArtistRef, { role: b = "" }: ArtistRef): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `artists` wins over the single artist, milliseconds over seconds. */
function queryOf(song: SongRef): SongQuery {
  const single = song.artist !== "" || song.artistMbid !== ""
    ? [{ name: song.artist, mbid: song.artistMbid }]
    : [];
  const durationMs = song.durationMs === null || song.durationMs === 0n
    ? song.duration * 1000
    : Number(song.durationMs);
  return {
    id: song.id,
    title: song.name,
    mbid: song.mbid,
    isrc: song.isrc,
    artists: song.artists.length > 0 ? song.artists : single,
    album: song.album,
    albumMbid: song.albumMbid,
    durationMs: Math.max(0, Math.round(durationMs)),
  };
}
