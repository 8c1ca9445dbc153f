// Pictures that Discord shows: it has to be told their addresses beforehand, and gives each a name of its own.

import { artwork, cache, encode, HttpRequest, Json, log } from "@soundproof/pdk";
import { Account } from "./account";

/** Shown where the track has no cover that Discord can fetch. */
const RECORD = "https://i.imgur.com/hb3XPzA.png";

const COVER_SECONDS: i64 = 4 * 3600;
const RECORD_SECONDS: i64 = 48 * 3600;
const COVER_SIZE: i32 = 300;

const HEX = "0123456789abcdef";

/** Discord's name for the cover of a track, or for the record; empty if it takes neither. */
export function pictureOf(trackId: string, account: Account): string {
  const url = artwork.trackUrl(trackId, COVER_SIZE);
  // Without a public address of its own, a server gives one that only itself can reach.
  if (url != "" && !url.startsWith("http://localhost")) {
    const cover = nameOf(url, COVER_SECONDS, account);
    if (cover != "") return cover;
  }
  return nameOf(RECORD, RECORD_SECONDS, account);
}

function nameOf(url: string, ttlSeconds: i64, account: Account): string {
  if (url.startsWith("mp:")) return url;
  const key = "discord.image." + hex(url);
  const known = cache.getText(key);
  if (known !== null) return known;
  const response = new HttpRequest(
    "POST",
    "https://discord.com/api/v9/applications/" + account.clientId + "/external-assets",
  )
    .header("Authorization", account.token)
    .json(Json.object().set("urls", Json.array().push(Json.text(url))))
    .send();
  const path = response.json().at(0).get("external_asset_path").text();
  if (!response.ok || path == "") {
    log.warn("Cannot have Discord show a picture: " +
      (response.ok ? "it gives no name for it" : response.fault));
    return "";
  }
  cache.setText(key, "mp:" + path, ttlSeconds);
  return "mp:" + path;
}

function hex(text: string): string {
  const bytes = Uint8Array.wrap(encode(text));
  let digits = "";
  for (let i = 0; i < bytes.length; i++) {
    digits += HEX.charAt(bytes[i] >> 4) + HEX.charAt(bytes[i] & 15);
  }
  return digits;
}
