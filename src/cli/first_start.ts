import { join } from "node:path";
import { errorText } from "../errors.ts";
import { type Grants, permissionFlags } from "./flags.ts";
import type { Places } from "./places.ts";
import type { Source } from "./source.ts";

/** What the data folder can hold before the service ever ran. */
const BEFOREHAND = new Set(["soundproof.toml", "plugins"]);

/**
 * Whether the service never ran on this data folder, and no plugin is there. Its token stays when plugins are removed, so a
 * removed `hello` does not come back.
 */
export function isFirstStart({ dataDir, pluginsDir }: Places): boolean {
  return names(dataDir).every((name) => BEFOREHAND.has(name)) && names(pluginsDir).length === 0;
}

/** Builds `hello` into the plugins folder, in a Deno that may write only there; returns what went wrong, if anything did. */
export async function buildFirstPlugin(
  source: Source,
  pluginSources: string,
  pluginsDir: string,
): Promise<string | undefined> {
  const permissions: Grants = {
    read: [pluginSources],
    write: [pluginsDir],
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
        "hello",
        "--out",
        pluginsDir,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) return undefined;
    return new TextDecoder().decode(stderr).trim().split("\n", 1)[0] || "no reason given";
  } catch (error) {
    return errorText(error);
  }
}

function names(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), (entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
