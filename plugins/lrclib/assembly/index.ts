// The words of a track from LRCLIB: https://lrclib.net/docs

import {
  config,
  fail,
  HttpRequest,
  Json,
  log,
  Lyrics,
  LyricsProvider,
  registerLyricsProvider,
  TrackInfo,
} from "@soundproof/pdk";

export { nd_lyrics_get_lyrics } from "@soundproof/pdk";

const API = "https://lrclib.net/api/get?";
const TIMEOUT_MS = 15_000;
/** LRCLIB asks programs to say who they are. */
const AGENT = "SoundproofLRCLIB/1.0.0 (https://jsr.io/@soundproof/host)";

class Lrclib extends LyricsProvider {
  override lyrics(track: TrackInfo): Lyrics[] {
    if (track.title == "" || track.artist == "") return [];
    const found = look(track);
    if (found === null) return [];
    if (found.get("instrumental").boolean()) {
      log.debug("LRCLIB knows the track as an instrumental");
      return [];
    }
    const text = textOf(found);
    return text == "" ? [] : [new Lyrics(text)];
  }
}

/** The entry of the very track; `null` where there is none, or after a fault. */
function look(track: TrackInfo): Json | null {
  let query = "track_name=" + encodeURIComponent(track.title) +
    "&artist_name=" + encodeURIComponent(track.artist);
  if (track.album != "") query += "&album_name=" + encodeURIComponent(track.album);
  if (track.duration > 0) query += "&duration=" + (<i64> Math.round(track.duration)).toString();
  const response = new HttpRequest("GET", API + query)
    .header("User-Agent", AGENT)
    .timeout(TIMEOUT_MS)
    .send();
  if (response.status == 404) return null;
  const entry = response.json();
  if (response.ok && entry.error == "") return entry;
  fail("Cannot ask LRCLIB: " + (response.ok ? entry.error : response.fault));
  return null;
}

/** The lyrics that are wanted, else the others. */
function textOf(entry: Json): string {
  const synced = entry.get("syncedLyrics").text(), plain = entry.get("plainLyrics").text();
  return config.boolean("synced", true)
    ? (synced != "" ? synced : plain)
    : (plain != "" ? plain : synced);
}

registerLyricsProvider(new Lrclib());
