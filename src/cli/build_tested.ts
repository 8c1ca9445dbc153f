import { join } from "node:path";
import { SoundproofError } from "../errors.ts";
import type { AuthorFolder } from "./author_folder.ts";
import { buildApart } from "./build_process.ts";
import { exists, type Source } from "./source.ts";

/**
 * Compiles the plugin of `plugin test`, in a Deno of its own. One that has no sources is left as it is.
 *
 * @throws {SoundproofError} `plugin.build_failed`
 */
export async function buildTested(place: AuthorFolder, source: Source): Promise<void> {
  if (!exists(join(place.folder, "assembly"))) return;
  const { pluginSources } = source;
  const fault = pluginSources === undefined
    ? "the compiler is not part of this installation"
    : await buildApart(source, {
      pluginSources,
      plugin: place.folder,
      out: place.packages,
    });
  if (fault === undefined) return;
  throw new SoundproofError("plugin.build_failed", `Cannot test "${place.folder}": ${fault}`);
}
