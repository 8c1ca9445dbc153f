import { LIFECYCLE_EXPORTS } from "./lifecycle.ts";
import { METADATA_AGENT_EXPORTS } from "./metadata_agent.ts";

/** What a plugin can do for a music server. */
export type Capability =
  | "Lifecycle"
  | "Lyrics"
  | "MetadataAgent"
  | "Scheduler"
  | "Scrobbler"
  | "SonicSimilarity"
  | "TaskWorker"
  | "WebSocket";

/** The exports that bring each capability (`extism-abi.md`, 3.1). */
const CAPABILITIES: Readonly<Record<Capability, readonly string[]>> = {
  MetadataAgent: METADATA_AGENT_EXPORTS,
  Scrobbler: [
    "nd_scrobbler_is_authorized",
    "nd_scrobbler_now_playing",
    "nd_scrobbler_scrobble",
    "nd_scrobbler_playback_report",
  ],
  Lyrics: ["nd_lyrics_get_lyrics"],
  SonicSimilarity: ["nd_get_sonic_similar_tracks", "nd_find_sonic_path"],
  TaskWorker: ["nd_task_execute"],
  Lifecycle: LIFECYCLE_EXPORTS,
  Scheduler: ["nd_scheduler_callback"],
  WebSocket: [
    "nd_websocket_on_text_message",
    "nd_websocket_on_binary_message",
    "nd_websocket_on_error",
    "nd_websocket_on_close",
  ],
};

/** The capabilities a module has: those of which it exports at least one function. */
export function detectCapabilities(exports: ReadonlySet<string>): Capability[] {
  return (Object.keys(CAPABILITIES) as Capability[])
    .filter((capability) => CAPABILITIES[capability].some((name) => exports.has(name)));
}
