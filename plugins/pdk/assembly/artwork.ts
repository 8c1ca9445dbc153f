// Public addresses of the server's pictures. Permission `artwork`.
//
// Whether a thing has a picture is not checked. A size is a width in pixels; 0 is the picture's own.

import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "artwork_getartisturl")
declare function artwork_getartisturl(request: u64): u64;
@external("extism:host/user", "artwork_getalbumurl")
declare function artwork_getalbumurl(request: u64): u64;
@external("extism:host/user", "artwork_gettrackurl")
declare function artwork_gettrackurl(request: u64): u64;
@external("extism:host/user", "artwork_getplaylisturl")
declare function artwork_getplaylisturl(request: u64): u64;

function wanted(id: string, size: i32): u64 {
  return requestOf(Json.object().set("id", Json.text(id)).set("size", Json.integer(size)));
}

export namespace artwork {
  /** The address of an artist's picture; empty if the host has none to give, see `hostError()`. */
  export function artistUrl(id: string, size: i32 = 0): string {
    const request = wanted(id, size);
    return answerOf(request, artwork_getartisturl(request)).get("url").text();
  }

  export function albumUrl(id: string, size: i32 = 0): string {
    const request = wanted(id, size);
    return answerOf(request, artwork_getalbumurl(request)).get("url").text();
  }

  export function trackUrl(id: string, size: i32 = 0): string {
    const request = wanted(id, size);
    return answerOf(request, artwork_gettrackurl(request)).get("url").text();
  }

  export function playlistUrl(id: string, size: i32 = 0): string {
    const request = wanted(id, size);
    return answerOf(request, artwork_getplaylisturl(request)).get("url").text();
  }
}
