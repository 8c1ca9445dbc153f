/**
 * The interface through which a host offers its music server to plugins.
 *
 * Every part is optional: a plugin that needs a part this host lacks is refused at load, with the
 * sentences of {@link missingServerParts}.
 *
 * @module
 */

import type { Permissions } from "../manifest/mod.ts";
import type { artistRef, library, track, Written } from "./music_shapes.ts";

/** Kinds of things that have artwork. */
export type ArtworkKind = "artist" | "album" | "track" | "playlist";

/** A user of the music server. */
export interface ServerUser {
  readonly userName: string;
  readonly name: string;
  readonly isAdmin: boolean;
}

/** A library (music folder) of the music server. */
export type ServerLibrary = Omit<Written<typeof library>, "id" | "mountPoint"> & {
  readonly id: number;
};

/** A track as plugins see it. */
export type Track = Written<typeof track>;
/** A track of the server's answers; the id and its library decide whether a plugin may see it. */
export type ServerTrack = Track & { readonly id: string; readonly libraryId: number };
/** An artist of a song that is looked for. */
export type ArtistRef = Written<typeof artistRef>;

/** A song a plugin looks for. Texts are empty where it does not know them. */
export interface SongQuery {
  readonly id: string;
  readonly title: string;
  /** MusicBrainz recording. */
  readonly mbid: string;
  readonly isrc: string;
  readonly artists: readonly ArtistRef[];
  readonly album: string;
  readonly albumMbid: string;
  /** 0 where unknown. */
  readonly durationMs: number;
}

/** A play that was recorded. */
export interface Scrobble {
  readonly id: bigint;
  readonly mediaFileId: string;
  /** Unix seconds. */
  readonly submissionTime: bigint;
}

/** The answer of the Subsonic API. */
export interface SubsonicResponse {
  readonly contentType: string;
  readonly data: Uint8Array;
}

/** Which scrobbles of a user, inclusive bounds in Unix seconds. */
export interface ScrobbleRange {
  readonly from: bigint | null;
  readonly to: bigint | null;
}

/** What a host can offer. A part that is not there is not offered. */
export interface MusicServer {
  readonly artwork?: {
    /** A public address of the picture. Whether the thing exists is not checked; `size` 0 is the original size. */
    url(kind: ArtworkKind, id: string, size: number): string | Promise<string>;
  };
  readonly subsonic?: {
    /** Runs a request of the Subsonic API as `username`, with no password. `endpoint` is like `/ping.view`. */
    call(
      username: string,
      endpoint: string,
      query: URLSearchParams,
      signal: AbortSignal,
    ): Promise<SubsonicResponse>;
  };
  readonly users?: {
    list(signal: AbortSignal): Promise<readonly ServerUser[]>;
  };
  readonly libraries?: {
    list(signal: AbortSignal): Promise<readonly ServerLibrary[]>;
  };
  readonly matcher?: {
    /**
     * The track for each song, `undefined` where none matches. With a user name: what that user may see,
     * with that user's annotations; without: what an administrator sees, with none.
     */
    match(
      songs: readonly SongQuery[],
      username: string | undefined,
      signal: AbortSignal,
    ): Promise<readonly (ServerTrack | undefined)[]>;
  };
  readonly scrobbles?: {
    /**
     * A user's scrobbles in range, by submission time, then id, both in the wanted direction.
     * @param limit At most so many, after leaving out the first `offset`.
     */
    list(
      username: string,
      range: ScrobbleRange,
      descending: boolean,
      offset: number,
      limit: number,
      signal: AbortSignal,
    ): Promise<readonly Scrobble[]>;
    count(username: string, range: ScrobbleRange, signal: AbortSignal): Promise<number>;
  };
}

/** The parts that a permission needs. `users` alone is needed to tell who may be acted for. */
const NEEDS = {
  artwork: ["artwork"],
  library: ["libraries"],
  matcher: ["matcher", "users"],
  scrobbleRetriever: ["scrobbles", "users"],
  subsonicapi: ["subsonic", "users"],
  users: ["users"],
} as const satisfies { readonly [P in keyof Permissions]: readonly (keyof MusicServer)[] };

const PART_NAMES: { readonly [P in keyof MusicServer]-?: string } = {
  artwork: "artwork addresses",
  subsonic: "a Subsonic API",
  users: "a list of users",
  libraries: "a list of libraries",
  matcher: "song matching",
  scrobbles: "scrobble history",
};

/** One sentence for each part that the permissions need and the server lacks; empty when all is there. */
export function missingServerParts(
  permissions: Permissions,
  server: MusicServer | undefined,
): string[] {
  return Object.entries(NEEDS).flatMap(([permission, parts]) =>
    Object.hasOwn(permissions, permission)
      ? parts.filter((part) => server?.[part] === undefined).map((part) =>
        `Cannot grant "${permission}": it needs ${
          PART_NAMES[part]
        }, which this music server does not offer`
      )
      : []
  );
}
