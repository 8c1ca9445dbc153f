/**
 * Packages: what lies in the plugins folder, read as an enemy's.
 *
 * The room promises that a package is read once, whole and bounded, and that the hash it tells is that
 * of the bytes it hands out. It never runs what it reads. Begin with `plugin_package.ts`.
 *
 * @module
 */

export { pack, packFiles } from "./pack.ts";
export { PACKAGE_ENDING, pluginId } from "./plugin_id.ts";
export {
  type PackageContent,
  type PackageKind,
  type PluginPackage,
  readArchive,
  readBytes,
  readPackage,
} from "./plugin_package.ts";
export { listPackages, type PackageEntry } from "./plugins_folder.ts";
