// The Lyrics capability: the words of a track.
//
// A plugin extends `LyricsProvider`, registers one, and exports `nd_lyrics_get_lyrics`.

import { answerList, notImplementedList, readRequest } from "./capability";
import { Json } from "./json";
import { TrackInfo } from "./music";
import { resultCode } from "./result";

/** The words of a track in one language. */
export class Lyrics {
  /** @param text LRC, SRT, TTML, a YAML lyrics file or plain text; the server finds out which. */
  constructor(public text: string, /** ISO 639 code; empty for unknown. */ public lang: string = "") {}

  toJson(): Json {
    return Json.object().setUnlessEmpty("lang", this.lang).set("text", Json.text(this.text));
  }
}

/** Knows the words of tracks. An empty list means "not found". */
export class LyricsProvider {
  lyrics(_track: TrackInfo): Lyrics[] {
    return notImplementedList<Lyrics>();
  }
}

let registered: LyricsProvider = new LyricsProvider();

/** Makes this the provider that answers the export below. */
export function registerLyricsProvider(provider: LyricsProvider): void {
  registered = provider;
}

export function nd_lyrics_get_lyrics(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  return answerList("lyrics", registered.lyrics(new TrackInfo(request.get("track"))));
}
