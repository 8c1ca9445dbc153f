import { buildApart } from "./build_process.ts";
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
  const fault = await buildApart(source, { pluginSources, plugin: "hello", out: pluginsDir });
  return fault?.split("\n", 1)[0];
}

function names(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), (entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
