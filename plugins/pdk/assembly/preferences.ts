// What each user has set for the plugin. Permission `preferences`, which only Soundproof has.

import { answerOf, requestOf, succeeded } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "preferences_get")
declare function preferences_get(request: u64): u64;
@external("extism:host/user", "preferences_set")
declare function preferences_set(request: u64): u64;

function one(username: string, key: string): Json {
  return Json.object().set("username", Json.text(username)).set("key", Json.text(key));
}

export namespace preferences {
  /** A user's preference; `null` where there is none. */
  export function get(username: string, key: string): string | null {
    const request = requestOf(one(username, key));
    const answer = answerOf(request, preferences_get(request));
    return answer.get("exists").boolean() ? answer.get("value").text() : null;
  }

  /** Keeps a user's preference; `false` if the host could not, see `hostError()`. */
  export function set(username: string, key: string, value: string): bool {
    const request = requestOf(one(username, key).set("value", Json.text(value)));
    return succeeded(request, preferences_set(request));
  }

  /** Forgets a user's preference, if there is one. */
  export function remove(username: string, key: string): bool {
    const request = requestOf(one(username, key));
    return succeeded(request, preferences_set(request));
  }
}
