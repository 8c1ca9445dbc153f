/**
 * Soundproof runs the plugins of music servers: WebAssembly from strangers, held to what its manifest
 * asked for and an administrator granted.
 *
 * Run Deno with `--unstable-worker-options`, or have `"unstable": ["worker-options"]` in the `deno.json`
 * you run with: each plugin lives in a worker without permissions, and without that flag Deno ends the
 * process at the first one.
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
export type { PackageKind } from "./src/packages/mod.ts";
export type {
  CellLimits,
  LogLevel,
  ModuleLimits,
  PoolCounters,
  PoolLimits,
} from "./src/cell/mod.ts";
