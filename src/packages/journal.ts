import { join } from "node:path";
import type { Disk } from "./disk.ts";

const KINDS = ["install", "update", "rollback", "remove"] as const;

/** A change of one package, from the moment it can no longer fail. */
export interface PackageChange {
  /** What is done. */
  readonly kind: typeof KINDS[number];
  /** The plugin's id. */
  readonly id: string;
  /** SHA-256 of the package that lies there from then on, in lower-case hex; absent once it is removed. */
  readonly sha256?: string;
  /** SHA-256 of the package that lay there before; absent where none did, or none that could be read. */
  readonly previousSha256?: string;
  /** What the caller wrote down with it. */
  readonly note: string;
}

/** A change as it is written down: with the name of the entry in the plugins folder that it is about. */
export interface JournalEntry extends PackageChange {
  readonly entry: string;
}

/**
 * The one change that has begun and may not have ended: a file in the data folder, whole or not there. Whoever
 * finds it finishes what it says.
 */
export class Journal {
  /** Where it is written before it counts; of no use after a crash. */
  readonly draft: string;
  readonly #path: string;
  readonly #disk: Disk;

  /** @param folder Folder of the data folder in which it lies. */
  constructor(folder: string, disk: Disk) {
    this.#path = join(folder, "journal.json");
    this.draft = `${this.#path}.new`;
    this.#disk = disk;
  }

  /** @throws {Error} Where the file is not one that this version wrote. */
  async read(): Promise<JournalEntry | undefined> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) return undefined;
      throw thrown;
    }
    const entry = parse(text);
    if (entry !== undefined) return entry;
    throw new Error(
      `Cannot finish the change of a package in "${this.#path}": this version did not write it`,
    );
  }

  /** From here on the change is finished, whatever happens. */
  async begin(entry: JournalEntry): Promise<void> {
    await this.#disk.write(this.draft, new TextEncoder().encode(JSON.stringify(entry)));
    await this.#disk.move(this.draft, this.#path);
  }

  /** The change is finished, or was given up before anything was changed. */
  async end(): Promise<void> {
    await this.#disk.remove(this.#path);
  }
}

function parse(text: string): JournalEntry | undefined {
  try {
    const { kind, id, entry, note, sha256, previousSha256 } = JSON.parse(text);
    const known = KINDS.find((name) => name === kind);
    const texts = [id, entry, note].every((value) => typeof value === "string");
    const hashes = [sha256, previousSha256].every((value) =>
      value === undefined || typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
    );
    if (known === undefined || !texts || !hashes) return undefined;
    if ((sha256 === undefined) !== (known === "remove")) return undefined;
    return {
      kind: known,
      id,
      entry,
      note,
      ...(sha256 !== undefined && { sha256 }),
      ...(previousSha256 !== undefined && { previousSha256 }),
    };
  } catch {
    return undefined;
  }
}
