import { SoundproofError } from "../errors.ts";
import { Database, type Row } from "../services/mod.ts";
import type { TrackInfo } from "./track_info.ts";

/** Ceilings of what waits. */
export interface ScrobbleLimits {
  /** Plays of one user that wait for one plugin; one more is refused. */
  readonly waitingPerUser: number;
  /** Plays that wait for one plugin; one more is refused. */
  readonly waiting: number;
  /** Plays of one plugin in the list of those that failed; the oldest make room. */
  readonly failed: number;
  /** Plays that are remembered as delivered, of one plugin, so that the same one is not taken twice. */
  readonly delivered: number;
}

/** The ceilings that hold where nothing else is configured. */
export const DEFAULT_SCROBBLE_LIMITS: ScrobbleLimits = Object.freeze({
  waitingPerUser: 10_000,
  waiting: 100_000,
  failed: 10_000,
  delivered: 10_000,
});

/** A play on its way to a plugin. */
export interface QueuedPlay {
  /** Grows from play to play. */
  readonly id: number;
  /** The plugin it is for. */
  readonly plugin: string;
  /** Whose play it is: a login name. */
  readonly username: string;
  /** All that a plugin may be told of the track. */
  readonly track: TrackInfo;
  /** When it began. Unix seconds. */
  readonly timestamp: number;
  /** When it was queued. Milliseconds since the Unix epoch. */
  readonly queuedAt: number;
  /** How often it was handed to the plugin. */
  readonly attempts: number;
  /** Whether the plugin has said that it is authorised for the user. */
  readonly isAuthorized: boolean;
  /** Whether it may have been delivered already: it was handed over, and no answer is known. */
  readonly isUncertain: boolean;
}

/** A play that a plugin refused for good. */
export interface FailedPlay extends QueuedPlay {
  /** The code of the error. */
  readonly code: string;
  /** Why, in the plugin's words where it had some. */
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly failedAt: number;
}

/** Which plays of the list of those that failed. */
export interface FailedFilter {
  /** Of this plugin alone. */
  readonly plugin?: string;
  /** Only those after the one with this id. */
  readonly after?: number;
  /** At most so many; 100 unless given. */
  readonly limit?: number;
}

const MIGRATIONS = [
  `CREATE TABLE plays (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     plugin TEXT NOT NULL,
     lane TEXT NOT NULL,
     username TEXT NOT NULL,
     track_id TEXT NOT NULL,
     timestamp INTEGER NOT NULL,
     track TEXT NOT NULL,
     queued_at INTEGER NOT NULL,
     state TEXT NOT NULL,
     attempts INTEGER NOT NULL DEFAULT 0,
     authorized INTEGER NOT NULL DEFAULT 0,
     uncertain INTEGER NOT NULL DEFAULT 0,
     code TEXT NOT NULL DEFAULT '',
     reason TEXT NOT NULL DEFAULT '',
     ended_at INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE UNIQUE INDEX one_play ON plays (plugin, lane, track_id, timestamp);
   CREATE INDEX by_lane ON plays (plugin, state, lane, id);
   CREATE TABLE scrobblers (plugin TEXT PRIMARY KEY) STRICT`,
];

/** Deliveries between two clean-ups of what is remembered as delivered. */
const CLEAN_EVERY = 500;
/** Characters of a reason that are kept. */
const MAX_REASON = 2_000;
/** Bytes of a track as it is kept. */
const MAX_TRACK_CHARACTERS = 64 * 1024;

/**
 * Plays that wait for plugins, that failed, and that were delivered lately: one SQLite file for all.
 *
 * What it has taken survives a kill of the process and a power cut; that something was delivered survives
 * the kill. A play is known by plugin, user, track and the second in which it began: the same one again is not taken twice.
 */
export class ScrobbleStore {
  readonly #database: Database;
  readonly #limits: ScrobbleLimits;
  /** How many wait, by plugin and user. */
  readonly #waiting = new Map<string, Map<string, number>>();
  readonly #scrobblers = new Set<string>();
  #deliveries = 0;

  /** Opens the file, or makes it. */
  constructor(folder: string, limits: ScrobbleLimits = DEFAULT_SCROBBLE_LIMITS) {
    this.#database = new Database(folder, "scrobbles.db", MIGRATIONS);
    this.#limits = limits;
    this.#count();
    for (const { plugin } of this.#database.all("SELECT plugin FROM scrobblers")) {
      this.#scrobblers.add(String(plugin));
    }
  }

  /**
   * Takes a play in, and gives its id; `undefined` for one that is known already.
   *
   * @throws {SoundproofError} `scrobbles.invalid`, `scrobbles.queue_full`.
   */
  add(plugin: string, username: string, track: TrackInfo, timestamp: number, now: number):
    | number
    | undefined {
    const text = JSON.stringify(track);
    checkPlay(username, track.id, timestamp, text);
    const lane = laneOf(username);
    const key = [plugin, lane, track.id, timestamp] as const;
    const known =
      "SELECT 1 FROM plays WHERE plugin = ? AND lane = ? AND track_id = ? AND timestamp = ?";
    if (this.#database.get(known, ...key) !== undefined) return undefined;
    this.#refuseFull(plugin, lane, username);
    const row = this.#database.durably(() =>
      this.#database.get(
        `INSERT INTO plays (plugin, lane, track_id, timestamp, username, track, queued_at, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting') RETURNING id`,
        ...key,
        ...[username, text, now],
      )
    );
    this.#change(plugin, lane, 1);
    return Number(row?.["id"]);
  }

  /** The users whose plays wait for a plugin, each as its lane. */
  lanes(plugin: string): string[] {
    return [...this.#waiting.get(plugin)?.keys() ?? []];
  }

  /** How many plays wait, by plugin. */
  get waiting(): ReadonlyMap<string, number> {
    return new Map([...this.#waiting].map(([plugin, lanes]) => [plugin, sum(lanes)]));
  }

  /** The play of a lane that has waited longest. */
  next(plugin: string, lane: string): QueuedPlay | undefined {
    const row = this.#database.get(
      "SELECT * FROM plays WHERE plugin = ? AND state = 'waiting' AND lane = ? ORDER BY id LIMIT 1",
      plugin,
      lane,
    );
    return row && playOf(row);
  }

  /** Notes that the plugin is authorised for the play's user. */
  authorize(id: number): void {
    this.#database.run("UPDATE plays SET authorized = 1 WHERE id = ?", id);
  }

  /** Notes that a play is handed over: from now on it may have been delivered. */
  begin(id: number): void {
    this.#database.run("UPDATE plays SET attempts = attempts + 1, uncertain = 1 WHERE id = ?", id);
  }

  /** Notes that a play was not taken and is to be tried again. */
  retry(id: number): void {
    this.#database.run("UPDATE plays SET uncertain = 0 WHERE id = ?", id);
  }

  /** Notes that a play was delivered. */
  delivered(play: QueuedPlay, now: number): void {
    this.#leave(play, "UPDATE plays SET state = 'delivered', track = '', ended_at = ?", now);
    if (++this.#deliveries % CLEAN_EVERY === 0) {
      this.#trim(play.plugin, "delivered", this.#limits.delivered);
    }
  }

  /** Puts a play into the list of those that failed; gives how many had to make room. */
  failed(
    play: QueuedPlay,
    code: string,
    reason: string,
    isUncertain: boolean,
    now: number,
  ): number {
    this.#leave(
      play,
      "UPDATE plays SET state = 'failed', code = ?, reason = ?, uncertain = ?, ended_at = ?",
      ...[code, reason.slice(0, MAX_REASON), isUncertain ? 1 : 0, now],
    );
    return this.#trim(play.plugin, "failed", this.#limits.failed);
  }

  /** Forgets a play: the plugin is not authorised for its user. */
  drop(play: Pick<QueuedPlay, "id" | "plugin" | "username">): void {
    this.#leave(play, "DELETE FROM plays");
  }

  /** Plays that failed, oldest first. */
  list({ plugin, after = 0, limit = 100 }: FailedFilter = {}): FailedPlay[] {
    const rows = plugin === undefined
      ? this.#database.all(
        "SELECT * FROM plays WHERE state = 'failed' AND id > ? ORDER BY id LIMIT ?",
        ...[after, limit],
      )
      : this.#database.all(
        "SELECT * FROM plays WHERE state = 'failed' AND plugin = ? AND id > ? ORDER BY id LIMIT ?",
        ...[plugin, after, limit],
      );
    return rows.map((row) => ({
      ...playOf(row),
      code: String(row["code"]),
      reason: String(row["reason"]),
      failedAt: Number(row["ended_at"]),
    }));
  }

  /** Lets a play that failed wait again, in its old place. @throws {SoundproofError} `scrobbles.unknown`. */
  requeue(id: number): { readonly plugin: string } {
    const row = this.#database.get(
      `UPDATE plays SET state = 'waiting', code = '', reason = '', authorized = 0
       WHERE id = ? AND state = 'failed' RETURNING plugin, lane`,
      id,
    );
    if (row === undefined) throw unknown(id);
    const plugin = String(row["plugin"]);
    this.#change(plugin, String(row["lane"]), 1);
    return { plugin };
  }

  /** Forgets a play that failed. @throws {SoundproofError} `scrobbles.unknown`. */
  discard(id: number): void {
    const gone = this.#database.run("DELETE FROM plays WHERE id = ? AND state = 'failed'", id);
    if (gone === 0) throw unknown(id);
  }

  /** Remembers a plugin as a scrobbler, so that plays are kept for it while it is loaded anew. */
  remember(plugin: string): void {
    if (this.#scrobblers.has(plugin)) return;
    this.#scrobblers.add(plugin);
    this.#database.run("INSERT OR IGNORE INTO scrobblers (plugin) VALUES (?)", plugin);
  }

  /** Whether a plugin was ever known as a scrobbler. */
  remembers(plugin: string): boolean {
    return this.#scrobblers.has(plugin);
  }

  /** Forgets all about a plugin. */
  forget(plugin: string): void {
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM plays WHERE plugin = ?", plugin);
      this.#database.run("DELETE FROM scrobblers WHERE plugin = ?", plugin);
    });
    this.#waiting.delete(plugin);
    this.#scrobblers.delete(plugin);
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #refuseFull(plugin: string, lane: string, username: string): void {
    const lanes = this.#waiting.get(plugin);
    const { waiting, waitingPerUser } = this.#limits;
    const isFull = sum(lanes ?? new Map()) >= waiting;
    if (!isFull && (lanes?.get(lane) ?? 0) < waitingPerUser) return;
    throw new SoundproofError(
      "scrobbles.queue_full",
      isFull
        ? `Cannot queue play for plugin "${plugin}": ${waiting} wait already`
        : `Cannot queue play of user "${username}" for plugin "${plugin}": ${waitingPerUser} wait already`,
    );
  }

  /** Ends a play's wait, once. */
  #leave(
    { id, plugin, username }: Pick<QueuedPlay, "id" | "plugin" | "username">,
    statement: string,
    ...values: (string | number)[]
  ): void {
    const changed = this.#database.run(
      `${statement} WHERE id = ? AND state = 'waiting'`,
      ...values,
      id,
    );
    if (changed > 0) this.#change(plugin, laneOf(username), -1);
  }

  #trim(plugin: string, state: string, kept: number): number {
    return this.#database.run(
      `DELETE FROM plays WHERE id IN (
         SELECT id FROM plays WHERE plugin = ? AND state = ? ORDER BY ended_at DESC, id DESC LIMIT -1 OFFSET ?)`,
      ...[plugin, state, kept],
    );
  }

  #change(plugin: string, lane: string, by: number): void {
    const lanes = this.#waiting.get(plugin) ?? new Map<string, number>();
    const count = (lanes.get(lane) ?? 0) + by;
    if (count > 0) lanes.set(lane, count);
    else lanes.delete(lane);
    if (lanes.size > 0) this.#waiting.set(plugin, lanes);
    else this.#waiting.delete(plugin);
  }

  #count(): void {
    const rows = this.#database.all(
      "SELECT plugin, lane, COUNT(*) AS count FROM plays WHERE state = 'waiting' GROUP BY plugin, lane",
    );
    for (const { plugin, lane, count } of rows) {
      this.#change(String(plugin), String(lane), Number(count));
    }
  }
}

/** One user's plays, whatever the letter case of the name. */
export function laneOf(username: string): string {
  return username.toLowerCase();
}

function checkPlay(username: string, trackId: string, timestamp: number, track: string): void {
  // deno-lint-ignore no-control-regex
  const isName = (text: string, most: number) => /^[^\u0000]+$/.test(text) && text.length <= most;
  const fault = !isName(username, 255)
    ? "its user has no name, or none that can be kept"
    : !isName(trackId, 1_024)
    ? "its track has no id, or none that can be kept"
    : !Number.isSafeInteger(timestamp) || timestamp < 0
    ? "its time is no whole number of Unix seconds"
    : track.length > MAX_TRACK_CHARACTERS
    ? `its track is too large: ${track.length} characters, max is ${MAX_TRACK_CHARACTERS}`
    : undefined;
  if (fault === undefined) return;
  throw new SoundproofError("scrobbles.invalid", `Cannot queue play: ${fault}`);
}

function playOf(row: Row): QueuedPlay {
  return {
    id: Number(row["id"]),
    plugin: String(row["plugin"]),
    username: String(row["username"]),
    track: JSON.parse(String(row["track"])),
    timestamp: Number(row["timestamp"]),
    queuedAt: Number(row["queued_at"]),
    attempts: Number(row["attempts"]),
    isAuthorized: row["authorized"] === 1,
    isUncertain: row["uncertain"] === 1,
  };
}

function unknown(id: number): SoundproofError {
  return new SoundproofError(
    "scrobbles.unknown",
    `Cannot find play ${id}: it is not among those that failed`,
  );
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
