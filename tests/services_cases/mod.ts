/** Every case, to be played against the services or through a guest. @module */

import { CACHE_CASES } from "./cache.ts";
import type { Case } from "./case.ts";
import { CONFIG_CASES } from "./config.ts";
import { HTTP_CASES } from "./http.ts";
import { KVSTORE_CASES, STORAGE_CASES } from "./kvstore.ts";
import {
  ARTWORK_CASES,
  LIBRARY_CASES,
  MATCHER_CASES,
  SUBSONIC_CASES,
  USERS_CASES,
} from "./music.ts";
import { PREFERENCES_CASES } from "./preferences.ts";
import { SCHEDULER_CASES } from "./scheduler.ts";
import { SCROBBLE_CASES } from "./scrobbles.ts";
import { TASK_CASES } from "./task.ts";
import { WEBSOCKET_CASES } from "./websocket.ts";

export { MUSIC } from "./music.ts";
export type { Case, Step } from "./case.ts";

/**
 * All cases. They want a clock at 2026-01-01T00:00:00Z that moves only with `advanceMs`, a
 * `memoryMusicServer(MUSIC)`, a `FakeEgress`, and the plugin id `plugin`.
 */
export const ALL_CASES: readonly Case[] = [
  ...CACHE_CASES,
  ...CONFIG_CASES,
  ...HTTP_CASES,
  ...KVSTORE_CASES,
  ...STORAGE_CASES,
  ...ARTWORK_CASES,
  ...LIBRARY_CASES,
  ...MATCHER_CASES,
  ...PREFERENCES_CASES,
  ...SCROBBLE_CASES,
  ...SUBSONIC_CASES,
  ...USERS_CASES,
  ...SCHEDULER_CASES,
  ...TASK_CASES,
  ...WEBSOCKET_CASES,
];
