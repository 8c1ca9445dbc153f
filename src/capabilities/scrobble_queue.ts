import type { Clock } from "../services/mod.ts";
import { errorText } from "../errors.ts";
import type { ScopedGuest } from "./guest_caller.ts";
import { type Authorization, isAbsent, Scrobbler, type ScrobblerResult } from "./scrobbler.ts";
import type { QueuedPlay, ScrobbleStore } from "./scrobble_store.ts";
import type { TrackInfo } from "./track_info.ts";

/** The first wait after `retry_later`; each further one is twice as long, up to the last. Milliseconds. */
const FIRST_WAIT_MS = 5_000;
const LAST_WAIT_MS = 240_000;
/** Users of one plugin whose plays are sent at once: its cells are there for others, too. */
const LANES_AT_ONCE = 4;
/** Errors after which a play may have been delivered all the same. */
const NO_ANSWER: ReadonlySet<string> = new Set(["guest.deadline", "guest.lost"]);

/** What has happened to plays of a plugin since the host was opened. */
export interface ScrobbleCounters {
  /** Plays that wait. */
  readonly waiting: number;
  /** Calls that the plugin answered well. */
  readonly delivered: number;
  /** Calls it answered with `retry_later`, or could not be made. */
  readonly postponed: number;
  /** Plays that went to the list of those that failed. */
  readonly failed: number;
  /** Of that list, those that had to make room. */
  readonly dropped: number;
  /** Plays that were forgotten: the plugin is not authorised for their user, or takes no plays. */
  readonly unwanted: number;
  /** Plays that were sent once more without knowing whether they had been delivered: possible duplicates. */
  readonly repeated: number;
}

/** What a {@link ScrobbleQueue} is made from. */
export interface ScrobbleQueueOptions {
  /** Where plays are kept. */
  readonly store: ScrobbleStore;
  /** The plugins that run now. */
  readonly plugins: () => Iterable<ScopedGuest>;
  /** The time by which is waited. */
  readonly clock: Clock;
  /** Told of what nobody waits for. */
  readonly log?: (level: "warn" | "error", text: string, plugin: string) => void;
}

type Counts = { -readonly [Name in Exclude<keyof ScrobbleCounters, "waiting">]: number };

/** One user's plays on their way to one plugin. */
interface Lane {
  /** Whether they are being sent. */
  isActive: boolean;
  /** How long the last wait was; 0 after a delivery. */
  waitMs: number;
  /** Ends the wait before the next try, where there is one. */
  cancelWait?: (() => void) | undefined;
}

/**
 * Sends plays to plugins, each user's in order, until they are delivered.
 *
 * A play's way: it is stored, then the plugin is asked whether it is authorised for the user, then it is
 * handed over. `retry_later` leaves it where it is, and with it all later plays of that user for that
 * plugin; a refusal puts it aside, with its reason, where it can be looked at and queued again. While the
 * plugin does not run, it waits.
 *
 * Each play is delivered at least once. It is handed over a second time only if no answer is known to the
 * first: the process died, the cell was lost, or the plugin was unloaded meanwhile. Of one user there is
 * never more than one play on its way to a plugin, so each such event repeats at most one play a user.
 */
export class ScrobbleQueue {
  readonly #options: ScrobbleQueueOptions;
  readonly #store: ScrobbleStore;
  /** Those that send or wait, by plugin and user. */
  readonly #lanes = new Map<string, Map<string, Lane>>();
  /** Plays whose gate is being asked by who queued them. */
  readonly #asking = new Map<number, Promise<void>>();
  readonly #counts = new Map<string, Counts>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  /** Nothing is sent before {@link ScrobbleQueue.wake}. */
  constructor(options: ScrobbleQueueOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** What has happened, by plugin id, for metrics. */
  get counters(): ReadonlyMap<string, ScrobbleCounters> {
    const { waiting } = this.#store;
    const plugins = new Set([...waiting.keys(), ...this.#counts.keys()]);
    return new Map([...plugins].map((plugin) => [plugin, {
      ...this.#countsOf(plugin),
      waiting: waiting.get(plugin) ?? 0,
    }]));
  }

  /**
   * Takes a play for a plugin. It is stored at once; the gate is asked afterwards, where the plugin runs.
   *
   * @returns Whether it is queued, known already, or not for this plugin.
   * @throws {SoundproofError} `scrobbles.invalid`, `scrobbles.queue_full`.
   */
  async add(
    plugin: string,
    username: string,
    track: TrackInfo,
    timestamp: number,
  ): Promise<"queued" | "known" | "unwanted"> {
    const guest = this.#guest(plugin);
    if (guest !== undefined && !takes(guest, username)) return "unwanted";
    const id = this.#store.add(plugin, username, track, timestamp, this.#options.clock.now());
    if (id === undefined) return "known";
    if (guest === undefined) return "queued";
    let authorization: Authorization = "unknown";
    const asked = new Scrobbler(guest).authorization(username).then((answer) => {
      authorization = answer;
      this.#judge({ id, plugin, username }, answer);
    }).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asked);
    this.#track(asked);
    this.#pump(plugin);
    await asked;
    return (authorization as Authorization) === "no" ? "unwanted" : "queued";
  }

  /** Sends what waits for a plugin, without further waits: to be called when it was loaded. */
  wake(plugin: string): void {
    for (const lane of this.#lanes.get(plugin)?.values() ?? []) {
      lane.cancelWait?.();
      lane.cancelWait = undefined;
      lane.waitMs = 0;
    }
    this.#pump(plugin);
  }

  /** Sends nothing more, and waits for calls that run. What waits is still there the next time. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const lanes of this.#lanes.values()) {
      for (const { cancelWait } of lanes.values()) cancelWait?.();
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Starts lanes that neither send nor wait. */
  #pump(plugin: string): void {
    if (this.#isClosed || this.#guest(plugin) === undefined) return;
    const lanes = this.#lanes.get(plugin) ?? new Map<string, Lane>();
    this.#lanes.set(plugin, lanes);
    let active = [...lanes.values()].filter(({ isActive }) => isActive).length;
    for (const name of this.#store.lanes(plugin)) {
      if (active >= LANES_AT_ONCE) return;
      const lane = lanes.get(name) ?? { isActive: false, waitMs: 0 };
      if (lane.isActive || lane.cancelWait !== undefined) continue;
      lanes.set(name, lane);
      lane.isActive = true;
      active++;
      this.#track(this.#send(plugin, name, lane));
    }
  }

  #track(work: Promise<void>): void {
    const done = work.catch(() => {}).finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #send(plugin: string, name: string, lane: Lane): Promise<void> {
    try {
      while (!this.#isClosed && await this.#sendNext(plugin, name, lane));
    } catch (error) {
      // A disk that is full, say: what is stored stays as it is, and is tried again.
      this.#options.log?.("error", `Cannot send plays: ${errorText(error)}`, plugin);
      this.#rest(plugin, lane);
    }
    lane.isActive = false;
    if (lane.waitMs === 0) this.#lanes.get(plugin)?.delete(name);
    // Another lane may have waited for its turn.
    this.#pump(plugin);
  }

  /** Sends a lane's first play; gives whether to go on with the next. */
  async #sendNext(plugin: string, name: string, lane: Lane): Promise<boolean> {
    const guest = this.#guest(plugin);
    const play = this.#store.next(plugin, name);
    if (guest === undefined || play === undefined) return false;
    const asking = this.#asking.get(play.id);
    if (asking !== undefined) {
      await asking;
      return true;
    }
    const scrobbler = new Scrobbler(guest);
    if (!play.isAuthorized) {
      const answer = await scrobbler.authorization(play.username);
      if (answer === "unknown") return this.#postpone(play, guest, lane);
      this.#judge(play, answer);
      return true;
    }
    if (play.isUncertain) this.#countsOf(plugin).repeated++;
    this.#store.begin(play.id);
    const result = await scrobbler.submit(play.username, play.track, play.timestamp);
    return this.#settle(play, guest, lane, result);
  }

  #settle(play: QueuedPlay, guest: ScopedGuest, lane: Lane, result: ScrobblerResult): boolean {
    if (result.kind === "done") {
      this.#store.delivered(play, this.#options.clock.now());
      this.#countsOf(play.plugin).delivered++;
      lane.waitMs = 0;
      return true;
    }
    if (result.kind === "skipped") return this.#putAside(play, "not_assigned", result.reason);
    const { kind, error } = result;
    if (isAbsent(error)) return this.#forget(play);
    const isAnswer = !NO_ANSWER.has(error.code);
    // What a plugin says while it is being unloaded is not about the play: it is tried again.
    const isGone = this.#guest(play.plugin) !== guest;
    if (kind !== "retry_later" && !isGone) {
      return this.#putAside(play, error.code, error.detail || error.message, !isAnswer);
    }
    if (isAnswer && kind === "retry_later") this.#store.retry(play.id);
    return this.#postpone(play, guest, lane);
  }

  #putAside(play: QueuedPlay, code: string, reason: string, isUncertain = false): boolean {
    const counts = this.#countsOf(play.plugin);
    const now = this.#options.clock.now();
    counts.failed++;
    counts.dropped += this.#store.failed(play, code, reason, isUncertain, now);
    const text = `A play of user "${play.username}" was put aside: ${reason}`;
    this.#options.log?.("error", text, play.plugin);
    return true;
  }

  /** Waits before the lane's first play is tried again; a plugin that was loaded anew is tried at once. */
  #postpone({ plugin }: QueuedPlay, guest: ScopedGuest, lane: Lane): boolean {
    this.#countsOf(plugin).postponed++;
    if (this.#guest(plugin) !== guest) return true;
    this.#rest(plugin, lane);
    return false;
  }

  #rest(plugin: string, lane: Lane): void {
    if (this.#isClosed) return;
    lane.waitMs = Math.min(Math.max(FIRST_WAIT_MS, lane.waitMs * 2), LAST_WAIT_MS);
    lane.cancelWait = this.#options.clock.after(lane.waitMs, () => {
      lane.cancelWait = undefined;
      this.#pump(plugin);
    });
  }

  #judge(play: Pick<QueuedPlay, "id" | "plugin" | "username">, answer: Authorization): void {
    if (answer === "yes") this.#store.authorize(play.id);
    if (answer === "no") this.#forget(play);
  }

  #forget(play: Pick<QueuedPlay, "id" | "plugin" | "username">): true {
    this.#store.drop(play);
    this.#countsOf(play.plugin).unwanted++;
    return true;
  }

  #guest(plugin: string): ScopedGuest | undefined {
    for (const guest of this.#options.plugins()) if (guest.id === plugin) return guest;
    return undefined;
  }

  #countsOf(plugin: string): Counts {
    const known = this.#counts.get(plugin);
    if (known !== undefined) return known;
    const made = {
      delivered: 0,
      postponed: 0,
      failed: 0,
      dropped: 0,
      unwanted: 0,
      repeated: 0,
    };
    this.#counts.set(plugin, made);
    return made;
  }
}

/** What can be known without asking the plugin. */
function takes(guest: ScopedGuest, username: string): boolean {
  return guest.exports.has("nd_scrobbler_scrobble") && new Scrobbler(guest).isAssigned(username);
}
