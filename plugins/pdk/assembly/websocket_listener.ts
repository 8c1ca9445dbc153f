// The WebSocket capability: hears what comes over the plugin's connections.
//
// A plugin extends `WebSocketListener`, registers one, and exports the functions it wants to hear.

import { decodeBase64 } from "./base64";
import { readRequest } from "./capability";
import { notImplemented, resultCode } from "./result";

/** Hears connections, one event of each after another. Override what you want to hear. */
export class WebSocketListener {
  text(_id: string, _message: string): void {
    notImplemented();
  }

  bytes(_id: string, _data: ArrayBuffer): void {
    notImplemented();
  }

  /** The connection was lost, or closed with a code that says so; its id is free afterwards. */
  failed(_id: string, _error: string): void {
    notImplemented();
  }

  /** The connection was closed by either side; its id is free afterwards. */
  closed(_id: string, _code: i32, _reason: string): void {
    notImplemented();
  }
}

let registered: WebSocketListener = new WebSocketListener();

/** Makes this the listener that the exports below tell. */
export function registerWebSocketListener(listener: WebSocketListener): void {
  registered = listener;
}

export function nd_websocket_on_text_message(): i32 {
  const event = readRequest();
  if (event) registered.text(event.get("connectionId").text(), event.get("message").text());
  return resultCode();
}

export function nd_websocket_on_binary_message(): i32 {
  const event = readRequest();
  if (!event) return resultCode();
  const data = decodeBase64(event.get("data").text());
  registered.bytes(event.get("connectionId").text(), data === null ? new ArrayBuffer(0) : data);
  return resultCode();
}

export function nd_websocket_on_error(): i32 {
  const event = readRequest();
  if (event) registered.failed(event.get("connectionId").text(), event.get("error").text());
  return resultCode();
}

export function nd_websocket_on_close(): i32 {
  const event = readRequest();
  if (!event) return resultCode();
  registered.closed(
    event.get("connectionId").text(),
    event.get("code").int32(),
    event.get("reason").text(),
  );
  return resultCode();
}
