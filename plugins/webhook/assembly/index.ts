// What is played goes to an address of the settings. What cannot be sent now is sent again by the server.

import {
  config,
  fail,
  HttpRequest,
  Json,
  NowPlaying,
  registerScrobbler,
  retryLater,
  Scrobble,
  Scrobbler,
  TrackInfo,
} from "@soundproof/pdk";
import { fillIn } from "./template";

export {
  nd_scrobbler_is_authorized,
  nd_scrobbler_now_playing,
  nd_scrobbler_scrobble,
} from "@soundproof/pdk";

const TIMEOUT_MS = 10_000;

class Webhook extends Scrobbler {
  override isAuthorized(_username: string): bool {
    return config.text("url") != "";
  }

  override nowPlaying(playing: NowPlaying): void {
    if (!config.boolean("nowPlaying")) return;
    const fields = fieldsOf("now_playing", playing.username, playing.track);
    send(fields.set("position", Json.integer(playing.position)));
  }

  override scrobble(scrobble: Scrobble): void {
    const fields = fieldsOf("scrobble", scrobble.username, scrobble.track);
    send(fields.set("timestamp", Json.integer(scrobble.timestamp)));
  }
}

function fieldsOf(event: string, username: string, track: TrackInfo): Json {
  return Json.object()
    .set("event", Json.text(event))
    .set("user", Json.text(username))
    .set("title", Json.text(track.title))
    .set("artist", Json.text(track.artist))
    .set("album", Json.text(track.album))
    .set("albumArtist", Json.text(track.albumArtist))
    .set("trackNumber", Json.integer(track.trackNumber))
    .set("discNumber", Json.integer(track.discNumber))
    .set("duration", Json.float(track.duration))
    .set("position", Json.integer(0))
    .set("timestamp", Json.integer(0))
    .set("trackId", Json.text(track.id))
    .set("recordingMbid", Json.text(track.mbzRecordingId));
}

function send(fields: Json): void {
  const template = Json.parse(config.text("template"));
  if (template.error != "") return fail("Cannot use the template: " + template.error);
  const request = new HttpRequest("POST", config.text("url")).timeout(TIMEOUT_MS);
  const authorization = config.text("authorization");
  if (authorization != "") request.header("Authorization", authorization);
  const response = request.json(fillIn(template, fields)).send();
  if (response.ok) return;
  const status = response.status;
  if (status == 0 || status == 408 || status == 429 || status >= 500) {
    return retryLater("Cannot reach the address: " + response.fault);
  }
  fail("The address does not take the play: " + response.fault);
}

registerScrobbler(new Webhook());
