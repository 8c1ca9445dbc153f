/**
 * Capabilities: what a host may ask of a plugin, as typed calls with typed answers.
 *
 * The room promises that a fault of a plugin is told apart from its having nothing to say. It knows
 * exports and JSON, never cells or packages. Begin with `metadata_agent.ts`.
 *
 * @module
 */

export { type Capability, detectCapabilities } from "./detect.ts";
export type { Answer, CallOptions, GuestCaller } from "./guest_caller.ts";
export { notifyInit } from "./lifecycle.ts";
export { MetadataAgent } from "./metadata_agent.ts";
export type {
  AlbumInfo,
  AlbumRequest,
  ArtistRef,
  ArtistRequest,
  Image,
  SongRef,
  SongsRequest,
} from "./metadata_agent.ts";
