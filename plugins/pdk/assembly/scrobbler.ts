// The Scrobbler capability: told what is played. The manifest must have the permission `users`.
//
// A plugin extends `Scrobbler`, registers one, and exports the functions it answers.

import { readRequest } from "./capability";
import { Json } from "./json";
import { outputText } from "./memory";
import { TrackInfo } from "./music";
import { fail, notImplemented, resultCode, SUCCESS } from "./result";

/** A track begins to play, or goes on. */
export class NowPlaying {
  readonly username: string;
  readonly track: TrackInfo;
  /** Seconds from the track's beginning. */
  readonly position: i32;

  constructor(request: Json) {
    this.username = request.get("username").text();
    this.track = new TrackInfo(request.get("track"));
    this.position = request.get("position").int32();
  }
}

/** A track was played. */
export class Scrobble {
  readonly username: string;
  readonly track: TrackInfo;
  /** When it began to play, in Unix seconds. */
  readonly timestamp: i64;

  constructor(request: Json) {
    this.username = request.get("username").text();
    this.track = new TrackInfo(request.get("track"));
    this.timestamp = request.get("timestamp").integer();
  }
}

/** What a player does. */
export class PlaybackReport {
  readonly username: string;
  readonly track: TrackInfo;
  /** `starting`, `playing`, `paused`, `stopped` or `expired`. */
  readonly state: string;
  /** Milliseconds from the track's beginning. */
  readonly positionMs: i64;
  /** 1 for normal speed. */
  readonly playbackRate: f64;
  readonly playerId: string;
  readonly playerName: string;
  /** When the player said so, in Unix seconds. */
  readonly timestamp: i64;

  constructor(request: Json) {
    this.username = request.get("username").text();
    this.track = new TrackInfo(request.get("track"));
    this.state = request.get("state").text();
    this.positionMs = request.get("positionMs").integer();
    this.playbackRate = request.get("playbackRate").float();
    this.playerId = request.get("playerId").text();
    this.playerName = request.get("playerName").text();
    this.timestamp = request.get("timestamp").integer();
  }
}

/**
 * Told what is played. Override what you want to know. A fault ends with {@link retryLater},
 * {@link notAuthorized} or `fail`, after which the server keeps the scrobble, or drops it.
 */
export class Scrobbler {
  /** Whether this user's plays are wanted. It is asked before everything else. */
  isAuthorized(_username: string): bool {
    notImplemented();
    return false;
  }

  nowPlaying(_playing: NowPlaying): void {
    notImplemented();
  }

  scrobble(_scrobble: Scrobble): void {
    notImplemented();
  }

  playbackReport(_report: PlaybackReport): void {
    notImplemented();
  }
}

/** Fails for the moment: the server keeps the scrobble and sends it again, later and later. */
export function retryLater(text: string): void {
  fail("scrobbler(retry_later): " + text);
}

/** Fails because the user's account does not let the plugin in: the scrobble is lost. */
export function notAuthorized(text: string): void {
  fail("scrobbler(not_authorized): " + text);
}

let registered: Scrobbler = new Scrobbler();

/** Makes this the scrobbler that answers the exports below. */
export function registerScrobbler(scrobbler: Scrobbler): void {
  registered = scrobbler;
}

export function nd_scrobbler_is_authorized(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  const authorized = registered.isAuthorized(request.get("username").text());
  if (resultCode() == SUCCESS) outputText(authorized ? "true" : "false");
  return resultCode();
}

export function nd_scrobbler_now_playing(): i32 {
  const request = readRequest();
  if (request) registered.nowPlaying(new NowPlaying(request));
  return resultCode();
}

export function nd_scrobbler_scrobble(): i32 {
  const request = readRequest();
  if (request) registered.scrobble(new Scrobble(request));
  return resultCode();
}

export function nd_scrobbler_playback_report(): i32 {
  const request = readRequest();
  if (request) registered.playbackReport(new PlaybackReport(request));
  return resultCode();
}
