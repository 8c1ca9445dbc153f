/**
 * Manifests: what a plugin's author declares, and the settings a plugin takes.
 *
 * Promises that a manifest of any of the four dialects becomes one {@link Manifest}, or an error that lists
 * everything wrong with it; that what is unknown is never granted; and that no document, however hostile,
 * makes it throw anything else, or work without end. It opens no file, looks into no module and decides on no
 * grant. Begin with `parse.ts`; the rules for single fields are in `schema/manifest.schema.json`.
 *
 * @module
 */

export type { Problem } from "../errors.ts";
export * from "./types.ts";
export { withDefaults } from "./config_defaults.ts";
export { configMap, parseConfig, validateConfig } from "./config.ts";
export { type ParsedManifest, parseManifest, type ParseManifestOptions } from "./parse.ts";
export { PERMISSION_KEYS, readPermissions } from "./read_permissions.ts";
export { checkExports } from "./rules.ts";
export { secretKeys } from "./secrets.ts";
export { type Setting, settingsOf } from "./settings.ts";
export { formatSize, parseSize } from "./sizes.ts";
