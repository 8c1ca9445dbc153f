// One connection to Discord's gateway for each user, kept alive by heartbeats:
// https://discord.com/developers/docs/events/gateway

import {
  cache,
  fail,
  hostError,
  http,
  Json,
  log,
  NamedSchedule,
  ScheduleEvent,
  websocket,
} from "@soundproof/pdk";
import { Account } from "./account";
import { heartbeat, identify } from "./frame";

const WHERE = "https://discord.com/api/gateway";

const HEARTBEAT_EVERY = "@every 41s";
/** For as long as two heartbeats. */
const SEQUENCE_SECONDS: i64 = 82;

const heartbeats = new NamedSchedule("heartbeat");

heartbeats.onDue((event: ScheduleEvent): void => {
  const username = event.id;
  if (beat(username)) return;
  const error = hostError();
  heartbeats.cancel(username);
  websocket.close(username, 1000, "Connection lost");
  cache.remove(sequenceKey(username));
  fail("heartbeat failed, connection cleaned up: " + error);
});

/** Makes sure that a user is connected; `false` after a fault. */
export function connect(account: Account): bool {
  const username = account.username;
  // A heartbeat at any time is welcome, and tells whether there is still somebody to hear it.
  if (beat(username)) return true;
  const answer = http.get(WHERE), url = answer.json().get("url").text();
  if (url == "") return refused(answer.error != "" ? answer.error : "it does not say where its gateway is");
  if (websocket.connect(url, username) == "") return refused(hostError());
  if (!websocket.sendText(username, identify(account.token))) return refused(hostError());
  return keepAlive(username) || refused(hostError());
}

/** Ends a user's connection; `false` if there was none, or it was gone. */
export function disconnect(username: string): bool {
  const quiet = heartbeats.cancel(username), why = hostError();
  const closed = websocket.close(username, 1000, "Navidrome disconnect");
  if (!quiet || !closed) fail("failed to disconnect from Discord: " + (quiet ? hostError() : why));
  return quiet && closed;
}

/** Notes the number of a message, of which the next heartbeat tells. */
export function hear(username: string, message: string): void {
  const frame = Json.parse(message);
  if (frame.error != "") return fail("failed to parse WebSocket message: " + frame.error);
  const sequence = frame.get("s");
  if (!sequence.exists) return;
  cache.setInteger(sequenceKey(username), sequence.integer(), SEQUENCE_SECONDS);
  log.debug("Heard message " + sequence.toString() + " for " + username);
}

function beat(username: string): bool {
  return websocket.sendText(username, heartbeat(cache.getInteger(sequenceKey(username))));
}

/** Where the last connection was lost since its last heartbeat, the schedule is still there, and is replaced. */
function keepAlive(username: string): bool {
  return heartbeats.every(HEARTBEAT_EVERY, username) ||
    heartbeats.cancel(username) && heartbeats.every(HEARTBEAT_EVERY, username);
}

function refused(why: string): bool {
  fail("failed to connect to Discord: " + why);
  return false;
}

function sequenceKey(username: string): string {
  return "discord.seq." + username;
}
