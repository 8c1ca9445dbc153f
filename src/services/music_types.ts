/**
 * Music as a host tells it to plugins. Source: `extism-abi.md` 2.9 to 2.15 and 3.2.
 *
 * Whatever is missing is left out of the answer, or sent as zero where plugins rely on it being there.
 *
 * @module
 */

/** An artist as part of a song. */
export interface ArtistRef {
  /** As it is shown. */
  readonly name?: string | undefined;
  /** The server's id. */
  readonly id?: string | undefined;
  /** MusicBrainz artist. */
  readonly mbid?: string | undefined;
  /** As it is sorted. */
  readonly sortName?: string | undefined;
  /** Such as `artist`, `albumartist`, `composer`. */
  readonly role?: string | undefined;
  /** Such as an instrument. */
  readonly subRole?: string | undefined;
}

/** A user of the music server. */
export interface ServerUser {
  /** The name to log in with; equal in any letter case. */
  readonly userName: string;
  /** As it is shown. */
  readonly name: string;
  /** Whether the user is an administrator of the server. */
  readonly isAdmin: boolean;
}

/** A library (music folder) of the music server. */
export interface ServerLibrary {
  /** The server's id. */
  readonly id: number;
  /** As it is shown. */
  readonly name?: string | undefined;
  /** Its folder on the host; shown to plugins with access to the files only. */
  readonly path?: string | undefined;
  /** Unix seconds; absent when it was never scanned. */
  readonly lastScanAt?: bigint | undefined;
  /** How many songs it has. */
  readonly totalSongs?: number | undefined;
  /** How many albums it has. */
  readonly totalAlbums?: number | undefined;
  /** How many artists it has. */
  readonly totalArtists?: number | undefined;
  /** Bytes of all its songs. */
  readonly totalSize?: bigint | undefined;
  /** Seconds of all its songs. */
  readonly totalDuration?: number | undefined;
}

/** A play that was recorded. */
export interface Scrobble {
  /** Grows from one play to the next. */
  readonly id: bigint;
  /** The track that was played. */
  readonly mediaFileId: string;
  /** Unix seconds. */
  readonly submissionTime: bigint;
}

/** A song a plugin looks for. Texts are empty where it does not know them. */
export interface SongQuery {
  /** The server's id. */
  readonly id: string;
  /** The title. */
  readonly title: string;
  /** MusicBrainz recording. */
  readonly mbid: string;
  /** International Standard Recording Code. */
  readonly isrc: string;
  /** Who plays; empty where unknown. */
  readonly artists: readonly ArtistRef[];
  /** The album's title. */
  readonly album: string;
  /** MusicBrainz release. */
  readonly albumMbid: string;
  /** 0 where unknown. */
  readonly durationMs: number;
}

/** A track of the music server; its id and library decide whether a plugin may see it. */
export interface ServerTrack {
  /** The server's id. */
  readonly id: string;
  /** The library it belongs to. */
  readonly libraryId: number;
  /** That library's name. */
  readonly libraryName?: string | undefined;
  /** Relative to the library's folder; shown to plugins with access to the files only. */
  readonly path?: string | undefined;
  /** Whether its file is gone. */
  readonly missing?: boolean | undefined;
  /** The title. */
  readonly title?: string | undefined;
  /** The album's title. */
  readonly album?: string | undefined;
  /** The artist as it is shown. */
  readonly artist?: string | undefined;
  /** The album's artist as it is shown. */
  readonly albumArtist?: string | undefined;
  /** The album's id. */
  readonly albumId?: string | undefined;
  /** The title as it is sorted. */
  readonly sortTitle?: string | undefined;
  /** The album's title as it is sorted. */
  readonly sortAlbumName?: string | undefined;
  /** The artist as it is sorted. */
  readonly sortArtistName?: string | undefined;
  /** On its disc, from 1. */
  readonly trackNumber?: number | undefined;
  /** In its album, from 1. */
  readonly discNumber?: number | undefined;
  /** The disc's own title. */
  readonly discSubtitle?: string | undefined;
  /** Of `date`. */
  readonly year?: number | undefined;
  /** Of the recording, such as `2001-05`. */
  readonly date?: string | undefined;
  /** Of `originalDate`. */
  readonly originalYear?: number | undefined;
  /** Of the first release. */
  readonly originalDate?: string | undefined;
  /** Of `releaseDate`. */
  readonly releaseYear?: number | undefined;
  /** Of this release. */
  readonly releaseDate?: string | undefined;
  /** Bytes of the file. */
  readonly size?: bigint | undefined;
  /** The file's suffix, without the dot. */
  readonly suffix?: string | undefined;
  /** Seconds. */
  readonly duration?: number | undefined;
  /** Kilobits a second. */
  readonly bitRate?: number | undefined;
  /** Hertz. */
  readonly sampleRate?: number | undefined;
  /** Bits a sample. */
  readonly bitDepth?: number | null | undefined;
  /** How many channels. */
  readonly channels?: number | undefined;
  /** Such as `flac`. */
  readonly codec?: string | undefined;
  /** Their names. */
  readonly genres?: readonly string[] | undefined;
  /** A comment in its tags. */
  readonly comment?: string | undefined;
  /** Beats a minute. */
  readonly bpm?: number | null | undefined;
  /** Such as `e` or `c`. */
  readonly explicitStatus?: string | undefined;
  /** The label's number of the release. */
  readonly catalogNum?: string | undefined;
  /** Whether its album is a compilation. */
  readonly compilation?: boolean | undefined;
  /** Whether its file holds a picture. */
  readonly hasCoverArt?: boolean | undefined;
  /** MusicBrainz recording. */
  readonly mbzRecordingId?: string | undefined;
  /** MusicBrainz track. */
  readonly mbzReleaseTrackId?: string | undefined;
  /** MusicBrainz release. */
  readonly mbzAlbumId?: string | undefined;
  /** MusicBrainz release group. */
  readonly mbzReleaseGroupId?: string | undefined;
  /** MusicBrainz type of the release. */
  readonly mbzAlbumType?: string | undefined;
  /** MusicBrainz disambiguation of the release. */
  readonly mbzAlbumComment?: string | undefined;
  /** ReplayGain of the album, decibels. */
  readonly rgAlbumGain?: number | null | undefined;
  /** Highest sample of the album. */
  readonly rgAlbumPeak?: number | null | undefined;
  /** ReplayGain of the track, decibels. */
  readonly rgTrackGain?: number | null | undefined;
  /** Highest sample of the track. */
  readonly rgTrackPeak?: number | null | undefined;
  /** When the file was made, Unix seconds. */
  readonly birthTime?: bigint | undefined;
  /** When the server first knew it, Unix seconds. */
  readonly createdAt?: bigint | undefined;
  /** When the server last changed what it knows, Unix seconds. */
  readonly updatedAt?: bigint | undefined;
  /** All users' rating, 0 to 5. */
  readonly averageRating?: number | undefined;
  /** Whether the user it was matched for has starred it. */
  readonly starred?: boolean | undefined;
  /** When that was, Unix seconds. */
  readonly starredAt?: bigint | null | undefined;
  /** That user's rating, 0 to 5. */
  readonly rating?: number | undefined;
  /** How often that user has played it. */
  readonly playCount?: bigint | undefined;
  /** When last, Unix seconds. */
  readonly playDate?: bigint | null | undefined;
  /** All tags, by lower-case name; `isrc` is looked at for matching. */
  readonly tags?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Who took part, grouped by role. */
  readonly participants?: readonly ArtistRef[] | undefined;
}
