import { SoundproofError } from "../errors.ts";
import type { ServerTrack } from "../services/mod.ts";
import { ask } from "./ask.ts";
import type { Answer, CallOptions, GuestCaller, ScopedGuest } from "./guest_caller.ts";
import { parseLyrics, type TrackLyrics, UNKNOWN_LANGUAGE } from "./lyrics/mod.ts";
import { shownTo, trackInfo } from "./track_info.ts";
import { Turns } from "./turns.ts";

/** Calls for lyrics that run at once in one plugin; further callers wait. */
const CALLS_AT_ONCE = 2;
/** Entries of one answer that are read, and how long they are together: reading them holds up the host. */
const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 2_000_000;

/** By plugin, whoever asks it. */
const turnsOf = new WeakMap<GuestCaller, Turns>();

/**
 * Asks a plugin for lyrics (`extism-abi.md`, 3.5). At most two calls of one plugin run at once; who waits
 * for a turn can give up with the `signal` of the options.
 */
export class Lyrics {
  readonly #guest: ScopedGuest;
  readonly #options: CallOptions;

  /** Wraps a plugin; `options` hold for every call. */
  constructor(guest: ScopedGuest, options: CallOptions = {}) {
    this.#guest = guest;
    this.#options = options;
  }

  /**
   * The lyrics of a track; entries that are empty or cannot be read are left out. Does not reject.
   *
   * A text may be TTML, SubRip, a YAML lyrics file, LRC or plain: what it is shows in the text itself. A
   * language that the plugin does not tell is `xxx`.
   */
  async ofTrack(track: ServerTrack): Promise<Answer<TrackLyrics[]>> {
    let done: () => void;
    try {
      done = await this.#turns().take(this.#options.signal);
    } catch {
      const text = `Cannot ask plugin "${this.#guest.id}" for lyrics: its caller cancelled it`;
      return { kind: "fault", error: new SoundproofError("call.cancelled", text) };
    }
    try {
      const info = shownTo(this.#guest.scope, trackInfo(track));
      return await ask(this.#guest, "nd_lyrics_get_lyrics", { track: info }, (answer) => {
        let left = MAX_CHARACTERS;
        const lyrics = answer
          .list("lyrics", (entry) => ({ lang: entry.text("lang"), text: entry.text("text") }))
          .slice(0, MAX_ENTRIES)
          .filter(({ text }) => (left -= text.length) >= 0)
          .flatMap(({ lang, text }) => parseLyrics(text, lang || UNKNOWN_LANGUAGE));
        return lyrics.length === 0 ? undefined : lyrics;
      }, this.#options);
    } finally {
      done();
    }
  }

  #turns(): Turns {
    const known = turnsOf.get(this.#guest);
    if (known !== undefined) return known;
    const made = new Turns(CALLS_AT_ONCE);
    turnsOf.set(this.#guest, made);
    return made;
  }
}
