import { errorText, SoundproofError } from "../errors.ts";
import {
  type Clock,
  field,
  isJsonObject,
  objects,
  type ServerTrack,
  type SubsonicClient,
  SubsonicRefusal,
  trackOf,
} from "../services/mod.ts";
import { recognise } from "./known_players.ts";
import { observationOf, playerKey, playerOf, readNowPlaying } from "./now_playing.ts";
import { PlayerStore } from "./player_store.ts";
import { type PlaybackSink, Players } from "./players.ts";

export type { PlaybackSink } from "./players.ts";

/** How often a server is asked, unless it fails: then half as often each time, up to the last. Milliseconds. */
const EVERY_MS = 10_000;
const LAST_WAIT_MS = 300_000;
/** How long a user is not watched after a push: the server is taken to push all of it. */
const PUSHED_MS = 600_000;
/** How long one look at a server may take. */
const LOOK_MS = 30_000;

/** What a server that can push says of a player. */
export interface PushedPlayback {
  /** The listener's login name. */
  readonly username: string;
  /** The server's id of the track. */
  readonly trackId: string;
  /** What the player does. */
  readonly state: "starting" | "playing" | "paused" | "stopped";
  /** How far it has played. */
  readonly positionMs: number;
  /** 1 unless given. */
  readonly playbackRate?: number;
  /** Tells the user's players apart. */
  readonly playerId?: string;
  /** As it is shown. */
  readonly playerName?: string;
}

/** What a {@link Sidecar} is made from. */
export interface SidecarOptions {
  /** The music server, as its service account. No administrator is needed. */
  readonly client: Pick<SubsonicClient, "ask">;
  /** Who is told what is played. */
  readonly sink: PlaybackSink;
  /** Whether anybody would be told; the server is not asked while nobody is. */
  readonly isWanted: () => boolean;
  /** The time by which is watched. */
  readonly clock: Clock;
  /** The folder in which is kept what is known of players. */
  readonly folder: string;
  /** Whether the server is asked what plays; `false` for one that pushes it. */
  readonly watches?: boolean;
  /** Told when the server stops to answer, and when it answers again. */
  readonly log?: (level: "info" | "warn", text: string) => void;
}

/**
 * Watches what a music server says is playing, and tells scrobblers.
 *
 * It asks `getNowPlaying` every ten seconds; a server that can push what players do calls
 * {@link Sidecar.push} (a route of an HTTP API: `PushedPlayback` as its body), and that user is not watched
 * for a while. A play is told once its track was heard for half, or for four minutes, and is longer than
 * 30 s; pauses do not count, seeks neither. Each player of a user is on its own.
 */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #store: PlayerStore;
  readonly #players: Players;
  /** When each user was last pushed. */
  readonly #pushed = new Map<string, number>();
  readonly #ended = new AbortController();
  /** Looks and pushes, one after another. */
  #work: Promise<unknown> = Promise.resolve();
  #cancelTimer: () => void = () => {};
  #failures = 0;
  #libraryId: number | undefined;

  /** Opens what is known of players, and begins to watch. */
  constructor(options: SidecarOptions) {
    this.#options = options;
    this.#store = new PlayerStore(options.folder);
    this.#players = new Players(options.sink, this.#store);
    if (options.watches ?? true) this.#lookIn(0);
  }

  /**
   * Takes what a server pushes.
   *
   * @throws {SoundproofError} `sidecar.track_unknown` where the server does not know the track,
   * `sidecar.server_failed` where it cannot be asked.
   */
  async push(pushed: PushedPlayback): Promise<void> {
    const { username, trackId, state, positionMs, playbackRate } = pushed;
    const { playerId = "", playerName = "" } = pushed;
    const track = await this.#track(trackId);
    await this.#inTurn(async () => {
      const now = this.#options.clock.now();
      this.#pushed.set(username.toLowerCase(), now);
      const player = { username, playerId, playerName };
      const seen = observationOf(track, {
        // Up to its end a player did what it did: one that stops does not play once more.
        state: state === "stopped" ? this.#players.stateOf(playerKey(player)) : state,
        positionMs,
        playbackRate,
      });
      await this.#players.see({ ...player, track, seen }, now);
      if (state === "stopped") await this.#players.miss(playerKey(player), now, "stopped");
    });
  }

  /** Ends the watch; what is known of players is kept. */
  async close(): Promise<void> {
    this.#cancelTimer();
    this.#ended.abort();
    await this.#work;
    this.#store.close();
  }

  #lookIn(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      void this.#inTurn(() => this.#look()).then(() => {
        if (this.#ended.signal.aborted) return;
        this.#lookIn(Math.min(EVERY_MS * 2 ** this.#failures, LAST_WAIT_MS));
      });
    });
  }

  /** One thing after another, whatever becomes of it. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work);
    this.#work = turn.catch(() => {});
    return turn;
  }

  async #look(): Promise<void> {
    const { client, clock, isWanted, log } = this.#options;
    if (this.#ended.signal.aborted || !isWanted()) return;
    try {
      const libraryId = await this.#library();
      const answer = await client.ask("getNowPlaying", {}, this.#signal());
      const seen = recognise(readNowPlaying(answer, libraryId), this.#players.known);
      if (this.#failures > 0) log?.("info", "The music server tells again what is playing");
      this.#failures = 0;
      const now = clock.now();
      for (const key of this.#players.keys) {
        if (!seen.has(key) && !this.#isPushed(playerOf(key).userKey, now)) {
          await this.#players.miss(key, now);
        }
      }
      for (const entry of seen.values()) {
        if (!this.#isPushed(entry.username.toLowerCase(), now)) await this.#players.see(entry, now);
      }
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      if (this.#failures++ === 0) {
        log?.("warn", `Cannot ask the music server what is playing: ${errorText(error)}`);
      }
    }
  }

  #isPushed(userKey: string, now: number): boolean {
    const at = this.#pushed.get(userKey);
    if (at !== undefined && now - at < PUSHED_MS) return true;
    this.#pushed.delete(userKey);
    return false;
  }

  async #track(id: string): Promise<ServerTrack> {
    let song: unknown;
    try {
      song = (await this.#options.client.ask("getSong", { id }, this.#signal()))["song"];
    } catch (cause) {
      if (cause instanceof SubsonicRefusal) throw unknown(id, errorText(cause), cause);
      throw new SoundproofError(
        "sidecar.server_failed",
        `Cannot take what plays: ${errorText(cause)}`,
        { cause },
      );
    }
    const track = isJsonObject(song) ? trackOf(song, await this.#library()) : undefined;
    if (track === undefined) throw unknown(id, "the music server does not know it");
    return track;
  }

  /** The library of every track, where there is but one: an entry does not tell its own. */
  async #library(): Promise<number> {
    if (this.#libraryId !== undefined) return this.#libraryId;
    const answer = await this.#options.client.ask("getMusicFolders", {}, this.#signal());
    const folders = objects(field(answer["musicFolders"], "musicFolder"));
    const id = folders.length === 1 ? Number(folders[0]?.["id"]) : 0;
    return this.#libraryId = Number.isInteger(id) ? id : 0;
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#ended.signal, AbortSignal.timeout(LOOK_MS)]);
  }
}

function unknown(id: string, state: string, cause?: unknown): SoundproofError {
  return new SoundproofError(
    "sidecar.track_unknown",
    `Cannot take what plays: track "${id.slice(0, 100)}": ${state}`,
    { cause },
  );
}
