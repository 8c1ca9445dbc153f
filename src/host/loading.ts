import { type Problem, SoundproofError } from "../errors.ts";
import { admitModule, type AdmittedModule, importsExtism } from "../cell/mod.ts";
import { checkExports, type Manifest, parseManifest, type Permissions } from "../manifest/mod.ts";
import { type PluginPackage, readPackage } from "../packages/mod.ts";
import { HOST_FUNCTIONS, permissionOf } from "../services/mod.ts";
import type { HostLimits, PluginLimits } from "./options.ts";

/** A package that has been read and whose manifest is understood. */
export interface ReadPlugin {
  readonly source: PluginPackage;
  readonly manifest: Manifest;
  /** What is odd about the manifest but does not forbid it. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads a package and its manifest.
 *
 * @throws {SoundproofError} `package.*`, `manifest.invalid`.
 */
export async function readPlugin(path: string): Promise<ReadPlugin> {
  const source = await readPackage(path);
  const extism = importsExtism(source.wasm);
  return { source, ...parseManifest(source.manifest, extism === undefined ? {} : { extism }) };
}

/** The host functions that exist for a plugin: manifest ∩ permissions ∩ limits. */
export function grantedFunctions(
  { hostFunctions: listed }: Manifest,
  permissions: Permissions,
  { hostFunctions: allowed }: PluginLimits = {},
): Set<string> {
  const granted = [...HOST_FUNCTIONS.values()].filter(({ name, permission }) =>
    (permission === "always" || permissions[permission] !== undefined) &&
    (listed?.includes(name) ?? true) && (allowed?.includes(name) ?? true)
  );
  return new Set(granted.map(({ name }) => name));
}

/**
 * Admits a plugin's module with the host functions it is granted, and checks that its exports are those
 * its permissions need.
 *
 * @throws {SoundproofError} `module.*`, `manifest.invalid`.
 */
export function admitPlugin(
  { source, manifest }: ReadPlugin,
  functions: ReadonlySet<string>,
  limits: HostLimits,
): AdmittedModule {
  const admitted = admitModule(source.wasm, {
    functions,
    explain: (name) => explainMissing(name, manifest),
    memoryBytes: limits.cell.memoryBytes,
    limits: limits.module,
  });
  const problems = checkExports(manifest, new Set(admitted.exports.keys()));
  if (problems.length > 0) {
    const [first] = problems;
    throw new SoundproofError(
      "manifest.invalid",
      `Cannot load plugin: manifest validation: ${first?.wanted}`,
      { problems },
    );
  }
  return admitted;
}

function explainMissing(name: string, { permissions, hostFunctions }: Manifest): string {
  const permission = permissionOf(name);
  if (permission === undefined) return "does not exist";
  if (hostFunctions !== undefined && !hostFunctions.includes(name)) {
    return "is not among the host functions the manifest lists";
  }
  return permission === "always" || permissions[permission] !== undefined
    ? "is not among the host functions that the limits allow"
    : `needs the permission "${permission}", which the plugin does not have`;
}
