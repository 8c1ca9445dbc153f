import { ask, type Fields, withoutEmpty } from "./ask.ts";
import type { Answer, CallOptions, GuestCaller } from "./guest_caller.ts";
import { type ArtistRef, artistRef, type SongRef, songRef } from "./song.ts";

/** An artist to ask about. */
export interface ArtistRequest {
  /** The server's id. */
  readonly id: string;
  /** The artist's name, or the title of a track or album. */
  readonly name: string;
  /** MusicBrainz id, where it is known. */
  readonly mbid?: string;
}

/** A track or album to ask about. */
export interface SongsRequest extends ArtistRequest {
  /** The artist's name. */
  readonly artist: string;
}

/** An album to ask about. */
export interface AlbumRequest {
  /** The album's title. */
  readonly name: string;
  /** The album artist's name. */
  readonly artist: string;
  /** MusicBrainz id, where it is known. */
  readonly mbid?: string;
}

/** A picture somewhere on the net. */
export interface Image {
  /** Where the picture is. */
  readonly url: string;
  /** Edge length in pixels; 0 where it is not known. */
  readonly size: number;
}

/** What an agent knows of an album. */
export interface AlbumInfo {
  /** The album's title as the agent writes it. */
  readonly name: string;
  /** MusicBrainz id; empty where it is not known. */
  readonly mbid: string;
  /** A text about the album; may be empty. */
  readonly description: string;
  /** A page about the album; may be empty. */
  readonly url: string;
}

/** The exports of this capability; a plugin has it if it exports any of them. */
export const METADATA_AGENT_EXPORTS = [
  "nd_get_artist_mbid",
  "nd_get_artist_url",
  "nd_get_artist_biography",
  "nd_get_similar_artists",
  "nd_get_artist_images",
  "nd_get_artist_top_songs",
  "nd_get_album_info",
  "nd_get_album_images",
  "nd_get_similar_songs_by_track",
  "nd_get_similar_songs_by_album",
  "nd_get_similar_songs_by_artist",
] as const;

type Export = typeof METADATA_AGENT_EXPORTS[number];

/**
 * Asks a plugin about artists and albums (`extism-abi.md`, 3.3). Every method answers `found`,
 * `not_found` or `fault`, and none rejects.
 */
export class MetadataAgent {
  readonly #guest: GuestCaller;
  readonly #options: CallOptions;

  /** Wraps a plugin; `options` hold for every call. */
  constructor(guest: GuestCaller, options: CallOptions = {}) {
    this.#guest = guest;
    this.#options = options;
  }

  /** The artist's MusicBrainz id. */
  artistMbid({ id, name }: Omit<ArtistRequest, "mbid">): Promise<Answer<string>> {
    return this.#text("nd_get_artist_mbid", { id, name }, "mbid");
  }

  /** A page about the artist. */
  artistUrl(request: ArtistRequest): Promise<Answer<string>> {
    return this.#text("nd_get_artist_url", artist(request), "url");
  }

  /** A text about the artist. */
  artistBiography(request: ArtistRequest): Promise<Answer<string>> {
    return this.#text("nd_get_artist_biography", artist(request), "biography");
  }

  /** At most `limit` artists that are like this one. */
  similarArtists(request: ArtistRequest, limit: number): Promise<Answer<ArtistRef[]>> {
    return this.#list(
      "nd_get_similar_artists",
      { ...artist(request), limit },
      "artists",
      artistRef,
    );
  }

  /** Pictures of the artist. */
  artistImages(request: ArtistRequest): Promise<Answer<Image[]>> {
    return this.#list("nd_get_artist_images", artist(request), "images", image);
  }

  /** At most `count` of the artist's best known songs. */
  artistTopSongs(request: ArtistRequest, count: number): Promise<Answer<SongRef[]>> {
    return this.#list("nd_get_artist_top_songs", { ...artist(request), count }, "songs", songRef);
  }

  /** What is known of the album; fields may be empty. */
  albumInfo(request: AlbumRequest): Promise<Answer<AlbumInfo>> {
    return ask(this.#guest, "nd_get_album_info", album(request), (answer) => ({
      name: answer.text("name"),
      mbid: answer.text("mbid"),
      description: answer.text("description"),
      url: answer.text("url"),
    }), this.#options);
  }

  /** Pictures of the album. */
  albumImages(request: AlbumRequest): Promise<Answer<Image[]>> {
    return this.#list("nd_get_album_images", album(request), "images", image);
  }

  /** At most `count` songs that are like this track. */
  similarSongsByTrack(request: SongsRequest, count: number): Promise<Answer<SongRef[]>> {
    return this.#similarSongs("nd_get_similar_songs_by_track", request, count);
  }

  /** At most `count` songs that go with this album. */
  similarSongsByAlbum(request: SongsRequest, count: number): Promise<Answer<SongRef[]>> {
    return this.#similarSongs("nd_get_similar_songs_by_album", request, count);
  }

  /** At most `count` songs that go with this artist. */
  similarSongsByArtist(request: ArtistRequest, count: number): Promise<Answer<SongRef[]>> {
    const fields = { ...artist(request), count };
    return this.#list("nd_get_similar_songs_by_artist", fields, "songs", songRef);
  }

  #similarSongs(name: Export, request: SongsRequest, count: number): Promise<Answer<SongRef[]>> {
    const fields = { ...artist(request), artist: request.artist, count };
    return this.#list(name, fields, "songs", songRef);
  }

  /** An answer whose one field must not be empty. */
  #text(name: Export, request: object, field: string): Promise<Answer<string>> {
    const read = (answer: Fields) => answer.text(field) || undefined;
    return ask(this.#guest, name, request, read, this.#options);
  }

  /** An answer whose one list must not be empty. */
  #list<T>(
    name: Export,
    request: object,
    field: string,
    item: (fields: Fields) => T,
  ): Promise<Answer<T[]>> {
    const read = (answer: Fields) => {
      const items = answer.list(field, item);
      return items.length === 0 ? undefined : items;
    };
    return ask(this.#guest, name, request, read, this.#options);
  }
}

function artist({ id, name, mbid }: ArtistRequest): object {
  return { id, name, ...withoutEmpty({ mbid }) };
}

function album({ name, artist, mbid }: AlbumRequest): object {
  return { name, artist, ...withoutEmpty({ mbid }) };
}

function image(fields: Fields): Image {
  return { url: fields.text("url"), size: fields.number("size") ?? 0 };
}
