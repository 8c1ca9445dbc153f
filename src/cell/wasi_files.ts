/**
 * The file functions of WASI preview 1, for a guest that has folders mounted.
 *
 * Descriptors live here, files live with the host: every operation on them is a host call, which the host
 * checks against the mount again. Before the first descriptor of its own a guest has only the folders.
 *
 * @module
 */

import { ERRNO, type FileCaller, type MountPoint } from "./files.ts";
import { Failure, FILE_TYPES, GuestFiles, type Memory, num } from "./guest_files.ts";

const FLAG_APPEND = 1;
const ALL_RIGHTS = (1n << 30n) - 1n;
const FOLLOW = 1;

type Arguments = readonly (number | bigint)[];

/** The file functions of one guest after the other. */
export interface FileFunctions {
  readonly functions: Readonly<Record<string, (...args: never[]) => number>>;
  /** Forgets every descriptor but those of the folders, for the next guest. */
  renew(): void;
}

/** Makes the file functions. `memory` gives the guest's memory as it is at that moment. */
export function fileFunctions(
  mounts: readonly MountPoint[],
  call: FileCaller,
  memory: Memory,
): FileFunctions {
  let files = new GuestFiles(mounts, call, memory);
  const functions = Object.entries(OPERATIONS).map((
    [name, operation],
  ) => [name, (...args: (number | bigint)[]) => {
    try {
      operation(files, args);
      return ERRNO.SUCCESS;
    } catch (thrown) {
      if (thrown instanceof Failure) return thrown.errno;
      if (thrown instanceof RangeError) return ERRNO.INVAL; // a pointer outside the guest's memory
      throw thrown;
    }
  }]);
  return {
    functions: Object.fromEntries(functions),
    renew: () => void (files = new GuestFiles(mounts, call, memory)),
  };
}

/** What each function does with the arguments a guest gave; pointers and lengths are checked as they are used. */
const OPERATIONS: Readonly<Record<string, (files: GuestFiles, args: Arguments) => void>> = {
  fd_prestat_get: (files, [fd, at]) => {
    const name = files.mountName(num(fd));
    files.view.setUint32(num(at), 0, true);
    files.view.setUint32(num(at) + 4, name.byteLength, true);
  },
  fd_prestat_dir_name: (files, [fd, at, length]) => {
    const name = files.mountName(num(fd));
    if (num(length) < name.byteLength) throw new Failure(ERRNO.NAMETOOLONG);
    files.bytes(num(at), name.byteLength).set(name);
  },
  fd_close: (files, [fd]) => files.close(num(fd)),
  fd_fdstat_get: (files, [fd, at]) => {
    const descriptor = files.get(num(fd));
    files.bytes(num(at), 24).fill(0);
    files.view.setUint8(
      num(at),
      descriptor.kind === "folder" ? FILE_TYPES.directory : FILE_TYPES.file,
    );
    const isAppend = descriptor.kind === "file" && descriptor.append;
    files.view.setUint16(num(at) + 2, isAppend ? FLAG_APPEND : 0, true);
    files.view.setBigUint64(num(at) + 8, ALL_RIGHTS, true);
    files.view.setBigUint64(num(at) + 16, ALL_RIGHTS, true);
  },
  fd_fdstat_set_flags: (files, [fd]) => void files.get(num(fd)),
  fd_fdstat_set_rights: (files, [fd]) => void files.get(num(fd)),
  fd_advise: (files, [fd]) => void files.get(num(fd)),
  fd_allocate: (files, [fd]) => {
    files.get(num(fd));
    throw new Failure(ERRNO.NOTSUP);
  },
  fd_datasync: (files, [fd]) => files.sync(num(fd)),
  fd_sync: (files, [fd]) => files.sync(num(fd)),
  fd_filestat_get: (files, [fd, at]) => files.writeStat(num(at), files.stat(files.get(num(fd)))),
  fd_filestat_set_size: (files, [fd, size]) => {
    files.ask({ op: "resize", handle: files.file(num(fd)).handle, size: num(size) });
  },
  fd_filestat_set_times: (files, [fd, accessed, modified, flags]) => {
    const descriptor = files.get(num(fd));
    if (descriptor.kind === "file") throw new Failure(ERRNO.NOTSUP);
    files.touch(descriptor.place, num(accessed), num(modified), num(flags));
  },
  fd_read: (files, [fd, vectors, count, read]) => {
    const file = files.file(num(fd));
    file.offset += files.read(file.handle, file.offset, num(vectors), num(count), num(read));
  },
  fd_pread: (files, [fd, vectors, count, offset, read]) => {
    files.read(files.file(num(fd)).handle, num(offset), num(vectors), num(count), num(read));
  },
  fd_write: (files, [fd, vectors, count, written]) => {
    const file = files.file(num(fd));
    const offset = file.append ? undefined : file.offset;
    file.offset += files.write(file.handle, offset, num(vectors), num(count), num(written));
  },
  fd_pwrite: (files, [fd, vectors, count, offset, written]) => {
    files.write(files.file(num(fd)).handle, num(offset), num(vectors), num(count), num(written));
  },
  fd_seek: (files, [fd, delta, whence, at]) => {
    const file = files.file(num(fd));
    const bases = [0, file.offset, files.stat(file).size];
    const base = bases[num(whence)];
    const offset = base === undefined ? -1 : base + Number(delta);
    if (!(offset >= 0)) throw new Failure(ERRNO.INVAL);
    file.offset = offset;
    files.view.setBigUint64(num(at), BigInt(offset), true);
  },
  fd_tell: (files, [fd, at]) => {
    files.view.setBigUint64(num(at), BigInt(files.file(num(fd)).offset), true);
  },
  fd_readdir: (files, [fd, at, length, cookie, used]) => {
    files.readFolder(num(fd), num(at), num(length), num(cookie), num(used));
  },
  fd_renumber: (files, [from, to]) => files.renumber(num(from), num(to)),
  path_open: (files, [fd, lookup, at, length, open, rights, _inherited, flags, opened]) => {
    files.open(files.place(fd, at, length), {
      follow: (num(lookup) & FOLLOW) !== 0,
      open: num(open),
      rights: BigInt(rights ?? 0),
      append: (num(flags) & FLAG_APPEND) !== 0,
      at: num(opened),
    });
  },
  path_filestat_get: (files, [fd, lookup, at, length, to]) => {
    const follow = (num(lookup) & FOLLOW) !== 0;
    const { stat } = files.ask({ op: "stat", ...files.place(fd, at, length), follow }).response;
    if (stat !== undefined) files.writeStat(num(to), stat);
  },
  path_filestat_set_times: (files, [fd, _lookup, at, length, accessed, modified, flags]) => {
    files.touch(files.place(fd, at, length), num(accessed), num(modified), num(flags));
  },
  path_create_directory: (files, [fd, at, length]) => {
    files.ask({ op: "mkdir", ...files.place(fd, at, length) });
  },
  path_remove_directory: (files, [fd, at, length]) => {
    files.ask({ op: "rmdir", ...files.place(fd, at, length) });
  },
  path_unlink_file: (files, [fd, at, length]) => {
    files.ask({ op: "unlink", ...files.place(fd, at, length) });
  },
  path_rename: (files, [fd, at, length, toFd, toAt, toLength]) => {
    const to = files.place(toFd, toAt, toLength);
    files.ask({ op: "rename", ...files.place(fd, at, length), to });
  },
  path_readlink: (files, [fd, at, length]) => {
    // What a link says may tell of the host; and no guest can have made one.
    files.place(fd, at, length);
    throw new Failure(ERRNO.PERM);
  },
  path_symlink: (files, [_at, _length, fd]) => files.refuseLink(num(fd)),
  path_link: (files, [_fd, _flags, _at, _length, toFd]) => files.refuseLink(num(toFd)),
};
