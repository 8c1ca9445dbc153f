import { type GuestMethod, method } from "./guest_method.ts";
import type { Input } from "./input.ts";
import * as wire from "./messages/api/scrobbler_pb.ts";

/** A Subsonic API knows users by their login names alone, so that is the id, too. */
const userOf = (input: Input) => ({
  userId: input.text("username"),
  username: input.text("username"),
});

const artistsOf = (input: Input, name: string) =>
  input.list(name).map((artist) => ({ name: artist.text("name"), mbid: artist.text("mbid") }));

/** `protobuf-abi.md`, 5.15: the length is cut to whole seconds. */
function trackOf(input: Input, position: number) {
  const track = input.object("track");
  return {
    id: track.text("id"),
    mbid: track.text("mbzRecordingId"),
    name: track.text("title"),
    album: track.text("album"),
    albumMbid: track.text("mbzAlbumId"),
    artists: artistsOf(track, "artists"),
    albumArtists: artistsOf(track, "albumArtists"),
    length: track.int32("duration"),
    position,
  };
}

/** The methods of `Scrobbler` (`protobuf-abi.md`, 2.2), by today's exports. There are no playback reports. */
export const SCROBBLER_METHODS: Readonly<Record<string, GuestMethod>> = {
  nd_scrobbler_is_authorized: method(
    "scrobbler_is_authorized",
    wire.ScrobblerIsAuthorizedRequestSchema,
    wire.ScrobblerIsAuthorizedResponseSchema,
    userOf,
    ({ authorized }) => authorized,
  ),
  nd_scrobbler_now_playing: method(
    "scrobbler_now_playing",
    wire.ScrobblerNowPlayingRequestSchema,
    wire.ScrobblerNowPlayingResponseSchema,
    (input, { now }) => ({
      ...userOf(input),
      track: trackOf(input, input.int32("position")),
      timestamp: BigInt(Math.floor(now() / 1000)),
    }),
  ),
  nd_scrobbler_scrobble: method(
    "scrobbler_scrobble",
    wire.ScrobblerScrobbleRequestSchema,
    wire.ScrobblerScrobbleResponseSchema,
    (input) => ({
      ...userOf(input),
      track: trackOf(input, 0),
      timestamp: input.int64("timestamp"),
    }),
  ),
};
