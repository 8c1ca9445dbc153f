/**
 * The configuration room: `soundproof.toml` read into values, and every mistake in it into a sentence.
 *
 * It promises that what it returns is of the right types, and that a mistake costs the one setting it is in, not
 * the file. It never opens anything but that file and holds no default: who needs a value knows what its absence
 * means. Begin with {@link parseConfiguration}.
 *
 * @module
 */
export { type Address, isLocal, type Listen, parseListen } from "./address.ts";
export {
  type Configuration,
  type ConfigurationProblem,
  type ConfiguredOrder,
  type ConfiguredPlugin,
  NOTHING_CONFIGURED,
  parseConfiguration,
  type PluginConfig,
  readConfiguration,
} from "./configuration.ts";
export type { PluginLimits } from "./limits.ts";
export type { MusicServerConfiguration } from "./music_server.ts";
