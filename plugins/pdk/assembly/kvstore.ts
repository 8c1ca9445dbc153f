// Values on the host's disk, which outlive everything but the plugin's removal. Permission `kvstore`.
//
// Keys have at most 256 bytes; the values of all keys together at most the manifest's `maxSize`.
// Where nothing comes back, `hostError()` tells whether that was a failure.

import { decodeBase64, encodeBase64 } from "./base64";
import { answerOf, requestOf, succeeded } from "./host_call";
import { Json } from "./json";
import { decode, encode } from "./memory";

@external("extism:host/user", "kvstore_set")
declare function kvstore_set(request: u64): u64;
@external("extism:host/user", "kvstore_setwithttl")
declare function kvstore_setwithttl(request: u64): u64;
@external("extism:host/user", "kvstore_get")
declare function kvstore_get(request: u64): u64;
@external("extism:host/user", "kvstore_getmany")
declare function kvstore_getmany(request: u64): u64;
@external("extism:host/user", "kvstore_has")
declare function kvstore_has(request: u64): u64;
@external("extism:host/user", "kvstore_list")
declare function kvstore_list(request: u64): u64;
@external("extism:host/user", "kvstore_delete")
declare function kvstore_delete(request: u64): u64;
@external("extism:host/user", "kvstore_deletebyprefix")
declare function kvstore_deletebyprefix(request: u64): u64;
@external("extism:host/user", "kvstore_getstorageused")
declare function kvstore_getstorageused(request: u64): u64;

function one(field: string, value: string): u64 {
  return requestOf(Json.object().set(field, Json.text(value)));
}

export namespace kvstore {
  /** Keeps bytes, for ever or for some seconds; `false` if the host could not, see `hostError()`. */
  export function setBytes(key: string, value: ArrayBuffer, ttlSeconds: i64 = 0): bool {
    const fields = Json.object().set("key", Json.text(key));
    fields.set("value", Json.text(encodeBase64(value)));
    if (ttlSeconds == 0) {
      const request = requestOf(fields);
      return succeeded(request, kvstore_set(request));
    }
    const request = requestOf(fields.set("ttlSeconds", Json.integer(ttlSeconds)));
    return succeeded(request, kvstore_setwithttl(request));
  }

  /** Keeps a text in the same way. */
  export function setText(key: string, value: string, ttlSeconds: i64 = 0): bool {
    return setBytes(key, encode(value), ttlSeconds);
  }

  /** Bytes; `null` where there are none. */
  export function getBytes(key: string): ArrayBuffer | null {
    const request = one("key", key);
    const answer = answerOf(request, kvstore_get(request));
    return answer.get("exists").boolean() ? decodeBase64(answer.get("value").text()) : null;
  }

  /** A text; `null` where there is none. */
  export function getText(key: string): string | null {
    const bytes = getBytes(key);
    return bytes === null ? null : decode(bytes);
  }

  /** The bytes of those keys that there are. */
  export function getMany(keys: string[]): Map<string, ArrayBuffer> {
    const wanted = Json.array();
    for (let i = 0; i < keys.length; i++) wanted.push(Json.text(keys[i]));
    const request = requestOf(Json.object().set("keys", wanted));
    const values = answerOf(request, kvstore_getmany(request)).get("values");
    const found = new Map<string, ArrayBuffer>();
    const names = values.keys();
    for (let i = 0; i < names.length; i++) {
      const bytes = decodeBase64(values.get(names[i]).text());
      if (bytes !== null) found.set(names[i], bytes);
    }
    return found;
  }

  /** Whether there is a value. */
  export function has(key: string): bool {
    const request = one("key", key);
    return answerOf(request, kvstore_has(request)).get("exists").boolean();
  }

  /** Keys that begin so, in the order of their bytes; all of them for the empty prefix. */
  export function list(prefix: string = ""): string[] {
    const request = one("prefix", prefix);
    return answerOf(request, kvstore_list(request)).get("keys").texts();
  }

  /** Removes a value, if there is one. */
  export function remove(key: string): bool {
    const request = one("key", key);
    return succeeded(request, kvstore_delete(request));
  }

  /** Removes every key that begins so, and gives their number. The prefix must not be empty. */
  export function removeByPrefix(prefix: string): i64 {
    const request = one("prefix", prefix);
    return answerOf(request, kvstore_deletebyprefix(request)).get("deletedCount").integer();
  }

  /** Bytes of all values. */
  export function bytesUsed(): i64 {
    const request = requestOf(Json.object());
    return answerOf(request, kvstore_getstorageused(request)).get("bytes").integer();
  }
}
