// The settings an administrator gave the plugin, with the manifest's defaults where there are none.

import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";
import * as kernel from "./kernel";
import { decode, takeFromKernel, textToKernel } from "./memory";

@external("extism:host/user", "config_get")
declare function config_get(request: u64): u64;
@external("extism:host/user", "config_getint")
declare function config_getint(request: u64): u64;
@external("extism:host/user", "config_keys")
declare function config_keys(request: u64): u64;

export namespace config {
  /** The keys of the settings that begin so, sorted; all of them for the empty prefix. */
  export function keys(prefix: string = ""): string[] {
    const request = requestOf(Json.object().set("prefix", Json.text(prefix)));
    return answerOf(request, config_keys(request)).get("keys").texts();
  }

  /** A setting as text; `null` where it is absent or empty. */
  export function get(key: string): string | null {
    const name = textToKernel(key);
    const bytes = takeFromKernel(kernel.config_get(name));
    kernel.free(name);
    return bytes === null ? null : decode(bytes);
  }

  /** A setting as text. */
  export function text(key: string, otherwise: string = ""): string {
    const value = get(key);
    return value === null ? otherwise : value;
  }

  /** A setting as it was entered; `null` only where it is absent, and empty where it is empty. */
  export function exact(key: string): string | null {
    const request = requestOf(Json.object().set("key", Json.text(key)));
    const answer = answerOf(request, config_get(request));
    return answer.get("exists").boolean() ? answer.get("value").text() : null;
  }

  /** A setting as a whole number; `otherwise` where it is absent or none. */
  export function integer(key: string, otherwise: i64 = 0): i64 {
    return json(key).integer(otherwise);
  }

  /** The same as the host reads it: digits with at most a sign. */
  export function exactInteger(key: string, otherwise: i64 = 0): i64 {
    const request = requestOf(Json.object().set("key", Json.text(key)));
    const answer = answerOf(request, config_getint(request));
    return answer.get("exists").boolean() ? answer.get("value").integer() : otherwise;
  }

  /** A setting as `true` or `false`; `otherwise` where it is absent or neither. */
  export function boolean(key: string, otherwise: bool = false): bool {
    return json(key).boolean(otherwise);
  }

  /** A setting that is an object, an array, a number or a boolean. */
  export function json(key: string): Json {
    const value = get(key);
    return value === null ? Json.MISSING : Json.parse(value);
  }
}
