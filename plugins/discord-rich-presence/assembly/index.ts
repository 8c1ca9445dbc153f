// Shows on Discord what is played. A connection for each user opens with the first track, hears a heartbeat
// every 41 seconds, is told of each track, and is closed when a track has ended and no other has begun.

import {
  clock,
  config,
  fail,
  hostError,
  Json,
  NamedSchedule,
  notAuthorized,
  NowPlaying,
  registerScrobbler,
  registerWebSocketListener,
  ScheduleEvent,
  Scrobble,
  Scrobbler,
  WebSocketListener,
  websocket,
  log,
} from "@soundproof/pdk";
import { Account, accountOf } from "./account";
import { noPresence, presence } from "./frame";
import { connect, disconnect, hear } from "./gateway";
import { pictureOf } from "./picture";

export {
  nd_scheduler_callback,
  nd_scrobbler_is_authorized,
  nd_scrobbler_now_playing,
  nd_scrobbler_scrobble,
  nd_websocket_on_binary_message,
  nd_websocket_on_close,
  nd_websocket_on_error,
  nd_websocket_on_text_message,
} from "@soundproof/pdk";

const LISTENING: i32 = 2;
/** So long after its end a track is still shown: the next one may begin. Seconds. */
const GRACE: i64 = 5;

const clearing = new NamedSchedule("close-activity");

clearing.onDue((event: ScheduleEvent): void => {
  const username = event.id;
  if (!websocket.sendText(username, noPresence())) {
    return fail("failed to clear activity: " + hostError());
  }
  disconnect(username);
});

class Discord extends Scrobbler {
  override isAuthorized(username: string): bool {
    return accountOf(username) !== null;
  }

  override nowPlaying(playing: NowPlaying): void {
    const username = playing.username, account = accountOf(username);
    if (account === null) return notAuthorized("user '" + username + "' not authorized");
    if (!connect(account)) return;
    clearing.cancel(username);
    if (!websocket.sendText(username, presence(activityOf(playing, account)))) {
      return fail("failed to send activity: " + hostError());
    }
    const left = <i64> playing.track.duration - playing.position;
    clearing.after(<i32> max(left + GRACE, 0), username);
  }

  /** Discord keeps no record of what was played. */
  override scrobble(_scrobble: Scrobble): void {}
}

function activityOf(playing: NowPlaying, account: Account): Json {
  const track = playing.track, started = clock.now() - playing.position;
  const ends = started + <i64> track.duration;
  return Json.object()
    .set("name", Json.text(config.text("activity", "Navidrome")))
    .set("type", Json.integer(LISTENING))
    .set("details", Json.text(track.title))
    .set("state", Json.text(artistsOf(playing)))
    .set("application_id", Json.text(account.clientId))
    .set(
      "timestamps",
      Json.object()
        .set("start", Json.integer(started * 1000))
        .set("end", Json.integer(ends * 1000)),
    )
    .set(
      "assets",
      Json.object()
        .set("large_image", Json.text(pictureOf(track.id, account)))
        .set("large_text", Json.text(track.album)),
    );
}

function artistsOf(playing: NowPlaying): string {
  const artists = playing.track.artists;
  if (artists.length == 0) return playing.track.artist;
  let names = artists[0].name;
  for (let i = 1; i < artists.length; i++) names += " • " + artists[i].name;
  return names;
}

class Gateway extends WebSocketListener {
  override text(id: string, message: string): void {
    hear(id, message);
  }

  override bytes(id: string, data: ArrayBuffer): void {
    log.debug("Discord sent " + data.byteLength.toString() + " bytes to " + id);
  }

  /** The next heartbeat cleans up, and the next track connects anew. */
  override failed(id: string, error: string): void {
    log.warn("Discord's connection of " + id + " was lost: " + error);
  }

  override closed(id: string, code: i32, reason: string): void {
    log.info("Discord's connection of " + id + " was closed: " + code.toString() + " " + reason);
  }
}

registerScrobbler(new Discord());
registerWebSocketListener(new Gateway());
