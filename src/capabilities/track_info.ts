import type { ServerTrack } from "../services/mod.ts";
import { withoutEmpty } from "./ask.ts";
import type { PluginScope } from "./guest_caller.ts";

/** What a library calls an artist that it does not know. */
export const UNKNOWN_ARTIST = "[Unknown Artist]";

/** A track as plugins are sent it (`extism-abi.md`, 3.2), with where its file is. */
export interface TrackInfo {
  /** The server's id. */
  readonly id: string;
  /** The title. */
  readonly title: string;
  /** The album's title. */
  readonly album: string;
  /** The artist as it is shown. */
  readonly artist: string;
  /** The album's artist as it is shown. */
  readonly albumArtist: string;
  /** Those in the role `artist`: `name`, `id`, `mbid`. */
  readonly artists: readonly object[];
  /** Those in the role `albumartist`. */
  readonly albumArtists: readonly object[];
  /** Seconds. */
  readonly duration: number;
  /** On its disc, from 1; 0 where it is not known. */
  readonly trackNumber: number;
  /** In its album, from 1; 0 where it is not known. */
  readonly discNumber: number;
  /** MusicBrainz recording. */
  readonly mbzRecordingId?: string;
  /** MusicBrainz release. */
  readonly mbzAlbumId?: string;
  /** MusicBrainz release group. */
  readonly mbzReleaseGroupId?: string;
  /** MusicBrainz track. */
  readonly mbzReleaseTrackId?: string;
  /** The library it belongs to. */
  readonly libraryId?: number;
  /** Relative to the library's folder. */
  readonly path?: string;
}

/** All that a plugin may ever be told of a track; {@link shownTo} takes away what one is not. */
export function trackInfo(track: ServerTrack): TrackInfo {
  return {
    id: track.id,
    title: track.title ?? "",
    album: track.album ?? "",
    artist: track.artist ?? "",
    albumArtist: track.albumArtist ?? "",
    artists: participants(track, "artist"),
    albumArtists: participants(track, "albumartist"),
    duration: Math.fround(track.duration ?? 0),
    trackNumber: track.trackNumber ?? 0,
    discNumber: track.discNumber ?? 0,
    ...withoutEmpty({
      mbzRecordingId: track.mbzRecordingId,
      mbzAlbumId: track.mbzAlbumId,
      mbzReleaseGroupId: track.mbzReleaseGroupId,
      mbzReleaseTrackId: track.mbzReleaseTrackId,
    }),
    libraryId: track.libraryId,
    ...withoutEmpty({ path: track.path }),
  };
}

/** The track without where its file is, unless the plugin has that library's files. */
export function shownTo({ libraries }: PluginScope, info: TrackInfo): TrackInfo {
  const { libraryId, path, ...rest } = info;
  const isShown = libraryId !== undefined && (libraries === "all" || libraries.includes(libraryId));
  return isShown ? { ...rest, libraryId, ...withoutEmpty({ path }) } : rest;
}

/** Whether nobody is told that this was played: nobody could find it. */
export function hasUnknownArtist({ artist }: Pick<TrackInfo, "artist">): boolean {
  return artist === "" || artist === UNKNOWN_ARTIST;
}

function participants({ participants = [] }: ServerTrack, wanted: string): object[] {
  return participants
    .filter(({ role }) => role === wanted)
    .map(({ id, name = "", mbid }) => ({ name, ...withoutEmpty({ id, mbid }) }));
}
