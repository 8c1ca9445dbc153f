/**
 * Whether the way to a place stays what it was while something is done there.
 *
 * A folder on the way can be put aside for a link to elsewhere between any two looks at it, and be back at the
 * second: nothing here opens a place relative to an open folder (`openat`). But who puts an entry into a folder or
 * takes one out leaves a mark: the folder's times. So a passage notes the folders that a path goes through with
 * their times; where all are as noted afterwards, nothing else was on the way in between.
 *
 * A mark is only as fine as the clock behind it, so a folder that changed just now is looked at again a little
 * later. The time of change that the platform shows has whole seconds. That of modification has milliseconds, but
 * the folder's owner can set it back; it is enough where the owner is this host.
 *
 * @module
 */

import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { ERRNO } from "../cell/mod.ts";
import { FileFailure } from "./mount_place.ts";

/** How far a file system's clock may be behind: two ticks of the slowest kernel. Milliseconds. */
const TICK_MS = 20;

/** A folder on the way changed just now: worth another try. */
export class Unsettled extends FileFailure {
  /** When to try again. Milliseconds. */
  readonly afterMs: number;

  constructor(afterMs = TICK_MS) {
    super(ERRNO.AGAIN);
    this.afterMs = afterMs;
  }
}

/** What is on the way to a place of a mount. */
export interface Way {
  /** Real path of the mount's folder. It is where a way begins, and not doubted. */
  readonly root: string;
  /** Real path of the place. */
  readonly place: string;
  /** Whether the place itself is gone through too, such as a folder that is listed. */
  readonly through?: boolean;
  /** Whether the folders are this host's own, so that nobody else can set their times back. */
  readonly own: boolean;
}

/** The folders on the way to a place, as they were at one moment. */
export class Passage {
  readonly #folders: readonly string[];
  readonly #own: boolean;
  #mark = "";

  private constructor({ root, place, through = false, own }: Way) {
    // What is above the root is not looked at: the process may not, and it is not doubted.
    this.#folders = foldersBetween(root, through || place === root ? place : dirname(place));
    this.#own = own;
  }

  /**
   * Notes the folders on the way to a place, each after the one it is in.
   *
   * @throws {FileFailure} `NOTDIR` where something on the way is a file.
   * @throws {Unsettled} where one changed just now.
   */
  static async note(way: Way): Promise<Passage> {
    const passage = new Passage(way);
    passage.#mark = await passage.#look();
    return passage;
  }

  /**
   * Looks again.
   *
   * @throws {Unsettled} where a folder is not as it was noted.
   */
  async check(): Promise<void> {
    if (await this.#look().catch(() => undefined) !== this.#mark) throw new Unsettled();
  }

  /** The marks of all folders but the last: what is in that one is opened without following a link. */
  async #look(): Promise<string> {
    const marks: unknown[] = [];
    // In the mount's folder itself nothing is gone through.
    if (this.#folders.length === 1) return "";
    for (const [index, folder] of this.#folders.entries()) {
      const stats = await lstat(folder);
      // On a real path there was no link a moment ago.
      if (stats.isSymbolicLink()) throw new Unsettled();
      if (!stats.isDirectory()) throw new FileFailure(ERRNO.NOTDIR);
      if (index === this.#folders.length - 1) continue;
      const { dev, ino, mtimeMs, ctimeMs } = stats;
      const waitMs = untilSettled({ mtimeMs, ctimeMs }, Date.now(), this.#own);
      if (waitMs > 0) throw new Unsettled(waitMs);
      marks.push([dev, ino, mtimeMs, ctimeMs]);
    }
    return JSON.stringify(marks);
  }
}

/** The folders from one to another within it, both included. */
function foldersBetween(root: string, last: string): string[] {
  const folders = [last];
  for (let folder = last; folder !== root && folder !== dirname(folder);) {
    folder = dirname(folder);
    folders.unshift(folder);
  }
  return folders;
}

/**
 * How long it takes until every change of a folder shows in its times; 0 where that is so now.
 *
 * @param times Of the folder. One in the future is of another clock, and every change brings it to now.
 * @param own Whether nobody can set its time of modification back.
 */
export function untilSettled(
  { mtimeMs, ctimeMs }: { readonly mtimeMs: number; readonly ctimeMs: number },
  nowMs: number,
  own: boolean,
): number {
  const until = (shownMs: number, finenessMs: number): number => {
    const waitMs = Math.floor(shownMs / finenessMs + 1) * finenessMs + TICK_MS - nowMs;
    return waitMs > finenessMs + 2 * TICK_MS ? 0 : waitMs;
  };
  return Math.max(0, until(mtimeMs, 1), own ? 0 : until(ctimeMs, 1_000));
}
