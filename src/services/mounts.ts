/**
 * Folders of the host that a plugin finds at paths of its own, and the jail around them.
 *
 * A path is judged as text (it may not leave its mount) and as what it really leads to (no link may lead
 * out). Operations that judge a path run one at a time, over all plugins, so no guest can move something
 * between the judgement and the act. Before a byte of what was opened is read, written or cut off, the
 * folders on the way must be as they were when it was judged (`mount_passage.ts`), so a change made from
 * outside at that very moment is noticed too.
 *
 * @module
 */

import { lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ERRNO, type MountPoint } from "../cell/mod.ts";
import type { Permissions } from "../manifest/mod.ts";
import { FOLDER_MODE } from "./file_facts.ts";
import { FileFailure } from "./mount_place.ts";
import { MountSession } from "./mount_session.ts";
import type { ServerLibrary } from "./music_types.ts";
import { STORAGE_PATH, storageFolder } from "./storage.ts";

/** A folder that is mounted. */
export interface Mount extends MountPoint {
  /** Where it is on the host. It need not exist; then everything in it is missing. */
  readonly folder: string;
  /** The plugin's own folder: made where it is missing, kept to a quota, without files linked elsewhere. */
  readonly quota?: { readonly bytes: number; readonly files: number };
}

/** Room of each plugin's own folder. */
const STORAGE_QUOTA = { bytes: 256 * 1024 * 1024, files: 10_000 };

/** Which libraries a plugin sees as folders. */
export interface LibraryFolders {
  /** The music server's libraries that are assigned to the plugin; one without a path has no folder. */
  readonly assigned: readonly Pick<ServerLibrary, "id" | "path">[];
  /** Whether the plugin may write into them. */
  readonly writable: boolean;
}

/**
 * The folders that permissions bring: libraries, in the server's order, where the manifest asks for their files,
 * and last `/storage`, a part of the plugin's `dataFolder`. Source: `extism-abi.md` 1.8 and 5.8.
 */
export function mountsOf(
  permissions: Permissions,
  dataFolder: string,
  libraries: LibraryFolders = { assigned: [], writable: false },
): Mount[] {
  const mounts: Mount[] = [];
  const { assigned, writable } = libraries;
  for (const { id, path } of permissions.library?.filesystem === true ? assigned : []) {
    if (path === undefined || path === "") continue;
    mounts.push({ name: `/libraries/${id}`, writable, folder: path });
  }
  if (permissions.storage !== undefined) {
    const folder = storageFolder(dataFolder);
    mounts.push({ name: STORAGE_PATH, writable: true, folder, quota: STORAGE_QUOTA });
  }
  return mounts;
}

/** What a mount with a quota holds. */
interface Usage {
  bytes: number;
  files: number;
}

/** The mounts of one plugin. */
export class Mounts {
  readonly mounts: readonly Mount[];
  readonly #usage = new Map<Mount, Usage>();

  constructor(mounts: readonly Mount[]) {
    this.mounts = mounts;
  }

  /** Files for one call of a guest. */
  session(): MountSession {
    return new MountSession(this);
  }

  /**
   * Takes from the quota of a mount, or gives back.
   *
   * @throws {FileFailure} `NOSPC`.
   */
  async take(mount: Mount, { bytes, files }: Usage): Promise<void> {
    const usage = await this.#held(mount);
    if (usage === undefined || mount.quota === undefined) return;
    const isOver = (bytes > 0 && usage.bytes + bytes > mount.quota.bytes) ||
      (files > 0 && usage.files + files > mount.quota.files);
    if (isOver) throw new FileFailure(ERRNO.NOSPC);
    usage.bytes += bytes;
    usage.files += files;
  }

  /** What a mount with a quota holds: counted once, kept in mind from then on. */
  async #held(mount: Mount): Promise<Usage | undefined> {
    if (mount.quota === undefined) return undefined;
    const known = this.#usage.get(mount);
    if (known !== undefined) return known;
    await mkdir(mount.folder, { recursive: true, mode: FOLDER_MODE });
    const usage = { bytes: 0, files: 0 };
    for (const entry of await readdir(mount.folder, { recursive: true, withFileTypes: true })) {
      usage.files++;
      if (entry.isFile()) usage.bytes += (await lstat(join(entry.parentPath, entry.name))).size;
    }
    this.#usage.set(mount, usage);
    return usage;
  }
}
