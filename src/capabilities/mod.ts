/**
 * Capabilities: what a host may ask of a plugin, as typed calls with typed answers.
 *
 * The room promises that a fault of a plugin is told apart from its having nothing to say. It knows
 * exports and JSON, never cells or packages. Begin with `metadata_agent.ts` for one plugin, with
 * `plugin_chain.ts` for several. What calls plugins back (schedules, tasks, sockets) lives with the
 * services that do so.
 *
 * @module
 */

export { type Capability, detectCapabilities } from "./detect.ts";
export {
  type BreakerLimits,
  type BreakerState,
  CircuitBreaker,
  DEFAULT_BREAKER_LIMITS,
} from "./circuit_breaker.ts";
export type { Answer, CallOptions, GuestCaller, PluginScope, ScopedGuest } from "./guest_caller.ts";
export { notifyInit } from "./lifecycle.ts";
export { Lyrics } from "./lyrics.ts";
export { type LyricsLine, parseLyrics, type TrackLyrics } from "./lyrics/mod.ts";
export { LyricsProviders } from "./lyrics_providers.ts";
export { MetadataAgent } from "./metadata_agent.ts";
export type {
  AlbumInfo,
  AlbumRequest,
  ArtistRequest,
  Image,
  SongsRequest,
} from "./metadata_agent.ts";
export { MetadataAgents, type QuestionOptions } from "./metadata_agents.ts";
export type {
  ChainCounters,
  ChainOptions,
  ChainPluginCounters,
  FirstAnswer,
  PluginFault,
} from "./plugin_chain.ts";
export {
  type Authorization,
  type NowPlaying,
  type Play,
  type PlaybackReport,
  type PlaybackState,
  Scrobbler,
  type ScrobblerResult,
} from "./scrobbler.ts";
export { Scrobblers } from "./scrobblers.ts";
export type { QueuedReport, ScrobblerReport, ScrobblersOptions } from "./scrobblers.ts";
export type { ScrobbleCounters } from "./scrobble_queue.ts";
export {
  DEFAULT_SCROBBLE_LIMITS,
  type FailedFilter,
  type FailedPlay,
  type QueuedPlay,
  type ScrobbleLimits,
} from "./scrobble_store.ts";
export { SimilarityProviders } from "./similarity_providers.ts";
export type { ArtistRef, SongRef } from "./song.ts";
export { type SonicMatch, SonicSimilarity } from "./sonic_similarity.ts";
export type { TrackInfo } from "./track_info.ts";
