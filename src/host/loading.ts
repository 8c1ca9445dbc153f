import { type Problem, SoundproofError } from "../errors.ts";
import { admitModule, type AdmittedModule, importsExtism } from "../cell/mod.ts";
import { checkExports, type Manifest, parseManifest, type Permissions } from "../manifest/mod.ts";
import { type PluginPackage, readPackage } from "../packages/mod.ts";
import { HOST_FUNCTIONS, permissionOf } from "../services/mod.ts";
import type { HostLimits } from "./options.ts";

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

/**
 * Admits a plugin's module under the permissions that hold for it, and checks that its exports are those
 * its permissions need.
 *
 * @throws {SoundproofError} `module.*`, `manifest.invalid`.
 */
export function admitPlugin(
  { source, manifest }: ReadPlugin,
  permissions: Permissions,
  limits: HostLimits,
): AdmittedModule {
  const functions = [...HOST_FUNCTIONS.values()]
    .filter(({ permission }) => permission === "always" || permissions[permission] !== undefined)
    .map(({ name }) => name)
    .filter((name) => manifest.hostFunctions?.includes(name) ?? true);
  const admitted = admitModule(source.wasm, {
    functions: new Set(functions),
    explain: explainMissing,
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

function explainMissing(name: string): string {
  const permission = permissionOf(name);
  if (permission === undefined) return "does not exist";
  return permission === "always"
    ? "is not among the host functions the manifest lists"
    : `needs the permission "${permission}", which the plugin does not have`;
}
