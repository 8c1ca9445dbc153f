import { constants, type Stats } from "node:fs";
import {
  type FileHandle,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  unlink,
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
import { Passage, Unsettled } from "./mount_passage.ts";
import { FileFailure, realPlace } from "./mount_place.ts";
import { readFileRequest } from "./mount_request.ts";
import type { Mount, Mounts } from "./mounts.ts";

const MAX_HANDLES = 256;
/** How often an operation is tried whose way changes meanwhile. */
const MAX_TRIES = 10;
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

/** A place of a mount, after its path was judged. */
interface Judged {
  readonly root: string;
  readonly target: string;
  readonly passage: Passage;
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
  #closed = false;
  #stopWaiting = (): void => {};

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
    this.#closed = true;
    this.#stopWaiting();
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(files.map(({ file }) => file.close()));
  }

  async #perform(request: FileRequest, payload: Uint8Array): Promise<FileAnswer> {
    switch (request.op) {
      case "open":
        return done(await this.#judged(() => this.#open(request)));
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
        return done(await this.#judged(() => this.#change(request)));
    }
  }

  /** Judges a path and acts, alone among all; once more where the way there was not still. */
  async #judged<T>(operation: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await oneAtATime(operation);
      } catch (thrown) {
        if (!(thrown instanceof Unsettled) || tries === MAX_TRIES || this.#closed) throw thrown;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, thrown.afterMs);
          this.#stopWaiting = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  }

  async #open(request: FileRequest & { op: "open" }): Promise<Omit<FileResponse, "errno">> {
    if (this.#files.size >= MAX_HANDLES) throw new FileFailure(ERRNO.MFILE);
    const mount = this.#mount(request);
    const write = request.write || request.create || request.truncate;
    const { target, passage } = await this.#place(mount, request.path, request.follow);
    const before = await existing(target);
    if (before?.isSymbolicLink()) throw new FileFailure(ERRNO.LOOP);
    if (before?.isDirectory()) {
      if (request.write) throw new FileFailure(ERRNO.ISDIR);
      if (request.exclusive) throw new FileFailure(ERRNO.EXIST);
      await passage.check();
      return {};
    }
    if (request.directory) throw new FileFailure(before ? ERRNO.NOTDIR : ERRNO.NOENT);
    if (write && !mount.writable) throw new FileFailure(ERRNO.ROFS);
    if (before === undefined && !request.create) throw new FileFailure(ERRNO.NOENT);
    if (before !== undefined && request.exclusive) throw new FileFailure(ERRNO.EXIST);
    if (before !== undefined) checkFile(before, mount, write);
    const file = before === undefined
      ? await this.#create(mount, target, passage)
      : await open(target, (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK);
    try {
      if (before !== undefined) await passage.check();
      const opened = await file.stat();
      checkFile(opened, mount, write);
      if (this.#closed) throw new FileFailure(ERRNO.BADF);
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

  /** Makes a file. One that turns out to be elsewhere is taken away again. */
  async #create(mount: Mount, target: string, passage: Passage): Promise<FileHandle> {
    await this.#mounts.take(mount, { bytes: 0, files: 1 });
    let file: FileHandle | undefined;
    try {
      await passage.check();
      file = await open(target, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CREAT | O_EXCL, FILE_MODE);
      await passage.check();
      return file;
    } catch (thrown) {
      await this.#mounts.take(mount, { bytes: 0, files: -1 });
      if (file !== undefined) {
        const { dev, ino } = await file.stat();
        const there = await existing(target).catch(() => undefined);
        if (there?.dev === dev && there.ino === ino) await unlink(target);
        await file.close();
      }
      throw thrown;
    }
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
    if (request.op === "stat") {
      const { target, passage } = await this.#place(mount, request.path, request.follow);
      const stat = statOf(await lstat(target));
      await passage.check();
      return { stat };
    }
    if (request.op === "list") {
      const { target, passage } = await this.#place(mount, request.path, true, true);
      const entries = await readdir(target, { withFileTypes: true });
      await passage.check();
      return { entries: entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) })) };
    }
    if (!mount.writable) throw new FileFailure(ERRNO.ROFS);
    const { root, target, passage } = await this.#place(mount, request.path, false);
    if (target === root) throw new FileFailure(ERRNO.PERM);
    switch (request.op) {
      case "mkdir":
        await this.#mounts.take(mount, { bytes: 0, files: 1 });
        try {
          await passage.check();
          await mkdir(target, { mode: FOLDER_MODE });
        } catch (thrown) {
          await this.#mounts.take(mount, { bytes: 0, files: -1 });
          throw thrown;
        }
        return {};
      case "rmdir":
        await passage.check();
        await rmdir(target);
        await this.#mounts.take(mount, { bytes: 0, files: -1 });
        return {};
      case "unlink": {
        const gone = await lstat(target);
        if (gone.isDirectory()) throw new FileFailure(ERRNO.ISDIR);
        await passage.check();
        await unlink(target);
        await this.#mounts.take(mount, { bytes: -gone.size, files: -1 });
        return {};
      }
      case "touch": {
        const before = await lstat(target);
        if (before.isSymbolicLink()) throw new FileFailure(ERRNO.PERM);
        const { accessedMs = before.atimeMs, modifiedMs = before.mtimeMs } = request;
        await passage.check();
        await lutimes(target, accessedMs / 1000, modifiedMs / 1000);
        return {};
      }
      case "rename":
        await this.#rename(mount, { target, passage }, request.to);
        return {};
    }
  }

  async #rename(
    mount: Mount,
    from: Pick<Judged, "target" | "passage">,
    to: FilePlace,
  ): Promise<void> {
    if (this.#mount(to) !== mount) throw new FileFailure(ERRNO.XDEV);
    const { root, target, passage } = await this.#place(mount, to.path, false);
    if (target === root) throw new FileFailure(ERRNO.PERM);
    // A link that the host's user made stays where they put it: moved, it could lead elsewhere.
    if ((await lstat(from.target)).isSymbolicLink()) throw new FileFailure(ERRNO.PERM);
    const replaced = await existing(target);
    await Promise.all([from.passage.check(), passage.check()]);
    await rename(from.target, target);
    if (replaced !== undefined && target !== from.target) {
      await this.#mounts.take(mount, { bytes: replaced.isFile() ? -replaced.size : 0, files: -1 });
    }
  }

  /** Where a path really leads, and the way there. */
  async #place(mount: Mount, path: string, follow: boolean, through = false): Promise<Judged> {
    const root = await rootOf(mount);
    const target = await realPlace(root, path, follow);
    const own = mount.quota !== undefined;
    return { root, target, passage: await Passage.note({ root, place: target, through, own }) };
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
