/**
 * Packages: what lies in the plugins folder, read as an enemy's.
 *
 * The room promises that a package is read once, whole and bounded, that the hash it tells is that of the bytes
 * it hands out, and that a crash while one is changed leaves the old or the new one, whole. It never runs what it
 * reads. Begin with `plugin_package.ts` for what a package is, with `package_store.ts` for how it is changed.
 *
 * @module
 */

export { type Disk, machineDisk } from "./disk.ts";
export { type Download, type DownloadOptions, downloadPackage, suggestedId } from "./download.ts";
export { checkHash } from "./expected_hash.ts";
export type { PackageChange } from "./journal.ts";
export { pack, packFiles } from "./pack.ts";
export { PackageStore } from "./package_store.ts";
export type { PackageStoreOptions } from "./placing.ts";
export { PACKAGE_ENDING, pluginId } from "./plugin_id.ts";
export {
  type PackageContent,
  type PackageKind,
  type PluginPackage,
  readArchive,
  readBytes,
  readPackage,
  sha256,
} from "./plugin_package.ts";
export { PluginsWatch, type PluginsWatchOptions } from "./plugins_watch.ts";
export { listPackages, type PackageEntry } from "./plugins_folder.ts";
