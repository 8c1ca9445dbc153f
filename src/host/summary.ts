import type { ErrorCode, Problem, SoundproofError } from "../errors.ts";
import { type Capability, detectCapabilities } from "../capabilities/mod.ts";
import type { Manifest } from "../manifest/mod.ts";
import type { Decision } from "../grants/mod.ts";
import { type PackageKind, readArchive } from "../packages/mod.ts";
import { generationOf } from "./generation.ts";
import { admitPlugin, readContent, type ReadPlugin, readPlugin } from "./loading.ts";
import { fullLimits } from "./options.ts";
import type { PluginEntry } from "./plugin_entry.ts";
import { openRules } from "./plugin_network.ts";

/** A plugin as lists and reviews show it. Nothing in it is secret. */
export interface PluginSummary {
  /** Its id: the name of its entry in the plugins folder. */
  readonly id: string;
  /** *Running*, or why not; what *waits* is enabled, but asks for more than was approved. */
  readonly state: "running" | "disabled" | "failed" | "waiting";
  /** How its package lies on disk. */
  readonly kind: PackageKind;
  /** Where its package lies. */
  readonly path: string;
  /** Of the package, in lower-case hex; empty where it could not be read. */
  readonly sha256: string;
  /** Absent where the package could not be read. */
  readonly manifest?: Manifest;
  /** What it can do; known once it has been admitted. */
  readonly capabilities: readonly Capability[];
  /** Functions it can be asked, by today's names; known once it has been admitted. */
  readonly exports: readonly string[];
  /** Network rules for which Deno's own list of hosts has to be wider, so that wall 3 stands on us alone. */
  readonly openRules: readonly string[];
  /** Why it is *failed*. */
  readonly error?: { code: ErrorCode; message: string; problems: readonly Problem[] };
  /** What is odd about its manifest. */
  readonly warnings: readonly Problem[];
  /** What was decided about it; absent where nothing ever was, or it was revoked. */
  readonly decision?: Decision;
  /** Cells alive now. */
  readonly cells: number;
}

/** The state of an entry. */
export function stateOf({ loaded, error, waits }: PluginEntry): PluginSummary["state"] {
  if (loaded !== undefined) return "running";
  return error !== undefined ? "failed" : waits ? "waiting" : "disabled";
}

/** What there is to say of an entry, and of what was decided about it. */
export function summarise(entry: PluginEntry, decision?: Decision): PluginSummary {
  const { id, path, read, loaded, error } = entry;
  const exports = loaded?.exports ?? new Set<string>();
  return {
    id,
    state: stateOf(entry),
    kind: read?.source.kind ?? "file",
    path,
    sha256: read?.source.sha256 ?? "",
    ...(read !== undefined && { manifest: read.manifest }),
    capabilities: detectCapabilities(exports),
    exports: [...exports].sort(),
    openRules: read === undefined ? [] : openRules(read.manifest.permissions),
    ...(error !== undefined && { error: describe(error) }),
    warnings: read?.warnings ?? [],
    ...(decision !== undefined && { decision }),
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
  return await inspect(await readPlugin(path));
}

/** The same of the bytes of an `.ndp` file, which lie nowhere yet. */
export async function inspectArchive(bytes: Uint8Array<ArrayBuffer>): Promise<PluginSummary> {
  return await inspect(readContent({ kind: "file", path: "", ...await readArchive(bytes) }));
}

async function inspect(read: ReadPlugin): Promise<PluginSummary> {
  const { manifest } = read;
  const admitted = admitPlugin(read, manifest, fullLimits());
  const generation = await generationOf({ id: "", manifest, admitted });
  const names = generation.exports;
  return {
    id: "",
    state: "disabled",
    kind: read.source.kind,
    path: read.source.path,
    sha256: read.source.sha256,
    manifest: read.manifest,
    capabilities: detectCapabilities(names),
    exports: [...names].sort(),
    openRules: openRules(read.manifest.permissions),
    warnings: read.warnings,
    cells: 0,
  };
}
