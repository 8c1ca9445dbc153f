/**
 * Soundproof runs the plugins of music servers: WebAssembly from strangers, held to what its manifest
 * asked for and an administrator granted.
 *
 * Run Deno with these flags, both of which only count at its start:
 *
 * ```sh
 * deno run --unstable-worker-options --v8-flags=--liftoff-only …
 * ```
 *
 * The first lets a plugin live in a worker without permissions; without it Deno ends the process, with
 * code 70, at the first plugin (`"unstable": ["worker-options"]` in your `deno.json` does the same).
 * With the second a guest's deadline holds in every loop; without it {@link PluginHost.open} refuses.
 *
 * ```ts ignore
 * import { MetadataAgent, PluginHost } from "@soundproof/host";
 *
 * await using host = await PluginHost.open({ dataDir: "data" });
 * const agent = new MetadataAgent(host.plugin("hello"));
 * const answer = await agent.artistBiography({ id: "1", name: "Nina Simone" });
 * if (answer.kind === "found") console.log(answer.value);
 * ```
 *
 * @module
 */

export {
  ERROR_CODES,
  type ErrorCode,
  type Problem,
  SoundproofError,
  type SoundproofErrorOptions,
} from "./src/errors.ts";
export * from "./src/host/mod.ts";
export * from "./src/capabilities/mod.ts";
export type {
  ConfigDefinition,
  Dialect,
  Json,
  KvstorePermission,
  LibraryPermission,
  Manifest,
  NetworkPermission,
  Permission,
  PermissionKey,
  Permissions,
  SubsonicapiPermission,
  TaskqueuePermission,
} from "./src/manifest/mod.ts";
export type { Assignment, LocalGrant } from "./src/grants/mod.ts";
export {
  type ArtistRef as ServerArtist,
  type ArtworkKind,
  type Clock,
  type MemoryLibrary,
  memoryMusicServer,
  type MusicServer,
  type Scrobble,
  type ScrobbleRange,
  type ServerLibrary,
  type ServerTrack,
  type ServerUser,
  type ServiceLimits,
  type SongQuery,
  type SubsonicClientOptions,
  type SubsonicCredentials,
  subsonicMusicServer,
  type SubsonicMusicServerOptions,
  type SubsonicResponse,
} from "./src/services/mod.ts";
export type { PackageKind } from "./src/packages/mod.ts";
export type { AuditEvent, AuditRecord } from "./src/state/mod.ts";
export type { Connect, GateLimits, GatewayLimits, OwnAddress, Resolver } from "./src/egress/mod.ts";
export type {
  CellLimits,
  LogLevel,
  ModuleLimits,
  PoolCounters,
  PoolLimits,
} from "./src/cell/mod.ts";
