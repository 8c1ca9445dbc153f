/**
 * The sidecar: what Soundproof does beside a music server that speaks the Subsonic API.
 *
 * The room watches what the server says is playing and tells the host's scrobblers by the rules of Last.fm;
 * it signs addresses of pictures and answers them from the server's covers. It promises that a play is told
 * once, over restarts too, and that nobody gets a picture whose address was not signed here. It never knows
 * how plugins run, and never listens. Begin with `playback.ts`, the rules.
 *
 * @module
 */

export { ARTWORK_PATH, ArtworkLinks } from "./artwork_links.ts";
export { ArtworkServer } from "./artwork_server.ts";
export type { Observation, PlaybackEvent } from "./playback.ts";
export { type PlaybackSink, type PushedPlayback, Sidecar, type SidecarOptions } from "./sidecar.ts";
