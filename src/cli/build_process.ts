import { join } from "node:path";
import { errorText } from "../errors.ts";
import { type Grants, permissionFlags } from "./flags.ts";
import type { Source } from "./source.ts";

/** What is built, from where and to where. Absolute paths. */
export interface Build {
  /** The folder with the compiler's program and the example plugins. */
  readonly pluginSources: string;
  /** An example plugin by its id, or a folder. */
  readonly plugin: string;
  /** The folder that the package goes to. */
  readonly out: string;
}

/**
 * Builds a plugin in a Deno that may read plugins and write packages, and nothing else; returns what went wrong, if
 * anything did.
 */
export async function buildApart(
  source: Source,
  { pluginSources, plugin, out }: Build,
): Promise<string | undefined> {
  const isFolder = /[/\\]/.test(plugin);
  const permissions: Grants = {
    read: [pluginSources, ...(isFolder ? [plugin] : [])],
    write: [out],
    net: "nothing",
    env: [],
    imports: [],
  };
  try {
    const { success, stderr } = await new Deno.Command("deno", {
      args: [
        "run",
        "--quiet",
        ...permissionFlags(permissions),
        "--unstable-worker-options",
        ...source.flags,
        join(pluginSources, "build.ts"),
        plugin,
        "--out",
        out,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) return undefined;
    return new TextDecoder().decode(stderr).trim() || "no reason given";
  } catch (error) {
    return errorText(error);
  }
}
