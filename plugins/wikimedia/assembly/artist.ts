// Who an artist is: by MusicBrainz id, else by name; remembered in the host's cache.

import { cache, config, fail, Json, resultCode, SUCCESS } from "@soundproof/pdk";
import { byMbid, byName, queryArtist } from "./wikidata";

/** What Wikidata knows of an artist. Fields are empty where it knows nothing. */
@final
export class Artist {
  constructor(
    /** Address of the article, in the language wanted or in English. */
    readonly article: string,
    /** Address of the picture on Commons. */
    readonly picture: string,
  ) {}
}

const DAY: i64 = 86_400;

/** The longest label Wikidata has; also a bound on what is asked. */
const MAX_NAME = 250;

/** The artist; `null` where Wikidata knows none, or after a fault. */
export function findArtist(mbid: string, name: string): Artist | null {
  const language = config.text("language", "en");
  if (!isLanguage(language)) {
    fail('Cannot use language "' + language + '": it is not the address of a Wikipedia');
    return null;
  }
  const id = isMbid(mbid) ? mbid.toLowerCase() : "";
  const title = name.trim();
  const key = "artist " + language + " " + id + " " + title;
  const kept = cache.getText(key);
  if (kept !== null) return read(Json.parse(kept));

  const found = search(id, title, language);
  if (resultCode() != SUCCESS) return null;
  // Someone may write the missing article: what is not known is asked again sooner.
  cache.setText(key, write(found), found === null ? DAY / 4 : DAY);
  return found;
}

function search(id: string, name: string, language: string): Artist | null {
  if (id != "") {
    const found = queryArtist(byMbid(id), language, false);
    if (found !== null || resultCode() != SUCCESS) return found;
  }
  if (name == "" || name.length > MAX_NAME) return null;
  return queryArtist(byName(name, language, id != ""), language, true);
}

function write(artist: Artist | null): string {
  const json = Json.object();
  if (artist !== null) {
    json.set("article", Json.text(artist.article)).set("picture", Json.text(artist.picture));
  }
  return json.toString();
}

function read(json: Json): Artist | null {
  if (!json.get("article").exists) return null;
  return new Artist(json.get("article").text(), json.get("picture").text());
}

/** Whether a text is a UUID, the form of all MusicBrainz ids. */
function isMbid(text: string): bool {
  if (text.length != 36) return false;
  for (let i = 0; i < 36; i++) {
    const code = text.charCodeAt(i) | 0x20;
    const dash = i == 8 || i == 13 || i == 18 || i == 23;
    const hex = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (dash ? text.charCodeAt(i) != 0x2d : !hex) return false;
  }
  return true;
}

/** Whether a text can be the first part of a Wikipedia's address; it becomes part of a host name. */
function isLanguage(text: string): bool {
  if (text.length < 2 || text.length > 20 || text.startsWith("-") || text.endsWith("-")) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x61 || code > 0x7a) && code != 0x2d) return false;
  }
  return true;
}
