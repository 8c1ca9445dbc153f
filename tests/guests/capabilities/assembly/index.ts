// A guest with every capability but MetadataAgent: it logs what it was told as JSON, and answers in a known way.

import {
  ArtistRef,
  encodeBase64,
  fail,
  Json,
  log,
  Lyrics,
  LyricsProvider,
  NamedSchedule,
  notAuthorized,
  NowPlaying,
  onInit,
  onSchedule,
  onTask,
  PlaybackReport,
  registerLyricsProvider,
  registerScrobbler,
  registerSonicSimilarity,
  registerWebSocketListener,
  retryLater,
  ScheduleEvent,
  scheduler,
  Scrobble,
  Scrobbler,
  SongRef,
  SonicMatch,
  SonicSimilarity,
  Task,
  TrackInfo,
  WebSocketListener,
} from "@soundproof/pdk";

export {
  nd_find_sonic_path,
  nd_get_sonic_similar_tracks,
  nd_lyrics_get_lyrics,
  nd_on_init,
  nd_scheduler_callback,
  nd_scrobbler_is_authorized,
  nd_scrobbler_now_playing,
  nd_scrobbler_playback_report,
  nd_scrobbler_scrobble,
  nd_task_execute,
  nd_websocket_on_binary_message,
  nd_websocket_on_close,
  nd_websocket_on_error,
  nd_websocket_on_text_message,
} from "@soundproof/pdk";

function artists(from: ArtistRef[]): Json {
  const list = Json.array();
  for (let i = 0; i < from.length; i++) list.push(from[i].toJson());
  return list;
}

function track(from: TrackInfo): Json {
  return Json.object()
    .set("id", Json.text(from.id))
    .set("title", Json.text(from.title))
    .set("album", Json.text(from.album))
    .set("artist", Json.text(from.artist))
    .set("albumArtist", Json.text(from.albumArtist))
    .set("artists", artists(from.artists))
    .set("albumArtists", artists(from.albumArtists))
    .set("duration", Json.float(from.duration))
    .set("trackNumber", Json.integer(from.trackNumber))
    .set("discNumber", Json.integer(from.discNumber))
    .set("mbzRecordingId", Json.text(from.mbzRecordingId))
    .set("mbzAlbumId", Json.text(from.mbzAlbumId))
    .set("mbzReleaseGroupId", Json.text(from.mbzReleaseGroupId))
    .set("mbzReleaseTrackId", Json.text(from.mbzReleaseTrackId))
    .set("libraryId", Json.integer(from.libraryId))
    .set("path", Json.text(from.path));
}

function say(json: Json): void {
  log.info(json.toString());
}

class Listener extends Scrobbler {
  override isAuthorized(username: string): bool {
    if (username == "broken") fail("no luck");
    return username == "ann";
  }

  override nowPlaying(playing: NowPlaying): void {
    say(
      Json.object()
        .set("username", Json.text(playing.username))
        .set("track", track(playing.track))
        .set("position", Json.integer(playing.position)),
    );
  }

  override scrobble(scrobble: Scrobble): void {
    if (scrobble.username == "late") return retryLater("the site answers 503");
    if (scrobble.username == "out") return notAuthorized("the token is no longer valid");
    say(
      Json.object()
        .set("username", Json.text(scrobble.username))
        .set("track", track(scrobble.track))
        .set("timestamp", Json.integer(scrobble.timestamp)),
    );
  }

  override playbackReport(report: PlaybackReport): void {
    say(
      Json.object()
        .set("username", Json.text(report.username))
        .set("track", track(report.track))
        .set("state", Json.text(report.state))
        .set("positionMs", Json.integer(report.positionMs))
        .set("playbackRate", Json.float(report.playbackRate))
        .set("playerId", Json.text(report.playerId))
        .set("playerName", Json.text(report.playerName))
        .set("timestamp", Json.integer(report.timestamp)),
    );
  }
}

class Words extends LyricsProvider {
  override lyrics(from: TrackInfo): Lyrics[] {
    if (from.title == "Silence") return [];
    return [new Lyrics("[00:01.00]" + from.title, "eng"), new Lyrics(track(from).toString())];
  }
}

class Sounds extends SonicSimilarity {
  override similarTracks(song: SongRef, count: i32): SonicMatch[] {
    const matches: SonicMatch[] = [];
    for (let i = 0; i < count; i++) matches.push(new SonicMatch(song, 1 / <f64> (i + 1)));
    return matches;
  }

  override path(start: SongRef, end: SongRef, _count: i32): SonicMatch[] {
    return [new SonicMatch(start, 1), new SonicMatch(end, 0.25)];
  }
}

class Ear extends WebSocketListener {
  override text(id: string, message: string): void {
    log.info("text " + id + " " + message);
  }

  override bytes(id: string, data: ArrayBuffer): void {
    log.info("bytes " + id + " " + encodeBase64(data));
  }

  override failed(id: string, error: string): void {
    log.info("failed " + id + " " + error);
  }

  override closed(id: string, code: i32, reason: string): void {
    log.info("closed " + id + " " + code.toString() + " " + reason);
  }
}

const heartbeat = new NamedSchedule("heartbeat"), failing = new NamedSchedule("failing");

heartbeat.onDue((event: ScheduleEvent): void => {
  log.info("heartbeat of " + event.id + ", " + event.payload);
  if (event.payload == "stop") heartbeat.cancel(event.id);
});

failing.onDue((event: ScheduleEvent): void => fail("no " + event.id));

onSchedule((event: ScheduleEvent): void => {
  log.info("other " + event.id + (event.isRecurring ? " again" : " once"));
});

onInit((): void => {
  heartbeat.every("@every 41s", "ann", "tick");
  heartbeat.after(5, "bob");
  scheduler.after(1, "", "plain");
});

onTask((task: Task): string => {
  if (task.attempt == 2) fail("second attempt");
  return task.queue + " " + task.id + " " + task.text();
});

registerScrobbler(new Listener());
registerLyricsProvider(new Words());
registerSonicSimilarity(new Sounds());
registerWebSocketListener(new Ear());
