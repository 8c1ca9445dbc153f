// A plugin for tests of `plugin test`: its exports do what the input says.

import {
  config,
  fail,
  hostError,
  http,
  HttpRequest,
  inputText,
  Json,
  kvstore,
  log,
  outputText,
  resultCode,
  users,
  websocket,
} from "@soundproof/pdk";

/** Gets `url`, or posts `body` to it; answers what came. */
export function ask(): i32 {
  const input = Json.parse(inputText()), url = input.get("url").text();
  const response = input.get("body").exists
    ? new HttpRequest("POST", url).header("Authorization", "me").json(input.get("body")).send()
    : http.get(url);
  log.info("asked " + url);
  outputText(
    Json.object()
      .set("status", Json.integer(response.status))
      .set("error", Json.text(response.error))
      .set("type", Json.text(response.header("content-type")))
      .set("body", Json.text(response.text()))
      .toString(),
  );
  return 0;
}

/** Connects to `url` and sends `message`. */
export function say(): i32 {
  const input = Json.parse(inputText());
  const id = websocket.connect(input.get("url").text());
  if (id == "") fail(hostError());
  else websocket.sendText(id, input.get("message").text());
  return resultCode();
}

/** Adds one to the number under `count`; answers the number, the first user and a setting. */
export function count(): i32 {
  const before = kvstore.getText("count");
  const now = before === null ? 1 : I32.parseInt(before) + 1;
  kvstore.setText("count", now.toString());
  outputText(
    Json.object()
      .set("count", Json.integer(now))
      .set("user", Json.text(users.all()[0].userName))
      .set("setting", Json.text(config.text("setting")))
      .toString(),
  );
  return 0;
}

/** Fails with what it is given. */
export function complain(): i32 {
  log.warn("about to complain");
  log.debug("in detail");
  fail("Cannot go on: " + inputText());
  return resultCode();
}

/** Answers nothing. */
export function nothing(): i32 {
  return 0;
}
