// What is counted of a library on one day, and how it is kept.

import { Json, kvstore, Library } from "@soundproof/pdk";

const DAYS_KEPT: i64 = 400;
const DAY_SECONDS: i64 = 86_400;

/** The counts of one library. */
@final
export class Count {
  constructor(
    readonly songs: i64,
    readonly albums: i64,
    readonly artists: i64,
    readonly bytes: i64,
    readonly hours: i64,
  ) {}

  static of(library: Library): Count {
    return new Count(
      library.totalSongs,
      library.totalAlbums,
      library.totalArtists,
      library.totalSize,
      <i64> (library.totalDuration / 3600),
    );
  }

  static fromJson(json: Json): Count {
    return new Count(
      json.get("songs").integer(),
      json.get("albums").integer(),
      json.get("artists").integer(),
      json.get("bytes").integer(),
      json.get("hours").integer(),
    );
  }

  toJson(): Json {
    return Json.object()
      .set("songs", Json.integer(this.songs))
      .set("albums", Json.integer(this.albums))
      .set("artists", Json.integer(this.artists))
      .set("bytes", Json.integer(this.bytes))
      .set("hours", Json.integer(this.hours));
  }
}

/** The count before this day's, or before any; `null` where there is none. */
export function lastCount(id: i32): Count | null {
  const kept = kvstore.getText(lastKey(id));
  return kept === null ? null : Count.fromJson(Json.parse(kept));
}

/** Keeps a day's count; `false` if the host could not. A second one of a day takes the place of the first. */
export function keep(id: i32, day: string, count: Count): bool {
  const text = count.toJson().toString();
  return kvstore.setText(prefix(id) + day, text, DAYS_KEPT * DAY_SECONDS) &&
    kvstore.setText(lastKey(id), text);
}

/** Every day's count of a library, by day. */
export function history(id: i32): Json {
  const days = Json.object(), keys = kvstore.list(prefix(id));
  const texts = kvstore.getMany(keys);
  for (let i = 0; i < keys.length; i++) {
    if (!texts.has(keys[i])) continue;
    const text = String.UTF8.decode(texts.get(keys[i]));
    days.set(keys[i].substring(prefix(id).length), Json.parse(text));
  }
  return days;
}

function prefix(id: i32): string {
  return "day/" + id.toString() + "/";
}

function lastKey(id: i32): string {
  return "last/" + id.toString();
}
