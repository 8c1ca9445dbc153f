import { type Problem, SoundproofError } from "../errors.ts";
import { admitModule, type AdmittedModule, importsExtism } from "../cell/mod.ts";
import type { EffectivePermissions } from "../grants/mod.ts";
import { checkExports, type Manifest, parseManifest, type PermissionKey } from "../manifest/mod.ts";
import { type PluginPackage, readPackage } from "../packages/mod.ts";
import { ENV_PERMISSIONS } from "../protobuf/mod.ts";
import { HOST_FUNCTIONS } from "../services/mod.ts";
import { isProtobuf } from "./generation.ts";
import type { HostLimits } from "./options.ts";

const TODAYS_PERMISSIONS: ReadonlyMap<string, PermissionKey | "always"> = new Map(
  [...HOST_FUNCTIONS.values()].map(({ name, permission }) => [name, permission]),
);

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
  return readContent(await readPackage(path));
}

/**
 * Understands a package whose bytes are there.
 *
 * @throws {SoundproofError} `manifest.invalid`.
 */
export function readContent(source: PluginPackage): ReadPlugin {
  const extism = importsExtism(source.wasm);
  return { source, ...parseManifest(source.manifest, extism === undefined ? {} : { extism }) };
}

/** The host functions that exist for a plugin. */
export function grantedFunctions(
  { permissions, hostFunctions }: Pick<EffectivePermissions, "permissions" | "hostFunctions">,
  functions: ReadonlyMap<string, PermissionKey | "always"> = TODAYS_PERMISSIONS,
): Set<string> {
  const granted = [...functions].filter(([name, permission]) =>
    (permission === "always" || permissions[permission] !== undefined) &&
    (hostFunctions?.includes(name) ?? true)
  );
  return new Set(granted.map(([name]) => name));
}

/** The host functions that exist for plugins of a manifest's generation, and what brings each. */
function functionsOf(manifest: Manifest): ReadonlyMap<string, PermissionKey | "always"> {
  return isProtobuf(manifest) ? ENV_PERMISSIONS : TODAYS_PERMISSIONS;
}

/**
 * Admits a plugin's module with the host functions it is granted, and checks that its exports are those
 * its permissions need.
 *
 * @throws {SoundproofError} `module.*`, `manifest.invalid`.
 */
export function admitPlugin(
  { source, manifest }: ReadPlugin,
  granted: Pick<EffectivePermissions, "permissions" | "hostFunctions">,
  limits: HostLimits,
): AdmittedModule {
  const admitted = admitModule(source.wasm, {
    abi: isProtobuf(manifest) ? "go_plugin" : "extism",
    functions: grantedFunctions(granted, functionsOf(manifest)),
    explain: (name) => explainMissing(name, manifest, granted),
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

function explainMissing(
  name: string,
  manifest: Manifest,
  granted: Pick<EffectivePermissions, "permissions">,
): string {
  const { permissions, hostFunctions } = manifest;
  const permission = functionsOf(manifest).get(name);
  if (permission === undefined) return "does not exist";
  if (hostFunctions !== undefined && !hostFunctions.includes(name)) {
    return "is not among the host functions the manifest lists";
  }
  if (permission !== "always" && granted.permissions[permission] === undefined) {
    const why = permissions[permission] === undefined
      ? "which the plugin does not have"
      : "which was withheld from the plugin";
    return `needs the permission "${permission}", ${why}`;
  }
  return "is not among the host functions that the limits allow";
}
