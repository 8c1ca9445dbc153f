import { join } from "node:path";
import { SoundproofError } from "../errors.ts";

/** How often a lock that is held is tried. */
const POLL_MS = 50;

/** Where a service that uses a data folder can be asked. */
export interface RunningService {
  /** Its API, such as `http://127.0.0.1:4747`. */
  readonly url: string;
  /** Its process. */
  readonly pid: number;
}

/**
 * Keeps a data folder to one process.
 *
 * It is an advisory lock (`flock`) on a file in the folder: the system frees it when the process is gone, however it
 * went. While it is held, another file says where the service listens, if the process is one; whoever finds the lock
 * held reads there whom to ask instead. A file of a service that is gone does not outlive the next holder's first step.
 */
export class FolderLock implements Disposable {
  readonly #folder: string;
  #file: Deno.FsFile | undefined;

  private constructor(folder: string, file: Deno.FsFile) {
    this.#folder = folder;
    this.#file = file;
  }

  /**
   * Takes the lock of a folder that exists, and waits a while for a command that holds it; not for a service.
   *
   * @param patienceMs How long. Milliseconds.
   * @param pause For tests: how so many milliseconds go by.
   * @throws {SoundproofError} `state.locked`.
   */
  static async wait(
    folder: string,
    patienceMs = 3_000,
    pause: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
  ): Promise<FolderLock> {
    for (let leftMs = patienceMs;; leftMs -= POLL_MS) {
      try {
        return FolderLock.take(folder);
      } catch (thrown) {
        const isLocked = thrown instanceof SoundproofError && thrown.code === "state.locked";
        if (!isLocked || leftMs <= 0 || runningService(folder) !== undefined) throw thrown;
      }
      await pause(POLL_MS);
    }
  }

  /**
   * Takes the lock of a folder that exists.
   *
   * @throws {SoundproofError} `state.locked` where another holds it, in this process or another.
   */
  static take(folder: string): FolderLock {
    const options = { read: true, write: true, create: true, mode: 0o600 };
    const file = Deno.openSync(join(folder, "lock"), options);
    try {
      if (!file.tryLockSync(true)) throw locked(folder);
      forget(folder);
    } catch (thrown) {
      file.close();
      throw thrown;
    }
    return new FolderLock(folder, file);
  }

  /** Gives it back; what the process said about where it listens is forgotten. Twice is once. */
  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    forget(this.#folder);
    this.#file.close();
    this.#file = undefined;
  }
}

/** Says where the service listens that holds the lock of a folder. At once: nobody reads half of it. */
export function announceService(folder: string, service: RunningService): void {
  const fresh = `${fileOf(folder)}.new`;
  Deno.writeTextFileSync(fresh, `${JSON.stringify(service)}\n`, { mode: 0o600 });
  Deno.renameSync(fresh, fileOf(folder));
}

/** The service that holds a folder's lock. Only of use to who was refused the lock: otherwise it can be one that is gone. */
export function runningService(folder: string): RunningService | undefined {
  try {
    const { url, pid } = JSON.parse(Deno.readTextFileSync(fileOf(folder)));
    return typeof url === "string" && URL.canParse(url) && Number.isInteger(pid)
      ? { url, pid }
      : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(folder: string): string {
  return join(folder, "service.json");
}

function forget(folder: string): void {
  try {
    Deno.removeSync(fileOf(folder));
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}

function locked(folder: string): SoundproofError {
  const service = runningService(folder);
  const who = service === undefined
    ? "another process"
    : `the service at ${service.url} (process ${service.pid})`;
  return new SoundproofError("state.locked", `Cannot open data folder "${folder}": ${who} uses it`);
}
