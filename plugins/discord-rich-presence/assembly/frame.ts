// What the gateway is sent: https://discord.com/developers/docs/events/gateway#gateway-events

import { Json } from "@soundproof/pdk";

const HEARTBEAT: i32 = 1;
const IDENTIFY: i32 = 2;
const PRESENCE: i32 = 3;

/** A sign of life, with the number of the last message that came. */
export function heartbeat(sequence: i64): string {
  return frame(HEARTBEAT, Json.integer(sequence));
}

/** Who is there. No events are wanted. */
export function identify(token: string): string {
  const properties = Json.object()
    .set("os", Json.text("Windows 10"))
    .set("browser", Json.text("Discord Client"))
    .set("device", Json.text("Discord Client"));
  return frame(
    IDENTIFY,
    Json.object()
      .set("token", Json.text(token))
      .set("intents", Json.integer(0))
      .set("properties", properties),
  );
}

/** What the user does. */
export function presence(activity: Json): string {
  return frame(PRESENCE, status(Json.array().push(activity), "dnd"));
}

/** That the user does nothing any more. */
export function noPresence(): string {
  return frame(PRESENCE, status(Json.null(), ""));
}

function status(activities: Json, status: string): Json {
  return Json.object()
    .set("activities", activities)
    .set("since", Json.integer(0))
    .set("status", Json.text(status))
    .set("afk", Json.boolean(false));
}

/** The characters that are no JSON to a web page are escaped, as in the frames of other such plugins. */
function frame(operation: i32, data: Json): string {
  return Json.object().set("d", data).set("op", Json.integer(operation)).toString()
    .replaceAll("&", "\\u0026").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
}
