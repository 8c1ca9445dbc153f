/**
 * The interface through which a host offers its music server to plugins.
 *
 * Every part is optional: a plugin that needs a part this host lacks is refused at load, with the
 * sentences of {@link missingServerParts}.
 *
 * @module
 */

import type { Permissions } from "../manifest/mod.ts";
import type { Scrobble, ServerLibrary, ServerTrack, ServerUser, SongQuery } from "./music_types.ts";

/** Kinds of things that have artwork. */
export type ArtworkKind = "artist" | "album" | "track" | "playlist";

/** The answer of the Subsonic API. */
export interface SubsonicResponse {
  /** Its media type. */
  readonly contentType: string;
  /** Its body. */
  readonly data: Uint8Array;
}

/** Which scrobbles of a user, inclusive bounds in Unix seconds. */
export interface ScrobbleRange {
  /** The first moment; `null` for the beginning. */
  readonly from: bigint | null;
  /** The last moment; `null` for the end. */
  readonly to: bigint | null;
}

/** What a host can offer. A part that is not there is not offered. */
export interface MusicServer {
  /** Public addresses of pictures. */
  readonly artwork?: {
    /** A public address of the picture. Whether the thing exists is not checked; `size` 0 is the original size. */
    url(kind: ArtworkKind, id: string, size: number): string | Promise<string>;
  };
  /** The server's own API, as any user. */
  readonly subsonic?: {
    /** Runs a request of the Subsonic API as `username`, with no password. `endpoint` is like `/ping.view`. */
    call(
      username: string,
      endpoint: string,
      query: URLSearchParams,
      signal: AbortSignal,
    ): Promise<SubsonicResponse>;
  };
  /** Who uses the server. */
  readonly users?: {
    /** All users. */
    list(signal: AbortSignal): Promise<readonly ServerUser[]>;
  };
  /** Its music folders. */
  readonly libraries?: {
    /** All libraries. */
    list(signal: AbortSignal): Promise<readonly ServerLibrary[]>;
  };
  /** Finds tracks by their tags. */
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
  /** What users have played. */
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
    /** How many scrobbles of a user are in range. */
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
