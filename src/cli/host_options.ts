import type { Configuration } from "../configuration/mod.ts";
import type { PluginHostOptions } from "../host/mod.ts";
import type { Places } from "./places.ts";

/** How a host is opened by what the configuration says; its music server is not among it. */
export function hostOptions(places: Places, configuration: Configuration): PluginHostOptions {
  const { plugins, settings, enabled, logLevel, defaultLimits, compiledBytes } = configuration;
  return {
    dataDir: places.dataDir,
    pluginsDir: places.pluginsDir,
    config: plugins,
    settings,
    ...(enabled !== undefined && { enabled }),
    ...(logLevel !== undefined && { logLevel }),
    ...(defaultLimits !== undefined && { pluginLimits: defaultLimits }),
    ...(compiledBytes !== undefined && { limits: { compiledBytes } }),
  };
}
