/**
 * The services room: what a plugin may ask of its host, one file a service.
 *
 * It promises that a guest finds the functions of its permissions and no other, that each answers as
 * Navidrome's would, and that nothing a guest sends makes the host hold more than its limits say. It
 * knows JSON and the state it owns, never WASM, memory or workers. Begin with `table.ts`, the list of
 * all that exists, and `host_services.ts`, which dispatches.
 *
 * @module
 */

export { Database, type Row } from "./database.ts";
export { parseCron } from "./cron.ts";
export { HostServices } from "./host_services.ts";
export { canonicalHeaders, httpFaultText } from "./http.ts";
export { type LibraryFolders, type Mount, Mounts, mountsOf } from "./mounts.ts";
export type { MountSession } from "./mount_session.ts";
export { type MemoryLibrary, memoryMusicServer } from "./memory_music_server.ts";
export {
  type ArtworkKind,
  missingServerParts,
  type MusicServer,
  type ScrobbleRange,
  type SubsonicResponse,
} from "./music_server.ts";
export type {
  ArtistRef,
  Scrobble,
  ServerLibrary,
  ServerTrack,
  ServerUser,
  SongQuery,
} from "./music_types.ts";
export {
  type CallGuest,
  type Clock,
  type ConnectRequest,
  DEFAULT_LIMITS,
  type Egress,
  EgressError,
  type EgressFault,
  type EgressRequest,
  type EgressResponse,
  type Generation,
  type HostServicesOptions,
  type LogLevel,
  ServiceError,
  type ServiceLimits,
  type Socket,
  type SocketEvents,
  systemClock,
} from "./ports.ts";
export { readUrl, type WrittenUrl } from "./url_text.ts";
export type { Services } from "./registry.ts";
export { UnknownConnection } from "./websocket.ts";
export { parseDuration } from "./duration.ts";
export { parseSize } from "../manifest/mod.ts";
export type { Field, Shape, ShapeDescription, TypeDescription } from "./shape.ts";
export {
  field,
  isJsonObject,
  type JsonObject,
  objects,
  SubsonicClient,
  type SubsonicClientOptions,
  type SubsonicCredentials,
  SubsonicRefusal,
} from "./subsonic_client.ts";
export { trackOf } from "./subsonic_song.ts";
export { subsonicMusicServer, type SubsonicMusicServerOptions } from "./subsonic_music_server.ts";
export {
  describeHostFunctions,
  HOST_FUNCTIONS,
  HOST_MODULE,
  type HostFunction,
  hostFunction,
  type HostFunctionDescription,
  permissionOf,
} from "./table.ts";
