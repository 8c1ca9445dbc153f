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
 * ```ts
 * import { PluginHost } from "@soundproof/host";
 *
 * const dataDir = await Deno.makeTempDir(); // a music server has one of its own, and keeps it
 * await using host = await PluginHost.open({ dataDir });
 * for (const { id, state, capabilities } of host.list()) console.log(id, state, capabilities);
 *
 * const answer = await host.metadata.artistBiography({ id: "1", name: "Nina Simone" });
 * if (answer.kind === "found") console.log(`${answer.value} (says ${answer.plugin})`);
 * ```
 *
 * Begin with {@link PluginHost}. What it offers to a music server: {@link MetadataAgents},
 * {@link LyricsProviders}, {@link Scrobblers}, {@link SimilarityProviders}. What a music server offers to
 * its plugins: {@link MusicServer}.
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
export type { Numbers } from "./src/telemetry/mod.ts";
export type { Decision, NetworkNarrowing, PermissionReview, ReviewItem } from "./src/grants/mod.ts";
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
export type {
  Connect,
  GateLimits,
  GatewayLimits,
  OwnAddress,
  PlayedNetwork,
  Resolver,
} from "./src/egress/mod.ts";
export type {
  CellLimits,
  LogLevel,
  ModuleLimits,
  PoolCounters,
  PoolLimits,
} from "./src/cell/mod.ts";
