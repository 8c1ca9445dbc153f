import { join } from "node:path";
import { FolderLock } from "./folder_lock.ts";

/** Mode of folders that hold state. */
const FOLDER_MODE = 0o700;
/** Mode of files that hold state. */
const FILE_MODE = 0o600;

/**
 * The folder in which everything that must survive a restart is kept, readable by its owner alone, and in use by one
 * process at a time.
 */
export class DataFolder implements Disposable {
  /** The folder itself. */
  readonly path: string;
  readonly #lock: FolderLock;

  private constructor(path: string, lock: FolderLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Opens a data folder; makes it, with mode 0700, where it does not exist. A command that uses it is waited for, for a
   * few seconds.
   *
   * @throws {SoundproofError} `state.locked` where another has it open; ask `runningService` who.
   */
  static async open(path: string): Promise<DataFolder> {
    await makePrivateFolder(path);
    return new DataFolder(path, await FolderLock.wait(path));
  }

  /** Where packages lie unless the configuration names another folder. */
  get plugins(): string {
    return join(this.path, "plugins");
  }

  /** The database of plugin records. */
  get database(): string {
    return join(this.path, "soundproof.db");
  }

  /** The database of the audit record. */
  get audit(): string {
    return join(this.path, "audit.db");
  }

  /** The database of the API's tokens: one that any process may use, whoever has the folder open. */
  static tokensOf(path: string): string {
    return join(path, "tokens.db");
  }

  /** Where changes of packages are written down until they are done, and earlier versions are kept. */
  get packages(): string {
    return join(this.path, "packages");
  }

  /** The folder of one plugin's own data: stores, queues, files. Made by the services when they need it. */
  pluginData(id: string): string {
    return pluginDataFolder(this.path, id);
  }

  /** Leaves it to others. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }
}

/** The folder of one plugin's own data in a data folder, whether that is open or not. */
export function pluginDataFolder(path: string, id: string): string {
  return join(path, "plugin-data", id);
}

/** Makes a folder that only its owner can enter; one that exists is left as it is. */
export async function makePrivateFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

/** Makes an empty file that only its owner can read, whatever the umask; one that exists is left as it is. */
export function makePrivateFile(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE }).close();
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
  }
}
