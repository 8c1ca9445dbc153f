import type { PlaybackState } from "../capabilities/mod.ts";

/** One look at a player: what it plays, and what the server tells of it. */
export interface Observation {
  /** Which track. */
  readonly trackId: string;
  /** How long the track is; 0 where it is not known. */
  readonly durationMs: number;
  /** Full minutes since the server last heard of the track's start. */
  readonly minutesAgo?: number | undefined;
  /** What the player does; a server that does not tell says by the entry alone that it plays. */
  readonly state?: "starting" | "playing" | "paused" | undefined;
  /** How far it has played. */
  readonly positionMs?: number | undefined;
  /** 1 unless the server tells. */
  readonly playbackRate?: number | undefined;
}

/** What is known of a play: the memory of a player, as JSON. */
export interface Playback {
  readonly trackId: string;
  readonly durationMs: number;
  /** When it began, as well as that can be known. Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** When the player was last looked at. */
  readonly seenAt: number;
  /** How long the track was heard: pauses and what was skipped do not count. */
  readonly listenedMs: number;
  readonly positionMs: number;
  readonly state: "starting" | "playing" | "paused";
  readonly playbackRate: number;
  /** Full minutes since its start, as the server last told. */
  readonly minutesAgo?: number | undefined;
  /** Whether it was told as a play. */
  readonly isScrobbled: boolean;
}

/** Something to tell. */
export type PlaybackEvent =
  | { readonly kind: "now_playing"; readonly positionMs: number }
  | {
    readonly kind: "report";
    readonly trackId: string;
    readonly state: PlaybackState;
    readonly positionMs: number;
    readonly playbackRate: number;
  }
  | {
    readonly kind: "scrobble";
    readonly trackId: string;
    /** Milliseconds since the Unix epoch. */
    readonly startedAt: number;
  };

/** What a look at a player comes to. */
export interface Step {
  /** What is known from now on; absent once it plays nothing. */
  readonly playback?: Playback;
  /** In the order in which they are to be told. */
  readonly events: readonly PlaybackEvent[];
}

/** Shorter tracks are not told as plays (Last.fm, "when is a scrobble a scrobble"). */
const SHORTEST_MS = 30_000;
/** A play counts after half of its track, at the latest after this. */
const ENOUGH_MS = 240_000;
/** How much of a track makes its next beginning another play of it. */
const NEARLY_ALL = 0.9;
/** A position that differs by more from where time would have brought it was sought. */
const SEEK_MS = 5_000;
const MINUTE_MS = 60_000;

/**
 * Looks at a player: what was known of it, what is seen now, and what follows. `undefined` is a player that is
 * not to be seen any more, `stopped` one that says so.
 */
export function observe(
  last: Playback | undefined,
  seen: Observation | "stopped" | undefined,
  now: number,
): Step {
  if (seen === undefined) return { events: last === undefined ? [] : [ended(last, now)] };
  if (seen === "stopped") {
    return { events: last === undefined ? [] : [report(last, "stopped", last.positionMs)] };
  }
  if (last === undefined) return begin(seen, startOf(seen, now), now, []);
  if (seen.trackId !== last.trackId) {
    return begin(seen, Math.max(startOf(seen, now), last.seenAt), now, [ended(last, now)]);
  }
  const again = beginsAgain(last, seen, now);
  return again === undefined
    ? goOn(last, seen, now)
    : begin(seen, again, now, [report(last, "stopped", last.positionMs)]);
}

/** Whether a play has been heard for long enough to be told. */
export function isEnough({ durationMs, listenedMs }: Playback): boolean {
  if (durationMs === 0) return listenedMs >= ENOUGH_MS;
  return durationMs > SHORTEST_MS && listenedMs >= Math.min(durationMs / 2, ENOUGH_MS);
}

function begin(
  seen: Observation,
  startedAt: number,
  now: number,
  before: readonly PlaybackEvent[],
): Step {
  const { trackId, durationMs, state = "playing", playbackRate = 1 } = seen;
  const positionMs = seen.positionMs ?? within(durationMs, now - startedAt);
  // Servers list what was begun an hour ago, too. Whoever did not see it cannot tell what became of it.
  const isOver = seen.positionMs === undefined && durationMs > 0 && now - startedAt >= durationMs;
  const playback: Playback = {
    trackId,
    durationMs,
    startedAt,
    seenAt: now,
    listenedMs: seen.positionMs === undefined ? positionMs : 0,
    positionMs,
    state,
    playbackRate,
    minutesAgo: seen.minutesAgo,
    isScrobbled: isOver,
  };
  if (isOver) return { playback, events: before };
  return told(playback, [
    ...before,
    ...(state === "paused" ? [] : [{ kind: "now_playing", positionMs } as const]),
    report(playback, state, positionMs),
  ]);
}

function goOn(last: Playback, seen: Observation, now: number): Step {
  const { state = "playing", playbackRate = 1 } = seen;
  const passedMs = Math.max(0, now - last.seenAt);
  const playedMs = passedMs * (last.state === "playing" ? last.playbackRate : 0);
  const expectedMs = within(last.durationMs, last.positionMs + playedMs);
  const positionMs = seen.positionMs ?? expectedMs;
  const playback: Playback = {
    ...last,
    seenAt: now,
    listenedMs: within(last.durationMs, last.listenedMs + heardMs(last, seen, passedMs)),
    positionMs,
    state,
    playbackRate,
    minutesAgo: seen.minutesAgo,
  };
  const isResumed = state !== "paused" && last.state === "paused";
  const isSought = Math.abs(positionMs - expectedMs) > SEEK_MS && state === last.state;
  return told(playback, [
    ...(isResumed ? [{ kind: "now_playing", positionMs } as const] : []),
    ...(state !== last.state || isSought ? [report(playback, state, positionMs)] : []),
  ]);
}

/** A play that has become long enough is told after what else there is to tell. */
function told(playback: Playback, events: readonly PlaybackEvent[]): Step {
  if (playback.isScrobbled || !isEnough(playback)) return { playback, events };
  const { trackId, startedAt } = playback;
  return {
    playback: { ...playback, isScrobbled: true },
    events: [...events, { kind: "scrobble", trackId, startedAt }],
  };
}

/** What was heard between two looks: all the time if it played at both, else what the position tells. */
function heardMs(last: Playback, seen: Observation, passedMs: number): number {
  const { state = "playing", positionMs } = seen;
  if (last.state === "playing" && state === "playing") return passedMs;
  if (positionMs === undefined) return 0;
  return Math.min(passedMs, Math.max(0, positionMs - last.positionMs));
}

/** When the same track began once more, if it did: another play, as far as anybody can know. */
function beginsAgain(last: Playback, seen: Observation, now: number): number | undefined {
  if (seen.state === "starting" && last.state !== "starting") return now;
  const { durationMs } = last;
  if (seen.positionMs !== undefined) {
    const isBack = seen.positionMs < last.positionMs - SEEK_MS &&
      seen.positionMs <= Math.min(SHORTEST_MS, durationMs / 2);
    const wasOver = last.positionMs >= durationMs * NEARLY_ALL ||
      (last.isScrobbled && last.listenedMs >= durationMs * NEARLY_ALL);
    return isBack && wasOver ? now - seen.positionMs : undefined;
  }
  if (seen.minutesAgo === undefined || durationMs === 0) return undefined;
  // The server heard of a start when, or after, this play must have been over.
  const over = last.startedAt + durationMs * NEARLY_ALL;
  const earliest = now - (seen.minutesAgo + 1) * MINUTE_MS;
  if (earliest > over) return now - seen.minutesAgo * MINUTE_MS;
  const isReset = seen.minutesAgo < (last.minutesAgo ?? 0);
  return isReset && now >= over ? Math.max(earliest, last.seenAt) : undefined;
}

function startOf({ positionMs, minutesAgo = 0 }: Observation, now: number): number {
  return now - (positionMs ?? minutesAgo * MINUTE_MS);
}

/** A player that is not seen any more: it came to the track's end, or nobody knows. */
function ended(last: Playback, now: number): PlaybackEvent {
  const playedMs = last.state === "playing" ? now - last.seenAt : 0;
  const positionMs = within(last.durationMs, last.positionMs + Math.max(0, playedMs));
  const isOver = last.durationMs > 0 && positionMs >= last.durationMs;
  return report(last, isOver ? "stopped" : "expired", positionMs);
}

function report(
  { trackId, playbackRate }: Pick<Playback, "trackId" | "playbackRate">,
  state: PlaybackState,
  positionMs: number,
): PlaybackEvent {
  return { kind: "report", trackId, state, positionMs: Math.round(positionMs), playbackRate };
}

/** No more than the track is long, where that is known. */
function within(durationMs: number, ms: number): number {
  return durationMs === 0 ? ms : Math.min(ms, durationMs);
}
