import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { ERRNO, type Errno } from "../cell/mod.ts";

/** An error number that ends a file operation. */
export class FileFailure extends Error {
  override readonly name = "FileFailure";
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

const MAX_NAME_BYTES = 255;

/**
 * The parts of a path within a mount. Inner `..` are fine as long as they stay inside.
 *
 * @throws {FileFailure} `PERM` for a path that is absolute or leaves the mount, `NAMETOOLONG`, `INVAL`.
 */
export function partsOf(path: string): string[] {
  if (path.startsWith("/")) throw new FileFailure(ERRNO.PERM);
  if (path.includes("\0")) throw new FileFailure(ERRNO.INVAL);
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      if (new TextEncoder().encode(part).byteLength > MAX_NAME_BYTES) {
        throw new FileFailure(ERRNO.NAMETOOLONG);
      }
      parts.push(part);
    } else if (parts.pop() === undefined) throw new FileFailure(ERRNO.PERM);
  }
  return parts;
}

/**
 * Where a path of a mount really leads, every link in it resolved; its last part need not exist.
 *
 * @param root Real path of the mount's folder.
 * @param follow Whether a link at the very end is followed too.
 * @throws {FileFailure} `PERM` where it leads out of the mount.
 */
export async function realPlace(root: string, path: string, follow: boolean): Promise<string> {
  const parts = partsOf(path);
  if (parts.length === 0) return root;
  const full = join(root, ...parts);
  const target = join(inside(root, await realpath(dirname(full))), basename(full));
  if (!follow || !await isLink(target)) return target;
  return inside(root, await realpath(target));
}

function inside(root: string, real: string): string {
  if (real !== root && !real.startsWith(root + sep)) throw new FileFailure(ERRNO.PERM);
  return real;
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
}
