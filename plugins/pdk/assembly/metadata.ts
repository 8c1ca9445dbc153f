// The MetadataAgent capability: eleven questions about artists, albums and songs.
//
// A plugin extends `MetadataAgent`, registers one, and exports the functions it answers.

import {
  answer,
  answerList,
  answerText,
  notImplementedList,
  notImplementedText,
  readRequest,
} from "./capability";
import {
  AlbumInfo,
  AlbumRequest,
  ArtistRequest,
  Image,
  SimilarSongsRequest,
} from "./metadata_types";
import { ArtistRef, SongRef } from "./music";
import { notImplemented, resultCode } from "./result";

/**
 * Answers questions about artists and albums. Override what you know; the rest is "not implemented".
 * Empty texts, empty lists and `null` mean "not found". A fault is said with `fail(text)`.
 */
export class MetadataAgent {
  artistMbid(_request: ArtistRequest): string {
    return notImplementedText();
  }

  artistUrl(_request: ArtistRequest): string {
    return notImplementedText();
  }

  artistBiography(_request: ArtistRequest): string {
    return notImplementedText();
  }

  similarArtists(_request: ArtistRequest): ArtistRef[] {
    return notImplementedList<ArtistRef>();
  }

  artistImages(_request: ArtistRequest): Image[] {
    return notImplementedList<Image>();
  }

  artistTopSongs(_request: ArtistRequest): SongRef[] {
    return notImplementedList<SongRef>();
  }

  albumInfo(_request: AlbumRequest): AlbumInfo | null {
    notImplemented();
    return null;
  }

  albumImages(_request: AlbumRequest): Image[] {
    return notImplementedList<Image>();
  }

  similarSongsByTrack(_request: SimilarSongsRequest): SongRef[] {
    return notImplementedList<SongRef>();
  }

  similarSongsByAlbum(_request: SimilarSongsRequest): SongRef[] {
    return notImplementedList<SongRef>();
  }

  similarSongsByArtist(_request: ArtistRequest): SongRef[] {
    return notImplementedList<SongRef>();
  }
}

let registered: MetadataAgent = new MetadataAgent();

/** Makes this the agent that answers the exports below. */
export function registerMetadataAgent(agent: MetadataAgent): void {
  registered = agent;
}

export function nd_get_artist_mbid(): i32 {
  const request = readRequest();
  return request ? answerText("mbid", registered.artistMbid(new ArtistRequest(request))) : resultCode();
}

export function nd_get_artist_url(): i32 {
  const request = readRequest();
  return request ? answerText("url", registered.artistUrl(new ArtistRequest(request))) : resultCode();
}

export function nd_get_artist_biography(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerText("biography", registered.artistBiography(new ArtistRequest(request)));
}

export function nd_get_similar_artists(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("artists", registered.similarArtists(new ArtistRequest(request)));
}

export function nd_get_artist_images(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("images", registered.artistImages(new ArtistRequest(request)));
}

export function nd_get_artist_top_songs(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("songs", registered.artistTopSongs(new ArtistRequest(request)));
}

export function nd_get_album_info(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  const info = registered.albumInfo(new AlbumRequest(request));
  return answer(info === null ? null : info.toJson());
}

export function nd_get_album_images(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("images", registered.albumImages(new AlbumRequest(request)));
}

export function nd_get_similar_songs_by_track(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("songs", registered.similarSongsByTrack(new SimilarSongsRequest(request)));
}

export function nd_get_similar_songs_by_album(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("songs", registered.similarSongsByAlbum(new SimilarSongsRequest(request)));
}

export function nd_get_similar_songs_by_artist(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("songs", registered.similarSongsByArtist(new ArtistRequest(request)));
}
