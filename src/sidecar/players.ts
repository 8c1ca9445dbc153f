import type { Scrobblers } from "../capabilities/mod.ts";
import type { ServerTrack } from "../services/mod.ts";
import type { KnownPlayer } from "./known_players.ts";
import { type Entry, playerKey, playerOf } from "./now_playing.ts";
import { observe, type Playback, type PlaybackEvent } from "./playback.ts";
import type { PlayerStore } from "./player_store.ts";

/** Who is told what is played; a host's `scrobblers` are. */
export type PlaybackSink = Pick<Scrobblers, "nowPlaying" | "scrobble" | "playbackReport">;

/** Who plays what, for those who are told. */
interface Listener {
  readonly username: string;
  readonly playerId: string;
  readonly playerName: string;
  /** The last track that is known of the player. */
  readonly track: ServerTrack;
}

/**
 * All players of a server: what is seen of each becomes what is told of it.
 *
 * A step is kept before it is told, but for that a play was told: who is killed in between tells it once
 * more, with the same time, and the scrobblers know it.
 */
export class Players {
  readonly #sink: PlaybackSink;
  readonly #store: PlayerStore;
  readonly #playbacks: Map<string, Playback>;
  /** By player; a player of an earlier process has none before it is seen. */
  readonly #listeners = new Map<string, Listener>();

  /** Goes on with what is known of players. */
  constructor(sink: PlaybackSink, store: PlayerStore) {
    this.#sink = sink;
    this.#store = store;
    this.#playbacks = store.all();
  }

  /** The keys of the players that are known to play. */
  get keys(): string[] {
    return [...this.#playbacks.keys()];
  }

  /** These players. */
  get known(): KnownPlayer[] {
    return [...this.#playbacks].map(([key, { trackId }]) => ({ ...playerOf(key), trackId }));
  }

  /** What a player was last known to do. */
  stateOf(key: string): Playback["state"] | undefined {
    return this.#playbacks.get(key)?.state;
  }

  /** A look at one player. */
  async see(entry: Entry, now: number): Promise<void> {
    const key = playerKey(entry);
    const last = this.#playbacks.get(key);
    const before = this.#listeners.get(key);
    this.#listeners.set(key, entry);
    const { playback, events } = observe(last, entry.seen, now);
    await this.#follow(key, last, playback, events, now, before);
  }

  /** A player plays nothing any more; `stopped` where it said so. */
  async miss(key: string, now: number, word?: "stopped"): Promise<void> {
    const last = this.#playbacks.get(key);
    const { events } = observe(last, word, now);
    await this.#follow(key, last, undefined, events, now, this.#listeners.get(key));
    this.#listeners.delete(key);
  }

  async #follow(
    key: string,
    last: Playback | undefined,
    playback: Playback | undefined,
    events: readonly PlaybackEvent[],
    now: number,
    before: Listener | undefined,
  ): Promise<void> {
    const isNewlyTold = playback?.isScrobbled === true &&
      events.some(({ kind }) => kind === "scrobble");
    this.#keep(key, isNewlyTold ? { ...playback, isScrobbled: false } : playback);
    for (const event of events) await this.#tell(key, event, now, last, before);
    if (isNewlyTold) this.#keep(key, playback);
  }

  #keep(key: string, playback: Playback | undefined): void {
    if (playback === undefined) this.#playbacks.delete(key);
    else this.#playbacks.set(key, playback);
    this.#store.set(key, playback);
  }

  async #tell(
    key: string,
    event: PlaybackEvent,
    now: number,
    last: Playback | undefined,
    before: Listener | undefined,
  ): Promise<void> {
    const current = this.#listeners.get(key);
    // What is told of the track before is told with that track.
    const isBefore = event.kind !== "now_playing" && event.trackId === last?.trackId &&
      event.trackId !== current?.track.id;
    const listener = isBefore ? before : current;
    if (listener === undefined) return;
    const { username, track } = listener;
    if (event.kind === "now_playing") {
      await this.#sink.nowPlaying({ username, track, position: event.positionMs / 1000 });
    } else if (event.kind === "scrobble") {
      const timestamp = Math.floor(event.startedAt / 1000);
      await this.#sink.scrobble({ username, track, timestamp });
    } else {
      const { playerId, playerName } = playerOf(key);
      const { state, positionMs, playbackRate } = event;
      const timestamp = Math.floor(now / 1000);
      const what = { state, positionMs, playbackRate, timestamp };
      await this.#sink.playbackReport({ username, track, playerId, playerName, ...what });
    }
  }
}
