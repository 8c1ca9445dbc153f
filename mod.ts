/**
 * Soundproof: a security-first host for the plugins of music servers.
 *
 * @module
 */
export { ERROR_CODES, type ErrorCode, type Problem, SoundproofError } from "./src/errors.ts";
export {
  type CallOptions,
  inspectPackage,
  type Plugin,
  PluginHost,
  type PluginHostOptions,
  type PluginSummary,
} from "./src/host/mod.ts";
