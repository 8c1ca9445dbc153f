// WebSockets to the hosts of the manifest. Permission `websocket`.
//
// A connection outlives the call that opened it: what it hears comes to the exports of websocket_listener.ts.

import { encodeBase64 } from "./base64";
import { answerOf, requestOf, succeeded } from "./host_call";
import { Json } from "./json";

@external("extism:host/user", "websocket_connect")
declare function websocket_connect(request: u64): u64;
@external("extism:host/user", "websocket_sendtext")
declare function websocket_sendtext(request: u64): u64;
@external("extism:host/user", "websocket_sendbinary")
declare function websocket_sendbinary(request: u64): u64;
@external("extism:host/user", "websocket_closeconnection")
declare function websocket_closeconnection(request: u64): u64;

export namespace websocket {
  /**
   * Opens a connection. An empty id is made up.
   *
   * @param headers Of the handshake, besides its own.
   * @returns The id; empty if the host could not, see `hostError()`. An id that is taken is refused.
   */
  export function connect(
    url: string,
    id: string = "",
    headers: Map<string, string> | null = null,
  ): string {
    const fields = Json.object().set("url", Json.text(url)).set("connectionId", Json.text(id));
    if (headers !== null) {
      const members = Json.object(), names = headers.keys();
      for (let i = 0; i < names.length; i++) {
        members.set(names[i], Json.text(headers.get(names[i])));
      }
      fields.set("headers", members);
    }
    const request = requestOf(fields);
    return answerOf(request, websocket_connect(request)).get("newConnectionId").text();
  }

  /** Sends a text; `false` if there is no such connection, or it is gone. */
  export function sendText(id: string, message: string): bool {
    const request = requestOf(
      Json.object().set("connectionId", Json.text(id)).set("message", Json.text(message)),
    );
    return succeeded(request, websocket_sendtext(request));
  }

  /** Sends bytes in the same way. */
  export function sendBytes(id: string, data: ArrayBuffer): bool {
    const request = requestOf(
      Json.object().set("connectionId", Json.text(id))
        .set("data", Json.text(encodeBase64(data))),
    );
    return succeeded(request, websocket_sendbinary(request));
  }

  /** Closes a connection. The listener's `closed` runs before this returns. */
  export function close(id: string, code: i32 = 1000, reason: string = ""): bool {
    const request = requestOf(
      Json.object()
        .set("connectionId", Json.text(id))
        .set("code", Json.integer(code))
        .set("reason", Json.text(reason)),
    );
    return succeeded(request, websocket_closeconnection(request));
  }
}
