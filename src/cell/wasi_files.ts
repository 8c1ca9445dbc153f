/**
 * The file functions of WASI preview 1, for a guest that has folders mounted.
 *
 * Descriptors live here, files live with the host: every operation on them is a host call, which the host
 * checks against the mount again. Before the first descriptor of its own a guest has only the folders.
 *
 * @module
 */

import {
  ERRNO,
  type FileCaller,
  type FileEntry,
  type FileKind,
  type FilePlace,
  type FileStat,
  MAX_TRANSFER_BYTES,
  type MountPoint,
} from "./files.ts";

const FIRST_DESCRIPTOR = 3;
const MAX_DESCRIPTORS = 1_024;
const MAX_PATH_BYTES = 4_096;
const MAX_VECTORS = 1_024;
const FILE_TYPES: Readonly<Record<FileKind, number>> = {
  other: 0,
  directory: 3,
  file: 4,
  symlink: 7,
};

const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;
const FLAG_APPEND = 1;
const RIGHT_READ = 1n << 1n;
const RIGHT_WRITE = 1n << 6n;
const ALL_RIGHTS = (1n << 30n) - 1n;
const FOLLOW = 1;
const TIMES = { access: 1, accessNow: 2, modify: 4, modifyNow: 8 } as const;

/** An open descriptor. */
type Descriptor =
  | {
    readonly kind: "folder";
    readonly place: FilePlace;
    readonly preopen: boolean;
    entries?: FileEntry[];
  }
  | { readonly kind: "file"; readonly handle: number; readonly append: boolean; offset: number };

type Arguments = readonly (number | bigint)[];
type Memory = () => DataView;

/** An errno, thrown to end an operation. */
class Failure {
  readonly errno: number;
  constructor(errno: number) {
    this.errno = errno;
  }
}

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

class GuestFiles {
  readonly #mounts: readonly MountPoint[];
  readonly #call: FileCaller;
  readonly #memory: Memory;
  readonly #descriptors: (Descriptor | undefined)[] = [];

  constructor(mounts: readonly MountPoint[], call: FileCaller, memory: Memory) {
    this.#mounts = mounts;
    this.#call = call;
    this.#memory = memory;
    mounts.forEach((_, mount) => {
      this.#descriptors[FIRST_DESCRIPTOR + mount] = {
        kind: "folder",
        place: { mount, path: "" },
        preopen: true,
      };
    });
  }

  /** The guest's memory. */
  get view(): DataView {
    return this.#memory();
  }

  /** A range of the guest's memory. */
  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.view.buffer, at, length);
  }

  get(fd: number): Descriptor {
    const descriptor = this.#descriptors[fd];
    if (descriptor === undefined) throw new Failure(ERRNO.BADF);
    return descriptor;
  }

  file(fd: number): Descriptor & { kind: "file" } {
    const descriptor = this.get(fd);
    if (descriptor.kind !== "file") throw new Failure(ERRNO.ISDIR);
    return descriptor;
  }

  /** Asks the host; what is no success ends the operation. */
  ask: FileCaller = (request, payload) => {
    const answer = this.#call(request, payload);
    if (answer.response.errno !== ERRNO.SUCCESS) throw new Failure(answer.response.errno);
    return answer;
  };

  mountName(fd: number): Uint8Array {
    const descriptor = this.get(fd);
    const mount = descriptor.kind === "folder" && descriptor.preopen
      ? this.#mounts[descriptor.place.mount]
      : undefined;
    if (mount === undefined) throw new Failure(ERRNO.BADF);
    return new TextEncoder().encode(mount.name);
  }

  /** The place a path argument names: a folder's descriptor, and a path that must be a relative one. */
  place(fd: unknown, at: unknown, length: unknown): FilePlace {
    const descriptor = this.get(num(fd));
    if (descriptor.kind !== "folder") throw new Failure(ERRNO.NOTDIR);
    if (num(length) > MAX_PATH_BYTES) throw new Failure(ERRNO.NAMETOOLONG);
    const path = new TextDecoder().decode(this.bytes(num(at), num(length)));
    if (path.startsWith("/")) throw new Failure(ERRNO.PERM);
    const { mount, path: folder } = descriptor.place;
    const joined = folder === "" ? path : `${folder}/${path}`;
    if (joined.length > MAX_PATH_BYTES) throw new Failure(ERRNO.NAMETOOLONG);
    return { mount, path: joined };
  }

  open(
    place: FilePlace,
    how: { follow: boolean; open: number; rights: bigint; append: boolean; at: number },
  ): void {
    const fd = this.#freeDescriptor();
    const { response } = this.ask({
      op: "open",
      ...place,
      read: (how.rights & RIGHT_READ) !== 0n,
      write: (how.rights & RIGHT_WRITE) !== 0n || how.append,
      create: (how.open & OPEN.create) !== 0,
      exclusive: (how.open & OPEN.exclusive) !== 0,
      truncate: (how.open & OPEN.truncate) !== 0,
      directory: (how.open & OPEN.directory) !== 0,
      follow: how.follow,
    });
    this.#descriptors[fd] = response.handle === undefined
      ? { kind: "folder", place, preopen: false }
      : { kind: "file", handle: response.handle, append: how.append, offset: 0 };
    this.view.setUint32(how.at, fd, true);
  }

  close(fd: number): void {
    const descriptor = this.get(fd);
    this.#descriptors[fd] = undefined;
    if (descriptor.kind === "file") this.ask({ op: "close", handle: descriptor.handle });
  }

  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    this.close(to);
    this.#descriptors[to] = descriptor;
    this.#descriptors[from] = undefined;
  }

  sync(fd: number): void {
    const descriptor = this.get(fd);
    if (descriptor.kind === "file") this.ask({ op: "sync", handle: descriptor.handle });
  }

  stat(descriptor: Descriptor): FileStat {
    const { stat } = descriptor.kind === "file"
      ? this.ask({ op: "fstat", handle: descriptor.handle }).response
      : this.ask({ op: "stat", ...descriptor.place, follow: true }).response;
    if (stat === undefined) throw new Failure(ERRNO.IO);
    return stat;
  }

  touch(place: FilePlace, accessed: number, modified: number, flags: number): void {
    const time = (given: number, exact: number, now: number) =>
      (flags & now) !== 0 ? Date.now() : (flags & exact) !== 0 ? given / 1e6 : undefined;
    const accessedMs = time(accessed, TIMES.access, TIMES.accessNow);
    const modifiedMs = time(modified, TIMES.modify, TIMES.modifyNow);
    this.ask({
      op: "touch",
      ...place,
      ...(accessedMs !== undefined && { accessedMs }),
      ...(modifiedMs !== undefined && { modifiedMs }),
    });
  }

  refuseLink(fd: number): never {
    const descriptor = this.get(fd);
    const mount = descriptor.kind === "folder" ? this.#mounts[descriptor.place.mount] : undefined;
    throw new Failure(mount?.writable === false ? ERRNO.ROFS : ERRNO.PERM);
  }

  /** Reads into the guest's vectors, as much as one transfer holds. */
  read(handle: number, offset: number, vectors: number, count: number, read: number): number {
    const ranges = this.#vectors(vectors, count);
    const length = ranges.reduce((sum, range) => sum + range.byteLength, 0);
    const { payload } = this.ask({ op: "read", handle, offset, length });
    let at = 0;
    for (const range of ranges) {
      const part = payload.subarray(at, at + range.byteLength);
      range.set(part);
      at += part.byteLength;
    }
    this.view.setUint32(read, at, true);
    return at;
  }

  /** Writes the guest's vectors, as much as one transfer holds; the guest goes on with the rest. */
  write(
    handle: number,
    offset: number | undefined,
    vectors: number,
    count: number,
    written: number,
  ): number {
    const ranges = this.#vectors(vectors, count);
    const payload = new Uint8Array(ranges.reduce((sum, range) => sum + range.byteLength, 0));
    let at = 0;
    for (const range of ranges) {
      payload.set(range, at);
      at += range.byteLength;
    }
    const request = { op: "write", handle, ...(offset !== undefined && { offset }) } as const;
    const { response } = this.ask(request, payload);
    this.view.setUint32(written, response.written ?? 0, true);
    return response.written ?? 0;
  }

  readFolder(fd: number, at: number, length: number, cookie: number, used: number): void {
    const descriptor = this.get(fd);
    if (descriptor.kind !== "folder") throw new Failure(ERRNO.NOTDIR);
    if (cookie === 0) delete descriptor.entries;
    descriptor.entries ??= [
      ...this.ask({ op: "list", ...descriptor.place }).response.entries ?? [],
    ];
    const into = this.bytes(at, length);
    let filled = 0;
    for (let index = cookie; index < descriptor.entries.length && filled < length; index++) {
      const entry = descriptor.entries[index];
      if (entry === undefined) break;
      const record = folderRecord(entry, index + 1).subarray(0, length - filled);
      into.set(record, filled);
      filled += record.byteLength;
    }
    this.view.setUint32(used, filled, true);
  }

  writeStat(at: number, stat: FileStat): void {
    this.bytes(at, 64).fill(0);
    const { view } = this;
    view.setBigUint64(at + 8, BigInt(stat.inode), true);
    view.setUint8(at + 16, FILE_TYPES[stat.kind]);
    view.setBigUint64(at + 24, BigInt(stat.links), true);
    view.setBigUint64(at + 32, BigInt(stat.size), true);
    [stat.accessedMs, stat.modifiedMs, stat.changedMs].forEach((ms, index) => {
      view.setBigUint64(
        at + 40 + 8 * index,
        BigInt(Math.max(0, Math.round(ms))) * 1_000_000n,
        true,
      );
    });
  }

  #freeDescriptor(): number {
    for (let fd = FIRST_DESCRIPTOR; fd < MAX_DESCRIPTORS; fd++) {
      if (this.#descriptors[fd] === undefined) return fd;
    }
    throw new Failure(ERRNO.MFILE);
  }

  /** The ranges that vectors name, together at most one transfer long. */
  #vectors(at: number, count: number): Uint8Array[] {
    if (count > MAX_VECTORS) throw new Failure(ERRNO.INVAL);
    const ranges: Uint8Array[] = [];
    let room = MAX_TRANSFER_BYTES;
    for (let i = 0; i < count && room > 0; i++) {
      const start = this.view.getUint32(at + 8 * i, true);
      const length = Math.min(room, this.view.getUint32(at + 8 * i + 4, true));
      ranges.push(this.bytes(start, length));
      room -= length;
    }
    return ranges;
  }
}

/** A directory entry as `fd_readdir` lays it out: next cookie, inode, length of the name, type, name. */
function folderRecord({ name, kind }: FileEntry, next: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  const record = new Uint8Array(24 + text.byteLength);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setUint32(16, text.byteLength, true);
  view.setUint8(20, FILE_TYPES[kind]);
  record.set(text, 24);
  return record;
}

/** An argument as an unsigned number; 64-bit ones beyond 2^53 lose bits and fail every check they meet. */
function num(argument: unknown): number {
  return typeof argument === "bigint"
    ? Number(BigInt.asUintN(64, argument))
    : typeof argument === "number"
    ? argument >>> 0
    : 0;
}
