/**
 * Which of some tracks is the song that a plugin looks for: by id, by MusicBrainz recording, by ISRC,
 * then by title and artist as people write them. Source: the order of `extism-abi.md` 2.10.
 *
 * @module
 */

import type { ServerTrack, SongQuery } from "./music_types.ts";

/** How far two durations of one recording may lie apart. */
const DURATION_TOLERANCE_MS = 3_000;

/** A text as it is compared: no case, no accents, no punctuation, no `(feat. …)` or `- Remastered`. */
export function normalizeTitle(text: string): string {
  return text
    // Longer ones are no titles, and the patterns below take their time with them.
    .slice(0, 500)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/\s*[([](?:feat|ft|with|remaster)[^)\]]*[)\]]/g, "")
    .replace(/\s+-\s+(?:\d{4}\s+)?remaster.*$/, "")
    .replace(/\s+(?:feat|ft)\.?\s.*$/, "")
    .replace(/&/g, " and ")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** The best of the candidates, `undefined` where none is the song. */
export function matchSong(
  song: SongQuery,
  candidates: readonly ServerTrack[],
): ServerTrack | undefined {
  const title = normalizeTitle(song.title);
  return (song.id === "" ? undefined : candidates.find(({ id }) => id === song.id)) ??
    closest(song, song.mbid, candidates, (track) => track.mbzRecordingId === song.mbid) ??
    closest(song, song.isrc, candidates, (track) => isrcsOf(track).includes(song.isrc)) ??
    closest(
      song,
      title,
      candidates,
      (track) => normalizeTitle(track.title ?? "") === title && isByArtists(song, track),
    );
}

/** ISRCs of a track, from its tags. */
export function isrcsOf(track: ServerTrack): readonly string[] {
  return track.tags?.get("isrc") ?? [];
}

/** Of the tracks that pass, the one whose album and duration fit best; none when there is nothing to look for. */
function closest(
  song: SongQuery,
  wanted: string,
  candidates: readonly ServerTrack[],
  passes: (track: ServerTrack) => boolean,
): ServerTrack | undefined {
  if (wanted === "") return undefined;
  const rated = candidates.filter(passes).map((track) => ({ track, rank: rankOf(song, track) }));
  return rated.sort((a, b) => b.rank - a.rank)[0]?.track;
}

function rankOf(song: SongQuery, track: ServerTrack): number {
  const sameAlbumMbid = song.albumMbid !== "" && track.mbzAlbumId === song.albumMbid;
  const sameAlbum = song.album !== "" &&
    normalizeTitle(track.album ?? "") === normalizeTitle(song.album);
  const apartMs = Math.abs((track.duration ?? 0) * 1000 - song.durationMs);
  const sameLength = song.durationMs > 0 && apartMs <= DURATION_TOLERANCE_MS;
  return (sameAlbumMbid ? 4 : 0) + (sameAlbum ? 2 : 0) + (sameLength ? 1 : 0);
}

/** A song without artists fits every track of its title. */
function isByArtists(song: SongQuery, track: ServerTrack): boolean {
  const wanted = song.artists.map(({ name }) => normalizeTitle(name ?? "")).filter(Boolean);
  if (wanted.length === 0) return true;
  const names = [track.artist, track.albumArtist, ...(track.participants ?? []).map((a) => a.name)]
    .map((name) => normalizeTitle(name ?? ""));
  return wanted.some((name) => names.some((other) => other === name || words(other).has(name)));
}

/** The single artists of a joined name: `A and B`. */
function words(artist: string): ReadonlySet<string> {
  return new Set(artist.split(/ and | x | vs /));
}
