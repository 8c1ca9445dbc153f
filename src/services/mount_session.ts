import { constants, type Stats } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
} from "node:fs/promises";
import {
  decodeFrame,
  encodeFrame,
  ERRNO,
  type FilePlace,
  type FileRequest,
  type FileResponse,
  MAX_TRANSFER_BYTES,
} from "../cell/mod.ts";
import { errnoOf, FILE_MODE, FOLDER_MODE, kindOf, statOf } from "./file_facts.ts";
import { FileFailure, realPlace } from "./mount_place.ts";
import { readFileRequest } from "./mount_request.ts";
import type { Mount, Mounts } from "./mounts.ts";

const MAX_HANDLES = 256;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** The tail of the operations that judge paths, of all plugins. */
let lastJudged: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(operation: () => Promise<T>): Promise<T> {
  const result = lastJudged.then(operation);
  lastJudged = result.catch(() => {});
  return result;
}

interface OpenFile {
  readonly file: FileHandle;
  readonly mount: Mount;
  readonly read: boolean;
  readonly write: boolean;
}

/** An answer, and the bytes that go with it. */
export interface FileAnswer {
  readonly response: FileResponse;
  readonly payload?: Uint8Array;
}

/** The files that one call of a guest has open. Closed when the call is over. */
export class MountSession {
  readonly #mounts: Mounts;
  readonly #files = new Map<number, OpenFile>();
  #lastHandle = 0;

  constructor(mounts: Mounts) {
    this.#mounts = mounts;
  }

  /** Answers one operation as a cell sends it: a frame with the operation, and the bytes to write. */
  async answer(frame: Uint8Array): Promise<Uint8Array> {
    const { head, payload } = decodeFrame(frame);
    const request = readFileRequest(head);
    const { response, payload: read = new Uint8Array() } = request === undefined
      ? { response: { errno: ERRNO.INVAL } }
      : await this.perform(request, payload);
    return encodeFrame(response, read);
  }

  /** Performs one operation; what fails comes back as an errno. */
  async perform(request: FileRequest, payload: Uint8Array): Promise<FileAnswer> {
    try {
      return await this.#perform(request, payload);
    } catch (thrown) {
      return { response: { errno: errnoOf(thrown) } };
    }
  }

  /** Closes every file. */
  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(files.map(({ file }) => file.close()));
  }

  async #perform(request: FileRequest, payload: Uint8Array): Promise<FileAnswer> {
    switch (request.op) {
      case "open":
        return done(await oneAtATime(() => this.#open(request)));
      case "close": {
        const { file } = this.#file(request.handle);
        this.#files.delete(request.handle);
        await file.close();
        return done();
      }
      case "sync":
        await this.#file(request.handle).file.sync();
        return done();
      case "fstat":
        return done({ stat: statOf(await this.#file(request.handle).file.stat()) });
      case "read":
        return await this.#read(request.handle, request.offset, request.length);
      case "write":
        return done(await this.#write(request.handle, request.offset, payload));
      case "resize":
        await this.#resize(request.handle, request.size);
        return done();
      default:
        return done(await oneAtATime(() => this.#change(request)));
    }
  }

  async #open(request: FileRequest & { op: "open" }): Promise<Omit<FileResponse, "errno">> {
    if (this.#files.size >= MAX_HANDLES) throw new FileFailure(ERRNO.MFILE);
    const mount = this.#mount(request);
    const write = request.write || request.create || request.truncate;
    const target = await realPlace(await rootOf(mount), request.path, request.follow);
    const before = await existing(target);
    if (before?.isSymbolicLink()) throw new FileFailure(ERRNO.LOOP);
    if (before?.isDirectory()) {
      if (request.write) throw new FileFailure(ERRNO.ISDIR);
      if (request.exclusive) throw new FileFailure(ERRNO.EXIST);
      return {};
    }
    if (request.directory) throw new FileFailure(before ? ERRNO.NOTDIR : ERRNO.NOENT);
    if (write && !mount.writable) throw new FileFailure(ERRNO.ROFS);
    if (before === undefined && !request.create) throw new FileFailure(ERRNO.NOENT);
    if (before !== undefined && request.exclusive) throw new FileFailure(ERRNO.EXIST);
    if (before !== undefined) checkFile(before, mount, write);
    else await this.#mounts.take(mount, { bytes: 0, files: 1 });
    const flags = (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK |
      (before === undefined ? O_CREAT | O_EXCL : 0);
    const file = await open(target, flags, FILE_MODE);
    try {
      const opened = await file.stat();
      const there = await stat(target);
      const moved = await realpath(target) !== target || there.ino !== opened.ino ||
        there.dev !== opened.dev;
      if (moved) throw new FileFailure(ERRNO.PERM);
      if (request.truncate && opened.size > 0) {
        await file.truncate(0);
        await this.#mounts.take(mount, { bytes: -opened.size, files: 0 });
      }
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
    const handle = ++this.#lastHandle;
    this.#files.set(handle, { file, mount, read: request.read, write: request.write });
    return { handle };
  }

  async #read(handle: number, offset: number, length: number): Promise<FileAnswer> {
    const { file, read } = this.#file(handle);
    if (!read) throw new FileFailure(ERRNO.BADF);
    checkOffset(offset);
    const buffer = new Uint8Array(Math.min(length, MAX_TRANSFER_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, offset);
    return { ...done(), payload: buffer.subarray(0, bytesRead) };
  }

  async #write(
    handle: number,
    offset: number | undefined,
    payload: Uint8Array,
  ): Promise<Omit<FileResponse, "errno">> {
    const { file, mount, write } = this.#file(handle);
    if (!write) throw new FileFailure(ERRNO.BADF);
    const { size } = await file.stat();
    const at = offset ?? size;
    checkOffset(at);
    const growth = Math.max(0, at + payload.byteLength - size);
    await this.#mounts.take(mount, { bytes: growth, files: 0 });
    const { bytesWritten } = await file.write(payload, 0, payload.byteLength, at);
    return { written: bytesWritten };
  }

  async #resize(handle: number, size: number): Promise<void> {
    const { file, mount, write } = this.#file(handle);
    if (!write) throw new FileFailure(ERRNO.BADF);
    checkOffset(size);
    await this.#mounts.take(mount, { bytes: size - (await file.stat()).size, files: 0 });
    await file.truncate(size);
  }

  /** The operations on places rather than open files. */
  async #change(
    request: Exclude<FileRequest, { op: "open" } | { handle: number }>,
  ): Promise<Omit<FileResponse, "errno">> {
    const mount = this.#mount(request);
    const root = await rootOf(mount);
    if (request.op === "stat") {
      return { stat: statOf(await lstat(await realPlace(root, request.path, request.follow))) };
    }
    if (request.op === "list") {
      const entries = await readdir(await realPlace(root, request.path, true), {
        withFileTypes: true,
      });
      return { entries: entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) })) };
    }
    if (!mount.writable) throw new FileFailure(ERRNO.ROFS);
    const target = await realPlace(root, request.path, false);
    if (target === root) throw new FileFailure(ERRNO.PERM);
    switch (request.op) {
      case "mkdir":
        await this.#mounts.take(mount, { bytes: 0, files: 1 });
        await mkdir(target, { mode: FOLDER_MODE });
        return {};
      case "rmdir":
        await rmdir(target);
        await this.#mounts.take(mount, { bytes: 0, files: -1 });
        return {};
      case "unlink": {
        const gone = await lstat(target);
        if (gone.isDirectory()) throw new FileFailure(ERRNO.ISDIR);
        await unlink(target);
        await this.#mounts.take(mount, { bytes: -gone.size, files: -1 });
        return {};
      }
      case "touch": {
        const before = await lstat(target);
        if (before.isSymbolicLink()) throw new FileFailure(ERRNO.PERM);
        const { accessedMs = before.atimeMs, modifiedMs = before.mtimeMs } = request;
        await utimes(target, accessedMs / 1000, modifiedMs / 1000);
        return {};
      }
      case "rename":
        await this.#rename(mount, target, request.to);
        return {};
    }
  }

  async #rename(mount: Mount, from: string, to: FilePlace): Promise<void> {
    if (this.#mount(to) !== mount) throw new FileFailure(ERRNO.XDEV);
    const root = await rootOf(mount);
    const target = await realPlace(root, to.path, false);
    if (target === root) throw new FileFailure(ERRNO.PERM);
    // A link that the host's user made stays where they put it: moved, it could lead elsewhere.
    if ((await lstat(from)).isSymbolicLink()) throw new FileFailure(ERRNO.PERM);
    const replaced = await existing(target);
    await rename(from, target);
    if (replaced !== undefined && target !== from) {
      await this.#mounts.take(mount, { bytes: replaced.isFile() ? -replaced.size : 0, files: -1 });
    }
  }

  #mount({ mount }: FilePlace): Mount {
    const found = this.#mounts.mounts[mount];
    if (found === undefined) throw new FileFailure(ERRNO.BADF);
    return found;
  }

  #file(handle: number): OpenFile {
    const found = this.#files.get(handle);
    if (found === undefined) throw new FileFailure(ERRNO.BADF);
    return found;
  }
}

/** The real path of a mount's folder; the plugin's own is made where it is missing. */
async function rootOf(mount: Mount): Promise<string> {
  if (mount.quota !== undefined) {
    await mkdir(mount.folder, { recursive: true, mode: FOLDER_MODE });
  }
  return await realpath(mount.folder);
}

async function existing(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (thrown) {
    if (errnoOf(thrown) === ERRNO.NOENT) return undefined;
    throw thrown;
  }
}

function checkFile(file: Stats, mount: Mount, write: boolean): void {
  if (!file.isFile()) throw new FileFailure(ERRNO.PERM);
  // A second name of the file may lie outside.
  if (file.nlink > 1 && (write || mount.quota !== undefined)) throw new FileFailure(ERRNO.PERM);
}

function checkOffset(offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new FileFailure(ERRNO.INVAL);
}

function done(fields: Omit<FileResponse, "errno"> = {}): FileAnswer {
  return { response: { errno: ERRNO.SUCCESS, ...fields } };
}
