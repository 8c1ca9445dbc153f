// The libraries that the plugin is assigned. Permission `library`.

import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "library_getlibrary")
declare function library_getlibrary(request: u64): u64;
@external("extism:host/user", "library_getalllibraries")
declare function library_getalllibraries(request: u64): u64;

/** A music folder and what is in it. */
@final
export class Library {
  readonly id: i32;
  readonly name: string;
  /** Where it is on the server; empty unless the manifest asks for `filesystem`. */
  readonly path: string;
  /** Where guests find its files; empty unless the manifest asks for `filesystem`. */
  readonly mountPoint: string;
  /** Unix seconds; before the year 1 if it was never scanned. */
  readonly lastScanAt: i64;
  readonly totalSongs: i32;
  readonly totalAlbums: i32;
  readonly totalArtists: i32;
  /** Bytes. */
  readonly totalSize: i64;
  /** Seconds. */
  readonly totalDuration: f64;

  constructor(json: Json) {
    this.id = json.get("id").int32();
    this.name = json.get("name").text();
    this.path = json.get("path").text();
    this.mountPoint = json.get("mountPoint").text();
    this.lastScanAt = json.get("lastScanAt").integer();
    this.totalSongs = json.get("totalSongs").int32();
    this.totalAlbums = json.get("totalAlbums").int32();
    this.totalArtists = json.get("totalArtists").int32();
    this.totalSize = json.get("totalSize").integer();
    this.totalDuration = json.get("totalDuration").float();
  }
}

export namespace library {
  /** One of them; `null` if it is not there or not assigned, see `hostError()`. */
  export function get(id: i32): Library | null {
    const request = requestOf(Json.object().set("id", Json.integer(id)));
    const found = answerOf(request, library_getlibrary(request)).get("result");
    return found.exists ? new Library(found) : null;
  }

  /** All of them. */
  export function all(): Library[] {
    const request = requestOf(Json.object());
    const found = answerOf(request, library_getalllibraries(request)).get("result");
    const libraries: Library[] = [];
    for (let i = 0; i < found.length; i++) libraries.push(new Library(found.at(i)));
    return libraries;
  }
}
