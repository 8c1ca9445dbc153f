import { join } from "node:path";
import { errorText, SoundproofError } from "../errors.ts";
import { type Disk, machineDisk } from "./disk.ts";
import { exists, fileHash } from "./file_facts.ts";
import { Journal, type JournalEntry, type PackageChange } from "./journal.ts";
import { PACKAGE_ENDING } from "./plugin_id.ts";

/** Where a store works. */
export interface PackageStoreOptions {
  /** Where packages lie; made when one is installed. It may be on another file system than `stateDir`. */
  readonly pluginsDir: string;
  /** For the journal and the previous versions: part of the data folder, since what lies there is believed. */
  readonly stateDir: string;
  /**
   * Writes a change into the caller's own record. It is called once the bytes are in place, and for the same change
   * again after a crash, until it has returned once: it must come to the same, however often it is called.
   */
  readonly committed: (change: PackageChange) => void | Promise<void>;
  /** For tests: another disk than the machine's. */
  readonly disk?: Disk;
}

/**
 * The steps of a change, from bytes that were checked to a record that was committed.
 *
 * Finishing a change after a crash is the same code as finishing it without one: each step looks at what is there, by
 * its hash, and does nothing that is done already.
 */
export class Placing {
  readonly #options: PackageStoreOptions;
  readonly #disk: Disk;
  readonly #journal: Journal;

  /** Changes nothing yet. */
  constructor(options: PackageStoreOptions) {
    this.#options = options;
    this.#disk = options.disk ?? machineDisk;
    this.#journal = new Journal(options.stateDir, this.#disk);
  }

  /** Where the version before the last update of a plugin is kept. */
  previousOf(id: string): string {
    return join(this.#options.stateDir, "previous", id + PACKAGE_ENDING);
  }

  /** Writes what will be moved into its place: the new version, and the one before where it is to be kept. */
  async stage(bytes: Uint8Array, before?: Uint8Array): Promise<void> {
    await writing(async () => {
      await makeFolder(this.#options.pluginsDir);
      await this.#disk.write(this.#staged, bytes);
      if (before !== undefined) await this.#disk.write(this.#stagedPrevious, before);
    });
  }

  /**
   * Carries out a change whose bytes are staged.
   *
   * @throws {SoundproofError} `package.not_written`: where its code says nothing else, the change was given up.
   */
  async perform(entry: JournalEntry): Promise<PackageChange> {
    await writing(async () => {
      // That something lies there will say that the package has been taken out.
      if (entry.kind === "remove") await this.#disk.remove(this.#removed);
      await this.#journal.begin(entry);
    });
    if (await this.#finish(entry)) return changeOf(entry);
    throw new SoundproofError(
      "package.not_written",
      `Cannot ${entry.kind} plugin "${entry.id}": its package was changed meanwhile`,
    );
  }

  /** Finishes the change that the journal tells of, if any, and removes what crashes have left. */
  async recover(): Promise<void> {
    await makeFolder(join(this.#options.stateDir, "previous"));
    // Without the plugins folder, such as of a disk that is not mounted, nothing can be said about it.
    if (!await isFolder(this.#options.pluginsDir)) return;
    const entry = await this.#journal.read();
    if (entry !== undefined) {
      await this.#finish(entry).catch(async (thrown) => {
        // A change that was given up is no reason to stop: the old version stands.
        if (await this.#journal.read() !== undefined) throw thrown;
      });
    }
    await this.#clean();
  }

  /** @returns Whether it was done. What cannot be done is given up, and then nothing was changed. */
  async #finish(entry: JournalEntry): Promise<boolean> {
    try {
      if (!await this.#isPlaced(entry) && !await this.#place(entry)) return await this.#giveUp();
    } catch (thrown) {
      if (!await this.#isPlaced(entry)) await this.#giveUp();
      throw notWritten(thrown);
    }
    await writing(() => this.#keepPrevious(entry));
    await this.#options.committed(changeOf(entry));
    await writing(() => this.#journal.end());
    await this.#clean();
    return true;
  }

  async #giveUp(): Promise<false> {
    await writing(() => this.#journal.end());
    await this.#clean();
    return false;
  }

  async #isPlaced({ kind, entry, sha256 }: JournalEntry): Promise<boolean> {
    if (kind !== "remove") return await fileHash(this.#path(entry)) === sha256;
    return await exists(this.#removed) || !await exists(this.#path(entry));
  }

  async #place({ kind, entry, sha256, previousSha256 }: JournalEntry): Promise<boolean> {
    const path = this.#path(entry);
    if (kind === "remove") {
      // Moved first: a folder cannot be deleted in one step.
      await this.#disk.move(path, this.#removed);
      return true;
    }
    // What somebody else has put there meanwhile is left alone.
    if (await fileHash(path) !== previousSha256) return false;
    if (await fileHash(this.#staged) !== sha256) return false;
    await this.#disk.move(this.#staged, path);
    return true;
  }

  async #keepPrevious({ kind, id, sha256, previousSha256 }: JournalEntry): Promise<void> {
    const path = this.previousOf(id);
    if (kind === "install" || kind === "remove") return await this.#disk.remove(path);
    if (sha256 === previousSha256 || await fileHash(path) === previousSha256) return;
    if (await fileHash(this.#stagedPrevious) === previousSha256) {
      await this.#disk.move(this.#stagedPrevious, path);
    } else await this.#disk.remove(path); // none is better than a wrong one
  }

  /** What cannot be removed is in nobody's way before the next change, which says so. */
  async #clean(): Promise<void> {
    for (const path of [this.#staged, this.#removed, this.#stagedPrevious, this.#journal.draft]) {
      if (await exists(path)) await this.#disk.remove(path).catch(() => {});
    }
  }

  #path(entry: string): string {
    return join(this.#options.pluginsDir, entry);
  }

  // In the plugins folder, because a move is one step only within a file system; and no package by their names.
  get #staged(): string {
    return this.#path(".soundproof-staged");
  }

  get #removed(): string {
    return this.#path(".soundproof-removed");
  }

  get #stagedPrevious(): string {
    return join(this.#options.stateDir, "previous.new");
  }
}

function changeOf({ entry: _entry, ...change }: JournalEntry): PackageChange {
  return change;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
}

async function writing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    throw notWritten(thrown);
  }
}

function notWritten(thrown: unknown): SoundproofError {
  if (thrown instanceof SoundproofError) return thrown;
  const text = `Cannot write packages: ${errorText(thrown)}`;
  return new SoundproofError("package.not_written", text, { cause: thrown });
}
