import { join } from "node:path";

/** Mode of folders that hold state. */
const FOLDER_MODE = 0o700;
/** Mode of files that hold state. */
const FILE_MODE = 0o600;

/** The folder in which everything that must survive a restart is kept, readable by its owner alone. */
export class DataFolder {
  /** The folder itself. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Opens a data folder; makes it, with mode 0700, where it does not exist. */
  static async open(path: string): Promise<DataFolder> {
    await makePrivateFolder(path);
    return new DataFolder(path);
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

  /** The folder of one plugin's own data: stores, queues, files. Made by the services when they need it. */
  pluginData(id: string): string {
    return join(this.path, "plugin-data", id);
  }
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
