/**
 * A small music server in memory, for tests and for the development of plugins.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { matchSong } from "./match_song.ts";
import type { ArtworkKind, MusicServer, ScrobbleRange, SubsonicResponse } from "./music_server.ts";
import type { Scrobble, ServerTrack } from "./music_types.ts";
import { library, track, user } from "./music_shapes.ts";
import { bool, int32, int64, list, nullable, object, readShape, string } from "./shape.ts";

/** What one user has noted about a track. */
const annotation = object({
  userName: string,
  trackId: string,
  starred: bool,
  starredAt: nullable(int64),
  rating: int32,
  playCount: int64,
  playDate: nullable(int64),
});

const LIBRARY = {
  /** Where artwork addresses begin; `http://localhost` where there is none. */
  baseUrl: string,
  users: list(user),
  libraries: list(library),
  tracks: list(track),
  annotations: list(annotation),
  scrobbles: list(object({ userName: string, mediaFileId: string, submissionTime: int64 })),
};

/**
 * A library as a TOML or JSON file describes it, parsed: `baseUrl`, `users` (`userName`, `name`,
 * `isAdmin`), `libraries`, `tracks` (fields as `matcher_matchsongs` answers them), `annotations`
 * (`userName`, `trackId`, `starred`, `rating`, …) and `scrobbles` (`userName`, `mediaFileId`,
 * `submissionTime`). All of it is optional.
 */
export type MemoryLibrary = { readonly [key: string]: unknown };

const PREFIXES: { readonly [kind in ArtworkKind]: string } = {
  artist: "ar",
  album: "al",
  track: "mf",
  playlist: "pl",
};

/** The smallest PNG there is: one transparent pixel. */
const PIXEL = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);

/**
 * A music server of a described library. It offers every part.
 *
 * @throws {Error} for a description with a field of a wrong type, naming the field.
 *
 * @example
 * ```ts
 * import { memoryMusicServer } from "@soundproof/host";
 *
 * const server = memoryMusicServer({ users: [{ userName: "ann", name: "Ann", isAdmin: true }] });
 * const users = await server.users?.list(new AbortController().signal);
 * if (users?.[0]?.userName !== "ann") throw new Error("nobody is there");
 * ```
 */
export function memoryMusicServer(description: MemoryLibrary = {}): MusicServer {
  const { baseUrl, users, libraries, tracks, annotations, scrobbles } = readShape(
    LIBRARY,
    description,
    "",
  );
  const secret = randomBytes(32);
  const plays = scrobbles.map(({ userName, ...rest }, index) => ({
    userName: userName.toLowerCase(),
    play: { ...rest, id: BigInt(index + 1) },
  }));
  const playsOf = (username: string, range: ScrobbleRange): Scrobble[] =>
    plays
      .filter(({ userName, play }) =>
        userName === username.toLowerCase() &&
        (range.from === null || play.submissionTime >= range.from) &&
        (range.to === null || play.submissionTime <= range.to)
      )
      .map(({ play }) => play);

  return {
    artwork: {
      url: (kind, id, size) =>
        `${baseUrl || "http://localhost"}/share/img/${artworkToken(secret, kind, id)}${
          size > 0 ? `?size=${size}` : ""
        }`,
    },
    users: { list: () => Promise.resolve(users) },
    libraries: {
      list: () =>
        Promise.resolve(libraries.map(({ lastScanAt, ...rest }) => ({
          ...rest,
          ...(lastScanAt !== 0n && { lastScanAt }),
        }))),
    },
    matcher: {
      match: (songs, username) =>
        Promise.resolve(songs.map((song) => {
          const found = matchSong(song, tracks);
          if (found === undefined || username === undefined) return found;
          const noted = annotations.find((note) =>
            note.trackId === found.id && note.userName.toLowerCase() === username.toLowerCase()
          );
          if (noted === undefined) return found;
          const { starred, starredAt, rating, playCount, playDate } = noted;
          return { ...found, starred, starredAt, rating, playCount, playDate };
        })),
    },
    scrobbles: {
      list(username, range, descending, offset, limit) {
        const sign = descending ? -1 : 1;
        const sorted = playsOf(username, range).sort((a, b) =>
          sign * (compare(a.submissionTime, b.submissionTime) || compare(a.id, b.id))
        );
        return Promise.resolve(sorted.slice(offset, offset + limit));
      },
      count: (username, range) => Promise.resolve(playsOf(username, range).length),
    },
    subsonic: {
      call: (_username, endpoint, query) =>
        Promise.resolve(answerSubsonic(endpoint, query, {
          musicFolders: { musicFolder: libraries.map(({ id, name }) => ({ id, name })) },
          songs: tracks,
        })),
    },
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A signed token as Navidrome's: claim `id` is the kind's prefix and the id; an empty id has no claim. */
function artworkToken(secret: Uint8Array, kind: ArtworkKind, id: string): string {
  const part = (value: object): string =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
  const claims = { iss: "ND", ...(id !== "" && { id: `${PREFIXES[kind]}-${id}` }) };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** `ping`, `getMusicFolders`, `getSong` and `getCoverArt`; anything else is Subsonic's error 70. */
function answerSubsonic(
  endpoint: string,
  query: URLSearchParams,
  library: { readonly musicFolders: object; readonly songs: readonly ServerTrack[] },
): SubsonicResponse {
  const name = endpoint.replace(/^\//, "").replace(/\.view$/, "");
  if (name === "getCoverArt") return { contentType: "image/png", data: PIXEL };
  const song = library.songs.find(({ id }) => id === query.get("id"));
  let answer: object | undefined;
  if (name === "ping") answer = {};
  if (name === "getMusicFolders") answer = { musicFolders: library.musicFolders };
  if (name === "getSong" && song !== undefined) {
    const { id, title, album, artist } = song;
    answer = { song: { id, title, album, artist, isDir: false } };
  }
  const failure = { error: { code: 70, message: "not found" } };
  const status = answer === undefined ? "failed" : "ok";
  const envelope = { status, version: "1.16.1", type: "soundproof", ...(answer ?? failure) };
  const text = query.get("f") === "json"
    ? JSON.stringify({ "subsonic-response": envelope })
    : `<subsonic-response xmlns="http://subsonic.org/restapi" status="${status}" version="1.16.1"/>`;
  return {
    contentType: query.get("f") === "json" ? "application/json" : "application/xml",
    data: new TextEncoder().encode(text),
  };
}
