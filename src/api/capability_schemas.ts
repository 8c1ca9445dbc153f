/**
 * The shapes of what a music server asks its plugins, and of what they answer; see `schemas.ts`.
 *
 * @module
 */
import { type TObject, type TSchema, type TUnion, Type } from "@sinclair/typebox";
import { oneOf } from "./schemas.ts";

const CLOSED = { additionalProperties: false } as const;

const Text = Type.String({ maxLength: 10_000 });
const Id = Type.String({ maxLength: 1_000 });
const Count = Type.Integer({ minimum: 1, maximum: 10_000 });
const artist = { id: Id, name: Text };
const mbid = Type.Optional(Id);

/** An artist, whose MusicBrainz id is asked for. */
export const ArtistQuestion = Type.Object(artist, CLOSED);
/** An artist; or a track or an album, by its title. */
export const ArtistRequest = Type.Object({ ...artist, mbid }, CLOSED);
/** An artist, and how many others. */
export const ArtistsRequest = Type.Object({ ...artist, mbid, limit: Count }, CLOSED);
/** An artist, and how many songs. */
export const ArtistSongsRequest = Type.Object({ ...artist, mbid, count: Count }, CLOSED);
/** A track or an album, and how many songs. */
export const SongsRequest = Type.Object({ ...artist, mbid, artist: Text, count: Count }, CLOSED);
/** An album. */
export const AlbumRequest = Type.Object({ name: Text, artist: Text, mbid }, CLOSED);

const ArtistRef = Type.Object({ id: Type.String(), name: Type.String(), mbid: Type.String() });
const SongRef = Type.Object({
  id: Type.String(),
  name: Type.String(),
  mbid: Type.String(),
  isrc: Type.String(),
  artists: Type.Array(ArtistRef),
  album: Type.String(),
  albumMbid: Type.String(),
  durationMs: Type.Number({ description: "0 where it is not known" }),
}, { $id: "SongRef" });
/** Artists that a plugin named. */
export const ArtistRefs = Type.Array(ArtistRef);
/** Songs that a plugin named. */
export const SongRefs = Type.Array(SongRef);
/** Pictures somewhere on the net. */
export const Images = Type.Array(Type.Object({ url: Type.String(), size: Type.Number() }));
/** What is known of an album. */
export const AlbumInfo = Type.Object({
  name: Type.String(),
  mbid: Type.String(),
  description: Type.String(),
  url: Type.String(),
});

/** The first answer of several plugins, or that none has any. */
export function firstAnswer<Value extends TSchema>(value: Value): TUnion<TObject[]> {
  return Type.Union([
    Type.Object({ kind: oneOf("found"), plugin: Type.String(), value }),
    Type.Object({ kind: oneOf("not_found"), asked: Type.Array(Type.String()) }),
  ]);
}

/** A track of the music server. */
export const Track = Type.Object({
  id: Id,
  libraryId: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  path: Type.Optional(Text),
  title: Type.Optional(Text),
  album: Type.Optional(Text),
  artist: Type.Optional(Text),
  albumArtist: Type.Optional(Text),
  duration: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1_000_000_000, description: "Seconds" }),
  ),
  trackNumber: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  discNumber: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  isrc: Type.Optional(Id),
  mbzRecordingId: Type.Optional(Id),
  mbzAlbumId: Type.Optional(Id),
  mbzReleaseGroupId: Type.Optional(Id),
  mbzReleaseTrackId: Type.Optional(Id),
  participants: Type.Optional(
    Type.Array(
      Type.Object({
        role: Type.String({ maxLength: 100, description: "`artist` or `albumartist`" }),
        name: Type.Optional(Text),
        id: Type.Optional(Id),
        mbid,
        sortName: Type.Optional(Text),
      }, CLOSED),
      { maxItems: 1_000 },
    ),
  ),
}, { ...CLOSED, $id: "Track" });

const username = Type.String({ minLength: 1, maxLength: 1_000 });
const timestamp = Type.Integer({
  minimum: 0,
  maximum: 100_000_000_000,
  description: "Unix seconds",
});

/** A track. */
export const TrackRequest = Type.Object({ track: Track }, CLOSED);
/** A track, and how many songs. */
export const TrackSongsRequest = Type.Object({ track: Track, count: Count }, CLOSED);
/** Two tracks, and how many songs between them. */
export const PathRequest = Type.Object({ from: Track, to: Track, count: Count }, CLOSED);

/** Someone listens to a track. */
export const NowPlaying = Type.Object({
  username,
  track: Track,
  position: Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: "Seconds" }),
}, CLOSED);
/** Someone has listened to a track. */
export const Play = Type.Object({ username, track: Track, timestamp }, CLOSED);
/** What a player does with a track. */
export const PlaybackReport = Type.Object({
  username,
  track: Track,
  state: oneOf("starting", "playing", "paused", "stopped", "expired"),
  positionMs: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
  playbackRate: Type.Number({ minimum: 0, maximum: 1_000 }),
  playerId: Id,
  playerName: Text,
  timestamp,
}, CLOSED);

/** What a player does, from a music server that leaves it to the service when a play counts. */
export const PushedPlayback = Type.Object({
  username,
  trackId: Type.String({ minLength: 1, maxLength: 1_000, description: "The music server's id" }),
  state: oneOf("starting", "playing", "paused", "stopped"),
  positionMs: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
  playbackRate: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000 })),
  playerId: Type.Optional(Id),
  playerName: Type.Optional(Text),
}, CLOSED);

const Fault = Type.Optional(Type.Object({ code: Type.String(), message: Type.String() }));
const reports = (...kinds: string[]) =>
  Type.Object({
    plugins: Type.Array(
      Type.Object({
        plugin: Type.String(),
        kind: oneOf(...kinds),
        reason: Type.Optional(Type.String()),
        error: Fault,
      }),
    ),
  });

/** What telling each scrobbler came to. */
export const Reports = reports(
  "done",
  "skipped",
  "not_authorized",
  "retry_later",
  "unrecoverable",
);
/** What became of a play, for each scrobbler. */
export const QueuedReports = reports("queued", "known", "skipped", "refused");

/** Plays that failed. */
export const FailedPlays = Type.Object({
  plays: Type.Array(Type.Object({
    id: Type.Integer(),
    plugin: Type.String(),
    username: Type.String(),
    track: Type.Object({ id: Type.String(), title: Type.String(), artist: Type.String() }),
    timestamp: Type.Number(),
    attempts: Type.Integer(),
    code: Type.String(),
    reason: Type.String(),
    failedAt: Type.Number({ description: "Milliseconds since the Unix epoch" }),
  })),
});

const Ids = Type.Array(Type.String());
/** Who answers a music server. */
export const ServedBy = Type.Object({
  "metadata-agent": Ids,
  scrobbler: Ids,
  lyrics: Ids,
  "sonic-similarity": Ids,
});

/** The lyrics of a track, one entry a language and version. */
export const AllLyrics = Type.Array(Type.Object({
  lang: Type.String(),
  synced: Type.Boolean(),
  lines: Type.Array(Type.Object({
    startMs: Type.Optional(Type.Number()),
    endMs: Type.Optional(Type.Number()),
    text: Type.String(),
  })),
  displayArtist: Type.Optional(Type.String()),
  displayTitle: Type.Optional(Type.String()),
  offsetMs: Type.Optional(Type.Number()),
}));

/** Songs that sound alike. */
export const SonicMatches = Type.Array(
  Type.Object({ song: SongRef, similarity: Type.Number() }),
);

/** Schemas that the document names once. */
export const NAMED_CAPABILITY: readonly TObject[] = [SongRef, Track];
