/**
 * WASI preview 1 for a guest without arguments, environment or sockets, and with no files but those of
 * folders mounted for it (`wasi_files.ts`).
 *
 * `browser_wasi_shim` does the plain part. What stands here replaces the functions in which it falls
 * short: those that would let a guest make the cell allocate without bound (vectors of any count, paths
 * of any length), that wait in a way no deadline ends, throw where an errno is due, or print.
 *
 * @module
 */

import type { FileCaller, MountPoint } from "./files.ts";
import { type FileFunctions, fileFunctions } from "./wasi_files.ts";
import { Fd, WASI, wasi as abi, WASIProcExit } from "@bjorn3/browser_wasi_shim";

/** A function's parameters and results, as letters: `i` i32, `j` i64. */
type Signature = `${string}:${string}`;

/** The guest called `proc_exit`. */
export { WASIProcExit };

/** Where lines of standard output (1) and standard error (2) go. */
export type Output = (stream: 1 | 2, line: string) => void;

/**
 * What a guest gets, and how its memory becomes known once it is instantiated. The next guest gets the
 * same functions, after {@link GuestWasi.renew}.
 */
export interface GuestWasi {
  readonly functions: Readonly<Record<string, WebAssembly.ImportValue>>;
  /** Forgets everything of the guest before, its memory above all. */
  renew(): void;
  /** Tells WASI whose memory it works on. Before that every call faults, as upstream. */
  attach(instance: WebAssembly.Instance): void;
  /** Hands out an unfinished last line. */
  flush(): void;
}

/** Folders mounted for a guest. */
export interface GuestFolders {
  readonly mounts: readonly MountPoint[];
  readonly call: FileCaller;
}

/** The 46 functions that exist and their types (letters as in `FunctionType`), so that admission knows them. */
export const WASI_FUNCTIONS: Readonly<Record<string, Signature>> = {
  args_get: "ii:i",
  args_sizes_get: "ii:i",
  clock_res_get: "ii:i",
  clock_time_get: "iji:i",
  environ_get: "ii:i",
  environ_sizes_get: "ii:i",
  fd_advise: "ijji:i",
  fd_allocate: "ijj:i",
  fd_close: "i:i",
  fd_datasync: "i:i",
  fd_fdstat_get: "ii:i",
  fd_fdstat_set_flags: "ii:i",
  fd_fdstat_set_rights: "ijj:i",
  fd_filestat_get: "ii:i",
  fd_filestat_set_size: "ij:i",
  fd_filestat_set_times: "ijji:i",
  fd_pread: "iiiji:i",
  fd_prestat_dir_name: "iii:i",
  fd_prestat_get: "ii:i",
  fd_pwrite: "iiiji:i",
  fd_read: "iiii:i",
  fd_readdir: "iiiji:i",
  fd_renumber: "ii:i",
  fd_seek: "ijii:i",
  fd_sync: "i:i",
  fd_tell: "ii:i",
  fd_write: "iiii:i",
  path_create_directory: "iii:i",
  path_filestat_get: "iiiii:i",
  path_filestat_set_times: "iiiijji:i",
  path_link: "iiiiiii:i",
  path_open: "iiiiijjii:i",
  path_readlink: "iiiiii:i",
  path_remove_directory: "iii:i",
  path_rename: "iiiiii:i",
  path_symlink: "iiiii:i",
  path_unlink_file: "iii:i",
  poll_oneoff: "iiii:i",
  proc_exit: "i:",
  proc_raise: "i:i",
  random_get: "ii:i",
  sched_yield: ":i",
  sock_accept: "iii:i",
  sock_recv: "iiiiii:i",
  sock_send: "iiiii:i",
  sock_shutdown: "ii:i",
};

/** Vectors of one read or write that are looked at (POSIX `IOV_MAX`). */
const MAX_VECTORS = 1_024;
/** Bytes one `fd_write` takes; the guest writes the rest with its next call, as POSIX allows. */
const MAX_WRITE_BYTES = 64 * 1024;
/** Descriptors below are the standard streams. */
const FIRST_FILE = 3;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const MAX_SUBSCRIPTIONS = 64;
const EXIT_BY_SIGNAL = 128;

/** No file, no directory and no socket can be open. */
const NO_FILES = Object.fromEntries(
  Object.keys(WASI_FUNCTIONS)
    .filter((name) => /^(path|sock)_|^fd_(pread|pwrite|readdir)$/.test(name))
    .map((name) => [name, () => abi.ERRNO_BADF]),
);

const waiting = new Int32Array(new SharedArrayBuffer(4));

/**
 * Makes the WASI of one guest at a time.
 *
 * @param output Where lines go.
 * @param lineBytes Bytes of an unfinished line that are kept; a longer one is handed out in pieces.
 * @param folders Folders the guest finds, and who performs what it does in them.
 */
export function guestWasi(output: Output, lineBytes: number, folders: GuestFolders): GuestWasi {
  const shim = new WASI([], [], standardStreams(), { debug: false });
  const view = () => new DataView(memoryOf(shim));
  const out = new LineBuffer((line) => output(1, line), lineBytes);
  const error = new LineBuffer((line) => output(2, line), lineBytes);

  const replaced: Record<string, (...args: never[]) => number> = {
    fd_fdstat_set_flags: (fd: number) => isOpen(shim, fd) ? abi.ERRNO_SUCCESS : abi.ERRNO_BADF,
    fd_read: (fd: number, _vectors: number, _count: number, read: number) => {
      if (fd !== abi.FD_STDIN || !isOpen(shim, fd)) return abi.ERRNO_BADF;
      view().setUint32(read, 0, true);
      return abi.ERRNO_SUCCESS;
    },
    fd_write: (fd: number, vectors: number, count: number, written: number) => {
      const lines = fd === abi.FD_STDOUT ? out : fd === abi.FD_STDERR ? error : undefined;
      if (lines === undefined || !isOpen(shim, fd)) return abi.ERRNO_BADF;
      if (count >>> 0 > MAX_VECTORS) return abi.ERRNO_INVAL;
      const memory = view();
      let total = 0;
      for (let i = 0; i < count && total < MAX_WRITE_BYTES; i++) {
        const start = memory.getUint32(vectors + 8 * i, true);
        const length = memory.getUint32(vectors + 8 * i + 4, true);
        const taken = Math.min(length, MAX_WRITE_BYTES - total);
        lines.write(new Uint8Array(memory.buffer, start, taken));
        total += taken;
      }
      memory.setUint32(written, total, true);
      return abi.ERRNO_SUCCESS;
    },
    poll_oneoff: (subscriptions: number, events: number, count: number, ready: number) =>
      pollClocks(view(), subscriptions, events, count, ready),
    proc_raise: (signal: number) => {
      throw new WASIProcExit(EXIT_BY_SIGNAL + signal);
    },
    random_get: (start: number, length: number) => {
      const bytes = new Uint8Array(memoryOf(shim), start >>> 0, length >>> 0);
      for (let i = 0; i < bytes.length; i += 65_536) {
        crypto.getRandomValues(bytes.subarray(i, i + 65_536));
      }
      return abi.ERRNO_SUCCESS;
    },
    sched_yield: () => abi.ERRNO_SUCCESS,
  };
  const standard = { ...shim.wasiImport, ...NO_FILES, ...replaced };
  const { mounts, call } = folders;
  const files = mounts.length === 0 ? undefined : fileFunctions(mounts, call, view);
  return {
    functions: files === undefined ? standard : withFiles(standard, files.functions),
    renew() {
      shim.fds = standardStreams();
      Reflect.deleteProperty(shim, "inst");
      files?.renew();
      out.drop();
      error.drop();
    },
    attach: (instance) => void (shim.inst = instance as typeof shim.inst),
    flush() {
      out.flush();
      error.flush();
    },
  };
}

/** The same functions, where descriptors from 3 on are files. */
function withFiles(
  standard: Readonly<Record<string, WebAssembly.ImportValue>>,
  files: FileFunctions["functions"],
): Readonly<Record<string, WebAssembly.ImportValue>> {
  const functions = { ...standard };
  for (const [name, onFiles] of Object.entries(files)) {
    const onStreams = standard[name];
    functions[name] = name.startsWith("fd_") && typeof onStreams === "function"
      ? (...args: number[]) =>
        Number(args[0]) < FIRST_FILE ? onStreams(...args) : onFiles(...args as never[])
      : onFiles;
  }
  return functions;
}

function standardStreams(): StandardStream[] {
  return [new StandardStream(), new StandardStream(), new StandardStream()];
}

/** A descriptor that is a character device and nothing else. */
class StandardStream extends Fd {
  override fd_fdstat_get(): ReturnType<Fd["fd_fdstat_get"]> {
    return {
      ret: abi.ERRNO_SUCCESS,
      fdstat: new abi.Fdstat(abi.FILETYPE_CHARACTER_DEVICE, 0),
    };
  }
}

function isOpen(shim: WASI, fd: number): boolean {
  return shim.fds[fd] !== undefined;
}

/** The guest's memory, which admission has made sure is not a shared one. */
function memoryOf(shim: WASI): ArrayBuffer {
  return shim.inst.exports.memory.buffer as ArrayBuffer;
}

/**
 * Waits until the first of the subscribed clocks is due; the streams are always ready. The wait blocks
 * the cell's thread, and the deadline around the call ends it.
 */
function pollClocks(
  memory: DataView,
  from: number,
  to: number,
  count: number,
  ready: number,
): number {
  if (count === 0 || count >>> 0 > MAX_SUBSCRIPTIONS) return abi.ERRNO_INVAL;
  const subscriptions = Array.from({ length: count }, (_, i) => {
    const at = from + i * SUBSCRIPTION_BYTES;
    const type = memory.getUint8(at + 8);
    return { at, type, waitMs: type === abi.EVENTTYPE_CLOCK ? clockWaitMs(memory, at) : 0 };
  });
  const firstMs = Math.min(...subscriptions.map((s) => s.waitMs));
  if (firstMs > 0) Atomics.wait(waiting, 0, 0, firstMs);
  const due = subscriptions.filter((s) => s.waitMs <= firstMs);
  due.forEach(({ at, type }, i) => {
    const event = to + i * EVENT_BYTES;
    new Uint8Array(memory.buffer, event, EVENT_BYTES).fill(0);
    memory.setBigUint64(event, memory.getBigUint64(at, true), true);
    memory.setUint8(event + 10, type);
  });
  memory.setUint32(ready, due.length, true);
  return abi.ERRNO_SUCCESS;
}

/** Milliseconds until the clock subscription at `at` is due. */
function clockWaitMs(memory: DataView, at: number): number {
  const clock = memory.getUint32(at + 16, true);
  const timeoutMs = Number(memory.getBigUint64(at + 24, true)) / 1e6;
  const absolute =
    (memory.getUint16(at + 40, true) & abi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0;
  if (!absolute) return timeoutMs;
  return Math.max(0, timeoutMs - (clock === abi.CLOCKID_REALTIME ? Date.now() : performance.now()));
}

/** Cuts a stream of bytes into lines and bounds what it keeps of an unfinished one. */
class LineBuffer {
  readonly #emit: (line: string) => void;
  readonly #held: Uint8Array;
  #length = 0;

  constructor(emit: (line: string) => void, bytes: number) {
    this.#emit = emit;
    this.#held = new Uint8Array(bytes);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 10) this.#hand();
      else {
        if (this.#length === this.#held.byteLength) this.#hand();
        this.#held[this.#length++] = byte;
      }
    }
  }

  flush(): void {
    if (this.#length > 0) this.#hand();
  }

  drop(): void {
    this.#length = 0;
  }

  #hand(): void {
    this.#emit(new TextDecoder().decode(this.#held.subarray(0, this.#length)));
    this.#length = 0;
  }
}
