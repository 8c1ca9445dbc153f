import {
  encodeBase64,
  HttpRequest,
  Json,
  subsonicApi,
  websocket,
} from "@soundproof/pdk";
import { field, only, told, toldWhether } from "./index";
import { bytesOf } from "./memory";

export function http_send(): i32 {
  const fields = field("request"), headers = fields.get("headers"), names = headers.keys();
  const request = new HttpRequest(fields.get("method").text(), fields.get("url").text());
  for (let i = 0; i < names.length; i++) request.header(names[i], headers.get(names[i]).text());
  request.bytes(bytesOf(fields.get("body")), headers.get("Content-Type").text());
  request.timeout(fields.get("timeoutMs").int32());
  if (fields.get("noFollowRedirects").boolean()) request.withoutRedirects();
  const response = request.send(), answered = Json.object();
  for (let i = 0; i < response.headerNames.length; i++) {
    const name = response.headerNames[i];
    answered.set(name, Json.text(response.header(name)));
  }
  const result = Json.object()
    .set("statusCode", Json.integer(response.status))
    .set("headers", answered)
    .set("body", Json.text(encodeBase64(response.body)));
  return told(only("result", result));
}

export function websocket_connect(): i32 {
  const fields = field("headers"), names = fields.keys(), headers = new Map<string, string>();
  for (let i = 0; i < names.length; i++) headers.set(names[i], fields.get(names[i]).text());
  const id = websocket.connect(field("url").text(), field("connectionId").text(), headers);
  return told(only("newConnectionId", Json.text(id)));
}

export function websocket_sendtext(): i32 {
  return toldWhether(
    websocket.sendText(field("connectionId").text(), field("message").text()),
  );
}

export function websocket_sendbinary(): i32 {
  return toldWhether(websocket.sendBytes(field("connectionId").text(), bytesOf(field("data"))));
}

export function websocket_closeconnection(): i32 {
  return toldWhether(
    websocket.close(field("connectionId").text(), field("code").int32(), field("reason").text()),
  );
}

export function subsonicapi_call(): i32 {
  return told(only("responseJson", Json.text(subsonicApi.callText(field("uri").text()))));
}

export function subsonicapi_callraw(): i32 {
  const file = subsonicApi.callRaw(field("uri").text());
  if (file === null) return told(Json.object());
  return told(
    only("contentType", Json.text(file.contentType))
      .set("data", Json.text(encodeBase64(file.data))),
  );
}
