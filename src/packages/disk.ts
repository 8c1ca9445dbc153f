import { dirname } from "node:path";

/** The ways in which a {@link PackageStore} changes files. Each is on the disk, not only in memory, when it resolves. */
export interface Disk {
  /** Makes a file of mode 0600 with these bytes, in the place of one that is there. Not at once: a crash can leave a part. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Puts what lies at one path in the place of what lies at another, at once. Both are on one file system. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file, a link (never what it leads to) or a folder and all in it; nothing there is fine. */
  remove(path: string): Promise<void>;
}

/** The disk of this machine. */
export const machineDisk: Disk = {
  async write(path, bytes) {
    await removeWhole(path);
    // Made anew, so that no link that somebody put there is followed.
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
    await syncFolder(dirname(path));
  },
  async move(from, to) {
    await Deno.rename(from, to);
    await syncFolder(dirname(to));
    if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
  },
  async remove(path) {
    if (await removeWhole(path)) await syncFolder(dirname(path));
  },
};

async function removeWhole(path: string): Promise<boolean> {
  try {
    const { isDirectory } = await Deno.lstat(path);
    await Deno.remove(path, { recursive: isDirectory });
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

/** What a folder lists is on the disk only once the folder is; Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
