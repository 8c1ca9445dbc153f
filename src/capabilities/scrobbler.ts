import { SoundproofError } from "../errors.ts";
import type { ServerTrack } from "../services/mod.ts";
import { askValue } from "./ask.ts";
import type { CallOptions, ScopedGuest } from "./guest_caller.ts";
import { hasUnknownArtist, shownTo, type TrackInfo, trackInfo } from "./track_info.ts";

/** What a player does. */
export type PlaybackState = "starting" | "playing" | "paused" | "stopped" | "expired";

/** Someone listens to a track. */
export interface NowPlaying {
  /** The listener's login name. */
  readonly username: string;
  /** What plays. */
  readonly track: ServerTrack;
  /** How far it has played; whole seconds. */
  readonly position: number;
}

/** Someone has listened to a track. */
export interface Play {
  /** The listener's login name. */
  readonly username: string;
  /** What was played. */
  readonly track: ServerTrack;
  /** When it began. Unix seconds. */
  readonly timestamp: number;
}

/** What a player does with a track. */
export interface PlaybackReport {
  /** The listener's login name. */
  readonly username: string;
  /** What plays. */
  readonly track: ServerTrack;
  /** What the player does. */
  readonly state: PlaybackState;
  /** How far it has played. */
  readonly positionMs: number;
  /** 1 is as recorded. */
  readonly playbackRate: number;
  /** Tells the user's players apart. */
  readonly playerId: string;
  /** As it is shown. */
  readonly playerName: string;
  /** When this was so. Unix seconds. */
  readonly timestamp: number;
}

/** What telling a scrobbler came to. */
export type ScrobblerResult =
  /** It was told. */
  | { readonly kind: "done" }
  /** It was not told, as the rules want it; `reason` says why. */
  | { readonly kind: "skipped"; readonly reason: string }
  /** It refused, or was at fault. */
  | {
    readonly kind: "not_authorized" | "retry_later" | "unrecoverable";
    readonly error: SoundproofError;
  };

/** Whether a plugin may be told of what a user plays; `unknown` where it could not be asked. */
export type Authorization = "yes" | "no" | "unknown";

/** Faults of the host, not of the plugin: it was not called, or was cut off. */
const OF_THE_HOST: ReadonlySet<string> = new Set([
  "call.cancelled",
  "guest.lost",
  "pool.cells_lost",
  "pool.closed",
  "pool.queue_deadline",
  "pool.queue_full",
]);

const encoder = new TextEncoder();

/**
 * Tells a plugin what people listen to (`extism-abi.md`, 3.4). No method rejects.
 *
 * The gate stands before everything: the user must be assigned to the plugin, and the plugin must say that
 * it is authorised for the user. Words in an error's text tell what a failure means; what no word tells is
 * unrecoverable, as it is upstream, but for a fault of the host (no cell was free, the plugin is being
 * unloaded): that is `retry_later`.
 */
export class Scrobbler {
  readonly #guest: ScopedGuest;
  readonly #options: CallOptions;

  /** Wraps a plugin; `options` hold for every call. */
  constructor(guest: ScopedGuest, options: CallOptions = {}) {
    this.#guest = guest;
    this.#options = options;
  }

  /** Whether the user was assigned to the plugin. */
  isAssigned(username: string): boolean {
    const { users } = this.#guest.scope;
    const name = username.toLowerCase();
    return users === "all" || users.some((user) => user.toLowerCase() === name);
  }

  /** The gate. A plugin that fails, or does not answer with a boolean, is not authorised. */
  async authorization(username: string): Promise<Authorization> {
    if (!this.isAssigned(username)) return "no";
    const answer = await askValue(
      this.#guest,
      "nd_scrobbler_is_authorized",
      { username },
      (value) => value === true,
      this.#options,
    );
    if (answer.kind === "found") return answer.value ? "yes" : "no";
    return answer.kind === "fault" && OF_THE_HOST.has(answer.error.code) ? "unknown" : "no";
  }

  /** Tells that a track plays now. */
  async nowPlaying({ username, track, position }: NowPlaying): Promise<ScrobblerResult> {
    const info = trackInfo(track);
    if (hasUnknownArtist(info)) return skipped("its artist is not known");
    return await this.#gated(username) ??
      await this.#tell("nd_scrobbler_now_playing", {
        username,
        track: this.#shown(info),
        position: Math.trunc(position),
      });
  }

  /** Tells what a player does. A plugin that does not want to know has been told. */
  async playbackReport(report: PlaybackReport): Promise<ScrobblerResult> {
    const { username, track, state, positionMs, playbackRate, playerId, playerName, timestamp } =
      report;
    const name = "nd_scrobbler_playback_report";
    const result = await this.#gated(username) ??
      await this.#tell(name, {
        username,
        track: this.#shown(trackInfo(track)),
        state,
        positionMs: Math.trunc(positionMs),
        playbackRate,
        playerId,
        playerName,
        timestamp,
      });
    return "error" in result && isAbsent(result.error) ? { kind: "done" } : result;
  }

  /** Tells that a track was played, at once; a host's `scrobblers` queue it first. The gate is asked too. */
  async scrobble({ username, track, timestamp }: Play): Promise<ScrobblerResult> {
    const info = trackInfo(track);
    if (hasUnknownArtist(info)) return skipped("its artist is not known");
    return await this.#gated(username) ?? await this.submit(username, info, timestamp);
  }

  /**
   * Sends a play that passed the gate when it was queued. That the user is still assigned is looked at again:
   * a grant that was taken back holds for what waits, too.
   */
  async submit(username: string, info: TrackInfo, timestamp: number): Promise<ScrobblerResult> {
    if (!this.isAssigned(username)) return notAssigned(username);
    const track = this.#shown(info);
    return await this.#tell("nd_scrobbler_scrobble", { username, track, timestamp });
  }

  #shown(info: TrackInfo): TrackInfo {
    return shownTo(this.#guest.scope, info);
  }

  async #gated(username: string): Promise<ScrobblerResult | undefined> {
    if (!this.isAssigned(username)) return notAssigned(username);
    const authorization = await this.authorization(username);
    return authorization === "yes"
      ? undefined
      : skipped(`the plugin is not authorised for user "${username}"`);
  }

  async #tell(name: string, request: object): Promise<ScrobblerResult> {
    try {
      await this.#guest.call(name, encoder.encode(JSON.stringify(request)), this.#options);
      return { kind: "done" };
    } catch (thrown) {
      const error = thrown instanceof SoundproofError ? thrown : new SoundproofError(
        "guest.error",
        `Cannot call "${name}" of plugin "${this.#guest.id}": ${thrown}`,
        { cause: thrown },
      );
      return { kind: meaningOf(error), error };
    }
  }
}

/** What an error means, by the words in its text, in the order in which upstream looks for them. */
function meaningOf(error: SoundproofError): "not_authorized" | "retry_later" | "unrecoverable" {
  const text = `${error.detail}\n${error.message}`;
  if (text.includes("scrobbler(not_authorized)")) return "not_authorized";
  if (text.includes("scrobbler(retry_later)") || OF_THE_HOST.has(error.code)) return "retry_later";
  return "unrecoverable";
}

/** Whether a plugin does not do this at all. */
export function isAbsent({ code }: SoundproofError): boolean {
  return code === "guest.export_unknown" || code === "guest.not_implemented";
}

function skipped(reason: string): ScrobblerResult {
  return { kind: "skipped", reason };
}

function notAssigned(username: string): ScrobblerResult {
  return skipped(`user "${username}" is not assigned to the plugin`);
}
