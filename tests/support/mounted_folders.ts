/**
 * A guest with folders of the host mounted, and the file operations that tests have it do.
 *
 * @module
 */

import { ok, strictEqual } from "node:assert/strict";
import { join, resolve } from "node:path";
import { FILES } from "../../src/cell/mod.ts";
import { type Mount, Mounts, type MountSession } from "../../src/services/mod.ts";
import { GuestUnderTest } from "./guests.ts";
import {
  BUFFER,
  readWasiRun,
  SCRATCH,
  VECTOR,
  type WasiCall,
  wasiProgram,
  type WasiRun,
} from "./wasi_program.ts";

/** A guest with folders on disk: `own` mounted writable with a quota, `music` read-only. */
export class Folders implements AsyncDisposable {
  readonly root: string;
  readonly mounts: Mounts;
  readonly #sessions = new WeakMap<AbortSignal, MountSession>();

  private constructor(root: string, mounts: readonly Mount[]) {
    this.root = root;
    this.mounts = new Mounts(mounts);
  }

  static async make(quota = { bytes: 100_000, files: 100 }): Promise<Folders> {
    await Deno.mkdir("tests/.tmp", { recursive: true });
    const root = resolve(await Deno.makeTempDir({ dir: "tests/.tmp" }));
    for (const folder of ["own", "music/album", "outside"]) {
      await Deno.mkdir(join(root, folder), { recursive: true });
    }
    await Deno.writeTextFile(join(root, "outside/secret"), "secret");
    await Deno.writeTextFile(join(root, "music/album/song"), "la la la");
    return new Folders(root, [
      { name: "/storage", writable: true, folder: join(root, "own"), quota },
      { name: "/libraries/1", writable: false, folder: join(root, "music") },
      { name: "/libraries/2", writable: true, folder: join(root, "music") },
    ]);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** Makes a link, by `ln`: Deno lets only those make one who may read and write everything. */
  async link(target: string, name: string, ...options: string[]): Promise<void> {
    const { success } = await new Deno.Command("ln", {
      args: [...options, target, this.path(name)],
    }).output();
    ok(success);
  }

  async run(calls: readonly WasiCall[], data = ""): Promise<WasiRun> {
    using guest = await GuestUnderTest.start(wasiProgram(calls, data), {
      functions: [FILES],
      mounts: this.mounts.mounts,
      handle: (_name, request, signal) => {
        const session = this.#sessions.get(signal) ?? this.mounts.session();
        this.#sessions.set(signal, session);
        signal.addEventListener("abort", () => session.close(), { once: true });
        return session.answer(request);
      },
    });
    const { outcome } = await guest.call("run");
    strictEqual(outcome.kind, "returned", JSON.stringify(outcome));
    return readWasiRun(
      outcome.kind === "returned" ? outcome.output : new Uint8Array(),
      calls.length,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** Descriptor of `/storage` … */
export const OWN = 3;
/** … of the library that is mounted read-only */
export const MUSIC = 4;
/** … and of the same, writable. */
export const MUSIC_WRITABLE = 5;
/** Descriptor of what a guest opens first. */
export const FIRST_OPENED = 6;
/** The right to read … */
export const READ = 1n << 1n;
/** … and to write. */
export const WRITE = 1n << 6n;
/** A link at the end is followed. */
export const FOLLOW = 1;
/** What is not there is made. */
export const CREATE = 1;

/** Opens a path. */
export const open = (
  fd: number,
  path: string,
  rights: bigint,
  how = 0,
): WasiCall => ["path_open", fd, FOLLOW, path, how, rights, 0n, 0, SCRATCH];
/** Reads from the first that was opened … */
export const read: WasiCall = ["fd_read", FIRST_OPENED, VECTOR, 1, SCRATCH];
/** … and writes to it. */
export const write: WasiCall = ["fd_write", FIRST_OPENED, VECTOR, 1, SCRATCH];

/** What a guest has read. */
export const textOf = ({ scratch }: WasiRun, length: number): string =>
  new TextDecoder().decode(scratch.subarray(BUFFER - SCRATCH, BUFFER - SCRATCH + length));
