import type { Configuration } from "../configuration/mod.ts";
import type { HostSettings, PluginHostOptions } from "../host/mod.ts";
import type { Places } from "./places.ts";

/** How a host is opened by what the configuration says; its music server is not among it. */
export function hostOptions(places: Places, configuration: Configuration): PluginHostOptions {
  const { compiledBytes } = configuration;
  return {
    dataDir: places.dataDir,
    pluginsDir: places.pluginsDir,
    ...hostSettings(configuration),
    ...(compiledBytes !== undefined && { limits: { compiledBytes } }),
  };
}

/** What of it an open host can take on. */
export function hostSettings(
  { plugins, settings, enabled, logLevel, defaultLimits, order }: Configuration,
): HostSettings {
  return {
    config: plugins,
    settings,
    ...(enabled !== undefined && { enabled }),
    ...(logLevel !== undefined && { logLevel }),
    ...(defaultLimits !== undefined && { pluginLimits: defaultLimits }),
    ...(order !== undefined && { order }),
  };
}
