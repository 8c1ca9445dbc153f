/**
 * The shapes of music that several host functions share: tracks, artists, songs to match, scrobbles.
 *
 * @module
 */

import {
  always,
  bool,
  type Field,
  float64,
  int32,
  int64,
  list,
  map,
  nullable,
  object,
  string,
} from "./shape.ts";

const strings = list(string);

/** An artist as part of a song; `extism-abi.md` 3.2. */
export const artistRef = object({
  name: always(string),
  id: string,
  mbid: string,
  sortName: string,
  role: string,
  subRole: string,
});

/** A song that a plugin knows by its tags, to be found in the library; `extism-abi.md` 3.2. */
export const songRef = object({
  id: string,
  name: always(string),
  mbid: string,
  isrc: string,
  artist: string,
  artistMbid: string,
  artists: list(artistRef),
  album: string,
  albumMbid: string,
  duration: float64,
  durationMs: nullable(int64),
});

/** A track of the library, whole; `extism-abi.md` 2.10. Times are Unix seconds, durations seconds. */
export const track = object({
  id: always(string),
  libraryId: always(int32),
  libraryName: string,
  path: string,
  missing: always(bool),
  title: always(string),
  album: always(string),
  artist: always(string),
  albumArtist: string,
  albumId: string,
  sortTitle: string,
  sortAlbumName: string,
  sortArtistName: string,
  trackNumber: always(int32),
  discNumber: always(int32),
  discSubtitle: string,
  year: always(int32),
  date: string,
  originalYear: always(int32),
  originalDate: string,
  releaseYear: always(int32),
  releaseDate: string,
  size: always(int64),
  suffix: string,
  duration: always(float64),
  bitRate: always(int32),
  sampleRate: always(int32),
  bitDepth: nullable(int32),
  channels: always(int32),
  codec: string,
  genres: strings,
  comment: string,
  bpm: nullable(int32),
  explicitStatus: string,
  catalogNum: string,
  compilation: always(bool),
  hasCoverArt: always(bool),
  mbzRecordingId: string,
  mbzReleaseTrackId: string,
  mbzAlbumId: string,
  mbzReleaseGroupId: string,
  mbzAlbumType: string,
  mbzAlbumComment: string,
  rgAlbumGain: nullable(float64),
  rgAlbumPeak: nullable(float64),
  rgTrackGain: nullable(float64),
  rgTrackPeak: nullable(float64),
  birthTime: always(int64),
  createdAt: always(int64),
  updatedAt: always(int64),
  averageRating: always(float64),
  starred: bool,
  starredAt: nullable(int64),
  rating: int32,
  playCount: int64,
  playDate: nullable(int64),
  tags: map(strings),
  participants: list(artistRef),
});

/** A library of the music server; `extism-abi.md` 2.9. */
export const library = object({
  id: always(int32),
  name: always(string),
  path: string,
  mountPoint: string,
  lastScanAt: always(int64),
  totalSongs: always(int32),
  totalAlbums: always(int32),
  totalArtists: always(int32),
  totalSize: always(int64),
  totalDuration: always(float64),
});

/** A user as plugins see one; `extism-abi.md` 2.12. */
export const user = object({
  userName: always(string),
  name: always(string),
  isAdmin: always(bool),
});

/** A play that was recorded; `extism-abi.md` 2.15. */
export const scrobble = object({
  id: always(int64),
  mediaFileId: always(string),
  submissionTime: always(int64),
});

/** Which scrobbles, and in which order; `extism-abi.md` 2.15. */
export const scrobbleOptions = object({
  fromTimestamp: nullable(int64),
  toTimestamp: nullable(int64),
  descending: always(bool),
  maxItems: always(int64),
  offset: int64,
});

/** The value that a field decodes to. */
export type Read<F> = F extends Field<infer T, never> ? T : never;
/** The value that a field writes. */
export type Written<F> = F extends Field<unknown, infer W> ? W : never;
