import type { Stats } from "node:fs";
import { ERRNO, type Errno, type FileKind, type FileStat } from "../cell/mod.ts";
import { FileFailure } from "./mount_place.ts";

/** Mode of folders made for guests and by them. */
export const FOLDER_MODE = 0o700;
/** Mode of files that guests make. */
export const FILE_MODE = 0o600;

/** What a file is like, in the words of guests. */
export function statOf(stats: Stats): FileStat {
  return {
    kind: kindOf(stats),
    size: stats.size,
    inode: stats.ino,
    links: stats.nlink,
    accessedMs: stats.atimeMs,
    modifiedMs: stats.mtimeMs,
    changedMs: stats.ctimeMs,
  };
}

/** What a file or an entry of a folder is. */
export function kindOf(
  of: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean },
): FileKind {
  if (of.isFile()) return "file";
  if (of.isDirectory()) return "directory";
  return of.isSymbolicLink() ? "symlink" : "other";
}

const ERRNO_OF: Readonly<Record<string, Errno>> = {
  EACCES: ERRNO.ACCES,
  EEXIST: ERRNO.EXIST,
  EISDIR: ERRNO.ISDIR,
  ELOOP: ERRNO.LOOP,
  ENAMETOOLONG: ERRNO.NAMETOOLONG,
  ENOENT: ERRNO.NOENT,
  ENOSPC: ERRNO.NOSPC,
  ENOTDIR: ERRNO.NOTDIR,
  ENOTEMPTY: ERRNO.NOTEMPTY,
  EPERM: ERRNO.PERM,
  EROFS: ERRNO.ROFS,
};

/** The error number for whatever a file operation threw. */
export function errnoOf(thrown: unknown): Errno {
  if (thrown instanceof FileFailure) return thrown.errno;
  const code = thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
  return ERRNO_OF[String(code)] ?? ERRNO.IO;
}
