import { type TSchema, Type } from "@sinclair/typebox";
import type { FirstAnswer, QuestionOptions } from "../../capabilities/mod.ts";
import type { ServerTrack } from "../../services/mod.ts";
import type { ApiHost } from "../api_host.ts";
import {
  AlbumInfo,
  AlbumRequest,
  AllLyrics,
  ArtistQuestion,
  ArtistRefs,
  ArtistRequest,
  ArtistSongsRequest,
  ArtistsRequest,
  firstAnswer,
  Images,
  PathRequest,
  SongRefs,
  SongsRequest,
  SonicMatches,
  type Track,
  TrackRequest,
  TrackSongsRequest,
} from "../capability_schemas.ts";
import { defineRoute, jsonAnswer, jsonBody, type Route } from "../route.ts";
import type { Shape } from "../schemas.ts";

/** Longest body about tracks and artists. */
export const MAX_QUESTION_BYTES = 1024 * 1024;
/** Statuses of what plugins can be asked. */
export const ASKS = [409, 501, 502, 503, 504] as const;

const Text = Type.String();
const agent = "metadata-agent";

/** A track as the music server's plugins know it. */
export function serverTrack(
  { isrc, libraryId = 0, participants = [], ...track }: Shape<typeof Track>,
): ServerTrack {
  return {
    ...track,
    libraryId,
    participants,
    ...(isrc !== undefined && { tags: new Map([["isrc", [isrc]]]) }),
  };
}

/** A question that goes to one plugin after another: the first that has something answers. */
function question<Schema extends TSchema>(
  path: string,
  summary: string,
  request: Schema,
  value: TSchema,
  ask: (
    host: ApiHost,
    request: Shape<Schema>,
    options: QuestionOptions,
  ) => Promise<FirstAnswer<unknown>>,
): Route {
  const [capability = "", name = ""] = path.split("/");
  return defineRoute({
    method: "post",
    path: `/api/v1/capabilities/${capability}/${name}`,
    id: camelCase(name),
    summary,
    description: "The enabled plugins are asked in their configured order until one has something.",
    access: "client",
    params: {},
    body: jsonBody(request, {
      what: "the question",
      limitBytes: MAX_QUESTION_BYTES,
      read: (sent): Shape<Schema> => sent,
    }),
    answers: { 200: jsonAnswer("What the first has, or that none has any", firstAnswer(value)) },
    errors: ASKS,
    handle: async ({ host, body, signal }) => {
      const answer = await ask(host, body, { signal });
      if (answer.kind === "fault") throw answer.error;
      return Response.json(answer);
    },
  });
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What metadata agents, lyrics providers and similarity providers can be asked, one route a question. */
export const QUESTION_ROUTES: readonly Route[] = [
  question(
    `${agent}/get-artist-mbid`,
    "The artist's MusicBrainz id",
    ArtistQuestion,
    Text,
    (host, artist, options) => host.metadata.artistMbid(artist, options),
  ),
  question(
    `${agent}/get-artist-url`,
    "A page about the artist",
    ArtistRequest,
    Text,
    (host, artist, options) => host.metadata.artistUrl(artist, options),
  ),
  question(
    `${agent}/get-artist-biography`,
    "A text about the artist",
    ArtistRequest,
    Text,
    (host, artist, options) => host.metadata.artistBiography(artist, options),
  ),
  question(
    `${agent}/get-similar-artists`,
    "Artists that are like this one",
    ArtistsRequest,
    ArtistRefs,
    (host, { limit, ...artist }, options) => host.metadata.similarArtists(artist, limit, options),
  ),
  question(
    `${agent}/get-artist-images`,
    "Pictures of the artist",
    ArtistRequest,
    Images,
    (host, artist, options) => host.metadata.artistImages(artist, options),
  ),
  question(
    `${agent}/get-artist-top-songs`,
    "The artist's best known songs",
    ArtistSongsRequest,
    SongRefs,
    (host, { count, ...artist }, options) => host.metadata.artistTopSongs(artist, count, options),
  ),
  question(
    `${agent}/get-album-info`,
    "What is known of the album",
    AlbumRequest,
    AlbumInfo,
    (host, album, options) => host.metadata.albumInfo(album, options),
  ),
  question(
    `${agent}/get-album-images`,
    "Pictures of the album",
    AlbumRequest,
    Images,
    (host, album, options) => host.metadata.albumImages(album, options),
  ),
  question(
    `${agent}/get-similar-songs-by-track`,
    "Songs that are like this track",
    SongsRequest,
    SongRefs,
    (host, { count, ...track }, options) =>
      host.metadata.similarSongsByTrack(track, count, options),
  ),
  question(
    `${agent}/get-similar-songs-by-album`,
    "Songs that go with this album",
    SongsRequest,
    SongRefs,
    (host, { count, ...album }, options) =>
      host.metadata.similarSongsByAlbum(album, count, options),
  ),
  question(
    `${agent}/get-similar-songs-by-artist`,
    "Songs that go with this artist",
    ArtistSongsRequest,
    SongRefs,
    (host, { count, ...artist }, options) =>
      host.metadata.similarSongsByArtist(artist, count, options),
  ),
  question(
    "lyrics/get-lyrics",
    "The lyrics of a track, one entry a language and version",
    TrackRequest,
    AllLyrics,
    (host, { track }, options) => host.lyrics.ofTrack(serverTrack(track), options),
  ),
  question(
    "sonic-similarity/get-sonic-similar-tracks",
    "Songs that sound like this track",
    TrackSongsRequest,
    SonicMatches,
    (host, { track, count }, options) =>
      host.similarity.similarTracks(serverTrack(track), count, options),
  ),
  question(
    "sonic-similarity/find-sonic-path",
    "Songs that lead from one track to another, each sounding like the one before",
    PathRequest,
    SonicMatches,
    (host, { from, to, count }, options) =>
      host.similarity.path(serverTrack(from), serverTrack(to), count, options),
  ),
];
