/**
 * Any music server that speaks the Subsonic API, as a `MusicServer`.
 *
 * It offers users, libraries, song matching and the Subsonic API itself. It offers no scrobble history,
 * which that API does not have, and artwork only where the configuration tells how public addresses are
 * made: those of the API carry credentials.
 *
 * @module
 */

import { matchSong } from "./match_song.ts";
import type { ArtworkKind, MusicServer } from "./music_server.ts";
import type { ServerLibrary, ServerTrack, ServerUser, SongQuery } from "./music_types.ts";
import {
  field,
  type JsonObject,
  objects,
  SubsonicClient,
  type SubsonicClientOptions,
} from "./subsonic_client.ts";
import { trackOf } from "./subsonic_song.ts";

/** What the music server is made from. */
export interface SubsonicMusicServerOptions extends SubsonicClientOptions {
  /**
   * Users that are asked about one by one, as themselves, beside those whose credentials are there: a server may
   * tell its list of users to nobody (Navidrome names the account that asks, and no other).
   */
  readonly usernames?: readonly string[];
  /** A public address of a picture, without credentials. */
  readonly artworkUrl?: (kind: ArtworkKind, id: string, size: number) => string;
}

/** Songs asked about at the same time. */
const PARALLEL = 4;
const CANDIDATES = "20";
/** How long users and folders are taken as they were. */
const FRESH_MS = 30_000;

/** A music server behind its Subsonic API. Nothing is asked of it before a plugin asks. */
export function subsonicMusicServer(options: SubsonicMusicServerOptions): MusicServer {
  const client = new SubsonicClient(options);
  const { artworkUrl, usernames = [], userCredentials } = options;
  const known = [...userCredentials?.keys() ?? [], ...usernames];
  const users = remembered((signal) => listUsers(client, known, signal));
  const libraries = remembered((signal) => listLibraries(client, signal));
  return {
    ...(artworkUrl && { artwork: { url: artworkUrl } }),
    users: { list: users },
    libraries: { list: libraries },
    subsonic: {
      call: (username, endpoint, query, signal) => client.send(username, endpoint, query, signal),
    },
    matcher: {
      async match(songs, username, signal) {
        const as = username ?? client.username;
        // Another account may see fewer folders, and its search in one that it does not see is an error.
        const folders = username === undefined
          ? await libraries(signal)
          : await listLibraries(client, signal, username);
        const results: (ServerTrack | undefined)[] = [];
        const rest = [...songs.entries()];
        const work = async (): Promise<void> => {
          for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
            const [index, song] = next;
            results[index] = await findSong(client, song, folders, as, signal);
          }
        };
        await Promise.all(Array.from({ length: PARALLEL }, work));
        return songs.map((_, index) => results[index]);
      },
    },
  };
}

/** The last answer while it is fresh: every call of a plugin on behalf of a user looks at the users. */
function remembered<T>(
  ask: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let last: { readonly answer: T; readonly at: number } | undefined;
  return async (signal) => {
    if (last !== undefined && performance.now() - last.at < FRESH_MS) return last.answer;
    const answer = await ask(signal);
    last = { answer, at: performance.now() };
    return answer;
  };
}

/** All users where the service account may see them, itself alone otherwise; and those that are known by name. */
async function listUsers(
  client: SubsonicClient,
  known: readonly string[],
  signal: AbortSignal,
): Promise<ServerUser[]> {
  const own = await client.ask("getUser", { username: client.username }, signal);
  const isAdmin = field(own["user"], "adminRole") === true;
  const listed = isAdmin
    ? objects(field((await client.ask("getUsers", {}, signal))["users"], "user"))
    : objects(own["user"]);
  const users = listed.flatMap(userOf);
  for (const username of known) {
    if (users.some(({ userName }) => isSame(userName, username))) continue;
    users.push(...await itself(client, username, signal));
  }
  return users;
}

/** A user as the server knows them; nobody where it does not, or does not let them in. */
async function itself(
  client: SubsonicClient,
  username: string,
  signal: AbortSignal,
): Promise<ServerUser[]> {
  try {
    const answer = await client.ask("getUser", { username }, signal, username);
    return objects(answer["user"]).flatMap(userOf).filter((user) =>
      isSame(user.userName, username)
    );
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

function userOf({ username, adminRole }: JsonObject): ServerUser[] {
  return typeof username === "string"
    ? [{ userName: username, name: username, isAdmin: adminRole === true }]
    : [];
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

async function listLibraries(
  client: SubsonicClient,
  signal: AbortSignal,
  username: string = client.username,
): Promise<ServerLibrary[]> {
  const answer = await client.ask("getMusicFolders", {}, signal, username);
  return objects(field(answer["musicFolders"], "musicFolder")).flatMap(({ id, name }) => {
    const number = Number(id);
    return Number.isInteger(number) ? [{ id: number, name: String(name ?? "") }] : [];
  });
}

/**
 * Looks for a song in each folder, since an answer does not say which folder it comes from. A server that
 * ignores the folder finds one song in several: then nobody knows whether the plugin may see it, and it
 * counts as not found.
 */
async function findSong(
  client: SubsonicClient,
  song: SongQuery,
  folders: readonly ServerLibrary[],
  username: string,
  signal: AbortSignal,
): Promise<ServerTrack | undefined> {
  const query = await queryOf(client, song, username, signal);
  if (query === "") return undefined;
  const found = new Map<string, ServerTrack[]>();
  for (const { id: libraryId } of folders) {
    const answer = await client.ask(
      "search3",
      {
        query,
        songCount: CANDIDATES,
        artistCount: "0",
        albumCount: "0",
        musicFolderId: String(libraryId),
      },
      signal,
      username,
    );
    for (const entry of objects(field(answer["searchResult3"], "song"))) {
      const track = trackOf(entry, libraryId);
      if (track !== undefined) found.set(track.id, [...found.get(track.id) ?? [], track]);
    }
  }
  const certain = [...found.values()].flatMap((tracks) => tracks.length === 1 ? tracks : []);
  return matchSong(song, certain);
}

/** What to search for: the title, which for a song known by its id alone the server has to tell. */
async function queryOf(
  client: SubsonicClient,
  song: SongQuery,
  username: string,
  signal: AbortSignal,
): Promise<string> {
  if (song.title !== "" || song.id === "") return song.title.slice(0, 200);
  try {
    const answer = await client.ask("getSong", { id: song.id }, signal, username);
    return String(field(answer["song"], "title") ?? "").slice(0, 200);
  } catch {
    // An id of another server, most likely.
    signal.throwIfAborted();
    return "";
  }
}
