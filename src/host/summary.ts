import type { ErrorCode, Problem, SoundproofError } from "../errors.ts";
import { type Capability, detectCapabilities } from "../capabilities/mod.ts";
import type { Manifest } from "../manifest/mod.ts";
import type { PackageKind, PluginPackage } from "../packages/mod.ts";
import type { LoadedPlugin } from "./loaded_plugin.ts";
import { admitPlugin, grantedFunctions, type ReadPlugin, readPlugin } from "./loading.ts";
import { fullLimits } from "./options.ts";
import { openRules } from "./plugin_network.ts";

/** What is known of one plugin of the plugins folder. */
export interface PluginEntry {
  readonly id: string;
  readonly path: string;
  /** Set where another package has the same id. */
  conflict?: SoundproofError;
  /** Its package and manifest, where they could be read; without the module. */
  read?: Omit<ReadPlugin, "source"> & { readonly source: Omit<PluginPackage, "wasm"> };
  /** Set while it runs. */
  loaded?: LoadedPlugin;
  /** Why it cannot be read or run. */
  error?: SoundproofError;
}

/** A plugin as lists and reviews show it. Nothing in it is secret. */
export interface PluginSummary {
  /** Its id: the name of its entry in the plugins folder. */
  readonly id: string;
  /** *Running*, or why not. */
  readonly state: "running" | "disabled" | "failed";
  /** How its package lies on disk. */
  readonly kind: PackageKind;
  /** Where its package lies. */
  readonly path: string;
  /** Of the package, in lower-case hex; empty where it could not be read. */
  readonly sha256: string;
  /** Absent where the package could not be read. */
  readonly manifest?: Manifest;
  /** What the module's exports make of it; known once it has been admitted. */
  readonly capabilities: readonly Capability[];
  /** Functions the module exports; known once it has been admitted. */
  readonly exports: readonly string[];
  /** Network rules for which Deno's own list of hosts has to be wider, so that wall 3 stands on us alone. */
  readonly openRules: readonly string[];
  /** Why it is *failed*. */
  readonly error?: { code: ErrorCode; message: string; problems: readonly Problem[] };
  /** What is odd about its manifest. */
  readonly warnings: readonly Problem[];
  /** Cells alive now. */
  readonly cells: number;
}

/** What there is to say of an entry. */
export function summarise({ id, path, read, loaded, error }: PluginEntry): PluginSummary {
  const exports = loaded?.exports ?? new Set<string>();
  return {
    id,
    state: loaded !== undefined ? "running" : error !== undefined ? "failed" : "disabled",
    kind: read?.source.kind ?? "file",
    path,
    sha256: read?.source.sha256 ?? "",
    ...(read !== undefined && { manifest: read.manifest }),
    capabilities: detectCapabilities(exports),
    exports: [...exports].sort(),
    openRules: read === undefined ? [] : openRules(read.manifest.permissions),
    ...(error !== undefined && { error: describe(error) }),
    warnings: read?.warnings ?? [],
    cells: loaded?.counters.cells ?? 0,
  };
}

function describe({ code, message, problems }: SoundproofError): PluginSummary["error"] & object {
  return { code, message, problems };
}

/**
 * Reads and checks a package that is not installed, as if all it asks for were granted. Nothing of it
 * is run.
 *
 * @throws {SoundproofError} `package.*`, `manifest.invalid`, `module.*`.
 */
export async function inspectPackage(path: string): Promise<PluginSummary> {
  const read = await readPlugin(path);
  const { exports } = admitPlugin(
    read,
    grantedFunctions(read.manifest, read.manifest.permissions),
    fullLimits(),
  );
  const names = new Set(exports.keys());
  return {
    id: "",
    state: "disabled",
    kind: read.source.kind,
    path,
    sha256: read.source.sha256,
    manifest: read.manifest,
    capabilities: detectCapabilities(names),
    exports: [...names].sort(),
    openRules: openRules(read.manifest.permissions),
    warnings: read.warnings,
    cells: 0,
  };
}
