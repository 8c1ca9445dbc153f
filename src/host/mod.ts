/**
 * The host: plugins from their packages to their calls.
 *
 * The room wires those below together and decides nothing that they decide. It promises that one broken
 * plugin never stops the others, and that what runs is what was enabled. Begin with `plugin_host.ts`.
 *
 * @module
 */

export type {
  Administration,
  Awaitable,
  ConfigView,
  FollowOptions,
  HostEvent,
  LogRecord,
  PackageReview,
  Streams,
} from "./administration.ts";
export { CapabilityHost, type CapabilityOrder } from "./capability_host.ts";
export type { PluginLimits } from "../configuration/mod.ts";
export type { HostNetworkOptions } from "./host_network.ts";
export type { Plugin } from "./plugin_handle.ts";
export type { LogEntry, LogSink } from "./log.ts";
export {
  DEFAULT_HOST_LIMITS,
  type HostLimits,
  type HostSettings,
  type PluginHostOptions,
  type PluginSettings,
  type SomeLimits,
} from "./options.ts";
export { PluginHost } from "./plugin_host.ts";
export { inspectArchive, inspectPackage, type PluginSummary } from "./summary.ts";
