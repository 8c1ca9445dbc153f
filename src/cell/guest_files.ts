/**
 * The open files of a guest: descriptors here, files with the host.
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

/** File types of WASI. */
export const FILE_TYPES: Readonly<Record<FileKind, number>> = {
  other: 0,
  directory: 3,
  file: 4,
  symlink: 7,
};

const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;
const RIGHT_READ = 1n << 1n;
const RIGHT_WRITE = 1n << 6n;
const TIMES = { access: 1, accessNow: 2, modify: 4, modifyNow: 8 } as const;

/** An open descriptor. */
export type Descriptor =
  | {
    readonly kind: "folder";
    readonly place: FilePlace;
    readonly preopen: boolean;
    entries?: FileEntry[];
  }
  | { readonly kind: "file"; readonly handle: number; readonly append: boolean; offset: number };

/** Gives the guest's memory as it is at that moment. */
export type Memory = () => DataView;

/** An errno, thrown to end an operation. */
export class Failure {
  readonly errno: number;

  constructor(errno: number) {
    this.errno = errno;
  }
}

/** Descriptors of one guest, and what its calls do with them. Every method may throw a {@link Failure}. */
export class GuestFiles {
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
export function num(argument: unknown): number {
  return typeof argument === "bigint"
    ? Number(BigInt.asUintN(64, argument))
    : typeof argument === "number"
    ? argument >>> 0
    : 0;
}
