// The SonicSimilarity capability: songs that sound alike.
//
// A plugin extends `SonicSimilarity`, registers one, and exports the functions it answers.

import { answerList, notImplementedList, readRequest } from "./capability";
import { Json } from "./json";
import { SongRef } from "./music";
import { resultCode } from "./result";

/** A song that sounds alike. */
export class SonicMatch {
  /** @param similarity From 0 to 1. */
  constructor(public song: SongRef, public similarity: f64) {}

  toJson(): Json {
    return Json.object()
      .set("song", this.song.toJson())
      .set("similarity", Json.float(this.similarity));
  }
}

/** Knows how songs sound. An empty list means "not found". */
export class SonicSimilarity {
  /** At most `count` songs that sound like this one. */
  similarTracks(_song: SongRef, _count: i32): SonicMatch[] {
    return notImplementedList<SonicMatch>();
  }

  /** At most `count` songs that lead in small steps from one to another. */
  path(_start: SongRef, _end: SongRef, _count: i32): SonicMatch[] {
    return notImplementedList<SonicMatch>();
  }
}

let registered: SonicSimilarity = new SonicSimilarity();

/** Makes this the one that answers the exports below. */
export function registerSonicSimilarity(similarity: SonicSimilarity): void {
  registered = similarity;
}

export function nd_get_sonic_similar_tracks(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  const song = SongRef.fromJson(request.get("song"));
  return answerList("matches", registered.similarTracks(song, request.get("count").int32()));
}

export function nd_find_sonic_path(): i32 {
  const request = readRequest();
  if (!request) return resultCode();
  const start = SongRef.fromJson(request.get("startSong"));
  const end = SongRef.fromJson(request.get("endSong"));
  return answerList("matches", registered.path(start, end, request.get("count").int32()));
}
