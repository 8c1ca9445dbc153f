// A folder of the plugin's own. Permission `storage`. Its files are reached through WASI.

import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "storage_getstoragepath")
declare function storage_getstoragepath(request: u64): u64;

export namespace storage {
  /** Where it is for the guest; empty if the host could not say. */
  export function path(): string {
    const request = requestOf(Json.object());
    return answerOf(request, storage_getstoragepath(request)).get("result").text();
  }
}
