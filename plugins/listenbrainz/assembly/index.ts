// What is played goes to ListenBrainz, track by track. What cannot be sent now is sent again by the server.

import {
  config,
  Json,
  notAuthorized,
  NowPlaying,
  registerScrobbler,
  Scrobble,
  Scrobbler,
  TrackInfo,
} from "@soundproof/pdk";
import { knows, submit } from "./site";

export {
  nd_scrobbler_is_authorized,
  nd_scrobbler_now_playing,
  nd_scrobbler_scrobble,
} from "@soundproof/pdk";

class ListenBrainz extends Scrobbler {
  override isAuthorized(username: string): bool {
    const token = tokenOf(username);
    return token != "" && knows(token);
  }

  override nowPlaying(playing: NowPlaying): void {
    const listen = Json.object().set("track_metadata", metadata(playing.track));
    send("playing_now", listen, playing.username);
  }

  override scrobble(scrobble: Scrobble): void {
    const listen = Json.object()
      .set("listened_at", Json.integer(scrobble.timestamp))
      .set("track_metadata", metadata(scrobble.track));
    send("single", listen, scrobble.username);
  }
}

function send(kind: string, listen: Json, username: string): void {
  const token = tokenOf(username);
  if (token == "") notAuthorized("user '" + username + "' has no token");
  else submit(kind, listen, token);
}

function tokenOf(username: string): string {
  const users = config.json("users");
  for (let i = 0; i < users.length; i++) {
    if (users.at(i).get("username").text() == username) return users.at(i).get("token").text();
  }
  return "";
}

/** https://listenbrainz.readthedocs.io/en/latest/users/json.html */
function metadata(track: TrackInfo): Json {
  const more = Json.object()
    .set("submission_client", Json.text("Soundproof ListenBrainz"))
    .set("submission_client_version", Json.text("1.0.0"))
    .set("duration_ms", Json.integer(<i64> (track.duration * 1000)))
    .setUnlessEmpty("recording_mbid", track.mbzRecordingId)
    .setUnlessEmpty("release_mbid", track.mbzAlbumId)
    .setUnlessEmpty("release_group_mbid", track.mbzReleaseGroupId)
    .setUnlessEmpty("track_mbid", track.mbzReleaseTrackId);
  if (track.trackNumber > 0) more.set("tracknumber", Json.integer(track.trackNumber));
  const artists = Json.array();
  for (let i = 0; i < track.artists.length; i++) {
    if (track.artists[i].mbid != "") artists.push(Json.text(track.artists[i].mbid));
  }
  if (artists.length > 0) more.set("artist_mbids", artists);
  return Json.object()
    .set("artist_name", Json.text(track.artist))
    .set("track_name", Json.text(track.title))
    .setUnlessEmpty("release_name", track.album)
    .set("additional_info", more);
}

registerScrobbler(new ListenBrainz());
