/**
 * The host: plugins from their packages to their calls.
 *
 * The room wires those below together and decides nothing that they decide. It promises that one broken
 * plugin never stops the others, and that what runs is what was enabled. Begin with `plugin_host.ts`.
 *
 * @module
 */

export type { HostNetworkOptions } from "./host_network.ts";
export type { Plugin } from "./loaded_plugin.ts";
export type { LogEntry, LogSink } from "./log.ts";
export {
  DEFAULT_HOST_LIMITS,
  type HostLimits,
  type PluginHostOptions,
  type PluginLimits,
  type PluginSettings,
  type SomeLimits,
} from "./options.ts";
export { PluginHost } from "./plugin_host.ts";
export { inspectPackage, type PluginSummary } from "./summary.ts";
