/**
 * Songs of the Subsonic API (`Child`, with the fields of OpenSubsonic) as tracks of the host services.
 *
 * Servers differ in what they send: a value of an unexpected type counts as missing.
 *
 * @module
 */

import type { ArtistRef, ServerTrack } from "./music_types.ts";
import { field, type JsonObject, objects } from "./subsonic_client.ts";

/** The track of a song that was found in this library; `undefined` for one without an id. */
export function trackOf(song: JsonObject, libraryId: number): ServerTrack | undefined {
  const id = text(song["id"]) ?? "";
  if (id === "") return undefined;
  const gain = song["replayGain"];
  const isrc = (Array.isArray(song["isrc"]) ? song["isrc"] : [song["isrc"]]).filter(isText);
  const genres = objects(song["genres"]).map(({ name }) => text(name) ?? "").filter(Boolean);
  return defined({
    id,
    libraryId,
    path: text(song["path"]),
    title: text(song["title"]),
    album: text(song["album"]),
    artist: text(song["displayArtist"]) ?? text(song["artist"]),
    albumArtist: text(song["displayAlbumArtist"]),
    albumId: text(song["albumId"]),
    sortTitle: text(song["sortName"]),
    trackNumber: integer(song["track"]),
    discNumber: integer(song["discNumber"]),
    year: integer(song["year"]),
    size: whole(song["size"]),
    suffix: text(song["suffix"]),
    duration: number(song["duration"]),
    bitRate: integer(song["bitRate"]),
    sampleRate: integer(song["samplingRate"]),
    bitDepth: integer(song["bitDepth"]) || undefined,
    channels: integer(song["channelCount"]),
    genres: genres.length > 0 ? genres : [text(song["genre"]) ?? ""].filter(Boolean),
    comment: text(song["comment"]),
    // 0 is what servers send for a number they do not know.
    bpm: integer(song["bpm"]) || undefined,
    explicitStatus: text(song["explicitStatus"]),
    hasCoverArt: text(song["coverArt"]) !== undefined,
    mbzRecordingId: text(song["musicBrainzId"]),
    rgAlbumGain: number(field(gain, "albumGain")),
    rgAlbumPeak: number(field(gain, "albumPeak")),
    rgTrackGain: number(field(gain, "trackGain")),
    rgTrackPeak: number(field(gain, "trackPeak")),
    createdAt: seconds(song["created"]),
    averageRating: number(song["averageRating"]),
    starred: seconds(song["starred"]) !== undefined,
    starredAt: seconds(song["starred"]),
    rating: integer(song["userRating"]),
    playCount: whole(song["playCount"]),
    playDate: seconds(song["played"]),
    tags: isrc.length > 0 ? new Map([["isrc", isrc]]) : undefined,
    participants: [
      ...participants(song["albumArtists"], "albumartist"),
      ...participants(song["artists"], "artist"),
      ...objects(song["contributors"]).flatMap(({ artist, role, subRole }) =>
        participants(artist, text(role) ?? "", text(subRole))
      ),
    ],
  });
}

/** Artists of one role. */
function participants(artists: unknown, role: string, subRole?: string): ArtistRef[] {
  return objects(artists).map((artist) => ({
    id: text(artist["id"]),
    name: text(artist["name"]) ?? "",
    role,
    subRole,
  }));
}

/** The same without members that are undefined. */
function defined<T extends object>(value: T): T {
  // Only members that say nothing are left out: the type holds as it did.
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return isText(value) && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A 32-bit integer. */
function integer(value: unknown): number | undefined {
  const found = number(value);
  return found !== undefined && (Math.trunc(found) | 0) === Math.trunc(found)
    ? Math.trunc(found)
    : undefined;
}

function whole(value: unknown): bigint | undefined {
  return Number.isSafeInteger(value) ? BigInt(Number(value)) : undefined;
}

/** Unix seconds of an ISO 8601 time. */
function seconds(value: unknown): bigint | undefined {
  const ms = isText(value) ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : BigInt(Math.floor(ms / 1000));
}
