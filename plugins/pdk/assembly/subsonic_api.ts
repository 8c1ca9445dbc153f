// The server's own API, as a user that the plugin is assigned. Permissions `subsonicapi` and `users`.
//
// A URI is a path and a query, such as `/rest/getAlbum?u=ann&id=1`; `u` must be there, `c`, `v` and `f` come by
// themselves. Failures of the API are answers.

import { decodeBase64 } from "./base64";
import { answerOf, requestOf } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "subsonicapi_call")
declare function subsonicapi_call(request: u64): u64;
@external("extism:host/user", "subsonicapi_callraw")
declare function subsonicapi_callraw(request: u64): u64;

/** What the API answered that is no JSON: pictures, audio. */
@final
export class SubsonicFile {
  constructor(readonly contentType: string, readonly data: ArrayBuffer) {}
}

export namespace subsonicApi {
  /** The answer as text; empty if there is none, see `hostError()`. */
  export function callText(uri: string): string {
    const request = requestOf(Json.object().set("uri", Json.text(uri)));
    return answerOf(request, subsonicapi_call(request)).get("responseJson").text();
  }

  /** What is inside the answer's `subsonic-response`: `status`, and what was asked for or `error`. */
  export function call(uri: string): Json {
    return Json.parse(callText(uri)).get("subsonic-response");
  }

  /** The answer as it is; `null` if there is none, see `hostError()`. */
  export function callRaw(uri: string): SubsonicFile | null {
    const request = requestOf(Json.object().set("uri", Json.text(uri)));
    const answer = answerOf(request, subsonicapi_callraw(request));
    const data = decodeBase64(answer.get("data").text());
    if (!answer.get("contentType").exists || data === null) return null;
    return new SubsonicFile(answer.get("contentType").text(), data);
  }
}
