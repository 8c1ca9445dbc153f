import { field, type JsonObject, objects, type ServerTrack, trackOf } from "../services/mod.ts";
import type { Observation } from "./playback.ts";

/** An entry of `getNowPlaying`, read. */
export interface Entry {
  readonly username: string;
  readonly playerId: string;
  readonly playerName: string;
  readonly track: ServerTrack;
  readonly seen: Observation;
}

/** The most entries of one answer that are read. */
const MAX_ENTRIES = 1_000;

/**
 * Reads the answer of `getNowPlaying`. Entries without a user or an id, and videos, are left out; of several
 * of one player the one that began last counts.
 *
 * @param libraryId The library that tracks are of, where the server has but one; 0 where nobody knows.
 */
export function readNowPlaying(answer: JsonObject, libraryId: number): Entry[] {
  const entries = objects(field(answer["nowPlaying"], "entry")).slice(0, MAX_ENTRIES);
  const players = new Map<string, Entry>();
  for (const entry of entries.flatMap((object) => readEntry(object, libraryId) ?? [])) {
    const key = playerKey(entry);
    const other = players.get(key)?.seen.minutesAgo ?? Infinity;
    if ((entry.seen.minutesAgo ?? 0) < other) players.set(key, entry);
  }
  return [...players.values()];
}

/** What tells a player from all others: its user, and what the server calls it. */
export function playerKey(
  { username, playerId, playerName }: Pick<Entry, "username" | "playerId" | "playerName">,
): string {
  return JSON.stringify([username.toLowerCase(), playerId, playerName]);
}

/** Who listens with a player; the inverse of {@link playerKey}. */
export function playerOf(key: string): { userKey: string; playerId: string; playerName: string } {
  const [userKey = "", playerId = "", playerName = ""]: string[] = JSON.parse(key);
  return { userKey, playerId, playerName };
}

/** What is seen of a track. */
export function observationOf(track: ServerTrack, seen: Partial<Observation>): Observation {
  return { trackId: track.id, durationMs: Math.max(0, (track.duration ?? 0) * 1000), ...seen };
}

function readEntry(entry: JsonObject, libraryId: number): Entry | undefined {
  const track = trackOf(entry, libraryId);
  const username = text(entry["username"]);
  if (track === undefined || username === "" || entry["isVideo"] === true) return undefined;
  const { state, positionMs, playbackRate, minutesAgo } = entry;
  return {
    username,
    playerId: text(entry["playerId"]),
    playerName: text(entry["playerName"]),
    track,
    seen: observationOf(track, {
      minutesAgo: count(minutesAgo),
      state: state === "starting" || state === "playing" || state === "paused" ? state : undefined,
      positionMs: count(positionMs),
      playbackRate: count(playbackRate),
    }),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function count(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number(value || NaN) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}
