// Values that outlive the call, in the host's memory, until the plugin is unloaded. Permission `cache`.
//
// A value lives for its time to live since it was last read; 0 seconds stand for 24 hours. What was
// set as one type is absent for the getters of the others.

import { decodeBase64, encodeBase64 } from "./base64";
import { answerOf, requestOf, succeeded } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "cache_setstring")
declare function cache_setstring(request: u64): u64;
@external("extism:host/user", "cache_getstring")
declare function cache_getstring(request: u64): u64;
@external("extism:host/user", "cache_setint")
declare function cache_setint(request: u64): u64;
@external("extism:host/user", "cache_getint")
declare function cache_getint(request: u64): u64;
@external("extism:host/user", "cache_setfloat")
declare function cache_setfloat(request: u64): u64;
@external("extism:host/user", "cache_getfloat")
declare function cache_getfloat(request: u64): u64;
@external("extism:host/user", "cache_setbytes")
declare function cache_setbytes(request: u64): u64;
@external("extism:host/user", "cache_getbytes")
declare function cache_getbytes(request: u64): u64;
@external("extism:host/user", "cache_has")
declare function cache_has(request: u64): u64;
@external("extism:host/user", "cache_remove")
declare function cache_remove(request: u64): u64;

function keyed(key: string): u64 {
  return requestOf(Json.object().set("key", Json.text(key)));
}

function setting(key: string, value: Json, ttlSeconds: i64): u64 {
  const request = Json.object().set("key", Json.text(key)).set("value", value);
  return requestOf(request.set("ttlSeconds", Json.integer(ttlSeconds)));
}

export namespace cache {
  /** Keeps a text; `false` if the host could not, see `hostError()`. */
  export function setText(key: string, value: string, ttlSeconds: i64 = 0): bool {
    const request = setting(key, Json.text(value), ttlSeconds);
    return succeeded(request, cache_setstring(request));
  }

  /** A text; `null` where there is none. */
  export function getText(key: string): string | null {
    const request = keyed(key);
    const answer = answerOf(request, cache_getstring(request));
    return answer.get("exists").boolean() ? answer.get("value").text() : null;
  }

  /** Keeps a whole number. */
  export function setInteger(key: string, value: i64, ttlSeconds: i64 = 0): bool {
    const request = setting(key, Json.integer(value), ttlSeconds);
    return succeeded(request, cache_setint(request));
  }

  /** A whole number; `otherwise` where there is none. */
  export function getInteger(key: string, otherwise: i64 = 0): i64 {
    const request = keyed(key);
    const answer = answerOf(request, cache_getint(request));
    return answer.get("exists").boolean() ? answer.get("value").integer() : otherwise;
  }

  /** Keeps a number. */
  export function setFloat(key: string, value: f64, ttlSeconds: i64 = 0): bool {
    const request = setting(key, Json.float(value), ttlSeconds);
    return succeeded(request, cache_setfloat(request));
  }

  /** A number; `otherwise` where there is none. */
  export function getFloat(key: string, otherwise: f64 = 0): f64 {
    const request = keyed(key);
    const answer = answerOf(request, cache_getfloat(request));
    return answer.get("exists").boolean() ? answer.get("value").float() : otherwise;
  }

  /** Keeps bytes. */
  export function setBytes(key: string, value: ArrayBuffer, ttlSeconds: i64 = 0): bool {
    const request = setting(key, Json.text(encodeBase64(value)), ttlSeconds);
    return succeeded(request, cache_setbytes(request));
  }

  /** Bytes; `null` where there are none. */
  export function getBytes(key: string): ArrayBuffer | null {
    const request = keyed(key);
    const answer = answerOf(request, cache_getbytes(request));
    return answer.get("exists").boolean() ? decodeBase64(answer.get("value").text()) : null;
  }

  /** Whether there is a value of any type. */
  export function has(key: string): bool {
    const request = keyed(key);
    return answerOf(request, cache_has(request)).get("exists").boolean();
  }

  /** Forgets a value, if there is one. */
  export function remove(key: string): bool {
    const request = keyed(key);
    return succeeded(request, cache_remove(request));
  }
}
