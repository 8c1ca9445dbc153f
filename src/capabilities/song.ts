import type { ServerTrack } from "../services/mod.ts";
import { type Fields, withoutEmpty } from "./ask.ts";

/** An artist as an agent names one. */
export interface ArtistRef {
  /** The server's id; empty where the agent does not know it. */
  readonly id: string;
  /** The artist's name. */
  readonly name: string;
  /** MusicBrainz id; empty where it is not known. */
  readonly mbid: string;
}

/** A song as an agent names one; for the server to find in its library. */
export interface SongRef {
  /** The server's id; empty where the agent does not know it. */
  readonly id: string;
  /** The song's title. */
  readonly name: string;
  /** MusicBrainz id of the recording; empty where it is not known. */
  readonly mbid: string;
  /** ISRC; empty where it is not known. */
  readonly isrc: string;
  /** Who plays. */
  readonly artists: readonly ArtistRef[];
  /** The album's title; empty where it is not known. */
  readonly album: string;
  /** MusicBrainz id of the album; empty where it is not known. */
  readonly albumMbid: string;
  /** Length in milliseconds; 0 where it is not known. */
  readonly durationMs: number;
}

/** Reads an artist that a plugin named. */
export function artistRef(fields: Fields): ArtistRef {
  return { id: fields.text("id"), name: fields.text("name"), mbid: fields.text("mbid") };
}

/** Reads a song that a plugin named. */
export function songRef(fields: Fields): SongRef {
  // The list wins over the deprecated single artist, which becomes a list of one (extism-abi.md, 2.10).
  const listed = fields.list("artists", artistRef);
  const single = { id: "", name: fields.text("artist"), mbid: fields.text("artistMbid") };
  const hasSingle = single.name !== "" || single.mbid !== "";
  const seconds = fields.number("duration") ?? 0;
  return {
    id: fields.text("id"),
    name: fields.text("name"),
    mbid: fields.text("mbid"),
    isrc: fields.text("isrc"),
    artists: listed.length > 0 ? listed : hasSingle ? [single] : [],
    album: fields.text("album"),
    albumMbid: fields.text("albumMbid"),
    durationMs: Math.max(0, fields.number("durationMs") || Math.round(seconds * 1000)),
  };
}

/** A track of the library as a plugin is sent it as a `SongRef` (`extism-abi.md`, 3.2 and 3.6). */
export function songOf(track: ServerTrack): object {
  const artists = (track.participants ?? []).filter(({ role }) => role === "artist");
  const seconds = track.duration ?? 0;
  return {
    ...withoutEmpty({
      id: track.id,
      mbid: track.mbzRecordingId,
      isrc: track.tags?.get("isrc")?.[0],
      artist: track.artist,
      artistMbid: artists[0]?.mbid,
      album: track.album,
      albumMbid: track.mbzAlbumId,
    }),
    name: track.title ?? "",
    ...(artists.length > 0 && {
      artists: artists.map(({ id, name = "", mbid, sortName }) => ({
        name,
        ...withoutEmpty({ id, mbid, sortName }),
        role: "artist",
      })),
    }),
    ...(seconds !== 0 && { duration: Math.fround(seconds) }),
    ...(seconds > 0 && { durationMs: Math.round(seconds * 1000) }),
  };
}
