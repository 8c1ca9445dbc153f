import { errorText } from "../errors.ts";
import type { Assignment } from "../grants/mod.ts";
import type { Permissions } from "../manifest/mod.ts";
import { type Mount, mountsOf, type MusicServer } from "../services/mod.ts";
import type { PluginLog } from "./log.ts";

/** How long a music server may take to say where its libraries are. Milliseconds. */
const LIST_TIMEOUT_MS = 10_000;

/** What the folders of a plugin follow from. */
export interface AssignedFolders {
  readonly permissions: Permissions;
  readonly assignment: Assignment;
  readonly musicServer: MusicServer | undefined;
  readonly dataFolder: string;
  readonly log: PluginLog;
}

/**
 * The folders of a plugin. A music server that does not answer costs the plugin its libraries, not its load: it is
 * upstream's rule that a library that is not there fails when it is looked at.
 */
export async function foldersOf(parts: AssignedFolders): Promise<Mount[]> {
  const { permissions, assignment, musicServer, dataFolder, log } = parts;
  const { libraries, writeLibraries: writable } = assignment;
  if (permissions.library?.filesystem !== true) return mountsOf(permissions, dataFolder);
  try {
    const all = await musicServer?.libraries?.list(AbortSignal.timeout(LIST_TIMEOUT_MS)) ?? [];
    const assigned = all.filter(({ id }) => libraries === "all" || libraries.includes(id));
    return mountsOf(permissions, dataFolder, { assigned, writable });
  } catch (thrown) {
    log("warn", `Cannot mount libraries until the next load: ${errorText(thrown)}`);
    return mountsOf(permissions, dataFolder);
  }
}
