import { join } from "node:path";
import { SoundproofError } from "../errors.ts";
import { exists } from "./file_facts.ts";
import type { PackageChange } from "./journal.ts";
import { type PackageStoreOptions, Placing } from "./placing.ts";
import { PACKAGE_ENDING, pluginId } from "./plugin_id.ts";
import {
  type PackageContent,
  readArchive,
  readBytes,
  readPackage,
  sha256,
} from "./plugin_package.ts";
import { listPackages, type PackageEntry } from "./plugins_folder.ts";

/**
 * Changes the packages of the plugins folder so that a crash at any point leaves the old or the new one, whole, and
 * the caller's record with it.
 *
 * A change's life: its bytes are checked, and nothing is written for what is refused; they are *staged*, under a name
 * that is no package's; the *journal* says what will be done, which is the moment of decision: before it the old
 * version stands, after it the new one will, since whoever opens the store finishes what the journal says; the staged
 * file is *moved* into its place, which is one step for everyone who looks; the version before it is kept; the record
 * is *committed*; the journal is removed.
 *
 * One store at a time may be open on a folder: the lock on the data folder sees to it.
 */
export class PackageStore {
  readonly #pluginsDir: string;
  readonly #placing: Placing;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: PackageStoreOptions) {
    this.#pluginsDir = options.pluginsDir;
    this.#placing = new Placing(options);
  }

  /**
   * Opens a store, finishes the change that a crash has interrupted, and removes what crashes have left.
   *
   * @throws {SoundproofError} `package.not_written`; and what `committed` throws.
   */
  static async open(options: PackageStoreOptions): Promise<PackageStore> {
    const store = new PackageStore(options);
    await store.#placing.recover();
    return store;
  }

  /**
   * Puts a package into the plugins folder as `<id>.ndp`.
   *
   * @param note Any text, which `committed` is given.
   * @throws {SoundproofError} `plugin.exists`, `package.*`.
   */
  install(id: string, bytes: Uint8Array<ArrayBuffer>, note: string): Promise<PackageChange> {
    return this.#alone(async () => {
      const entry = entryOf(id);
      const { sha256 } = await readArchive(bytes);
      const taken = (await this.#find(id))[0]?.path ?? join(this.#pluginsDir, entry);
      if (await exists(taken)) {
        const state = `"${taken}" is there already`;
        throw new SoundproofError("plugin.exists", `Cannot install plugin "${id}": ${state}`);
      }
      await this.#placing.stage(bytes);
      return await this.#placing.perform({ kind: "install", id, entry, sha256, note });
    });
  }

  /**
   * Replaces a package by another version, and keeps the one before for {@link PackageStore.rollback}. The same bytes
   * again change nothing but the record.
   *
   * @throws {SoundproofError} `plugin.unknown`, `plugin.not_replaceable`, `package.*`.
   */
  update(id: string, bytes: Uint8Array<ArrayBuffer>, note: string): Promise<PackageChange> {
    return this.#alone(() => this.#exchange("update", id, bytes, note));
  }

  /**
   * Puts the version before the last update back, and keeps the one that was there: a second time comes back to it.
   *
   * @throws {SoundproofError} `plugin.unknown`, `plugin.not_replaceable`, `plugin.no_previous`, `package.*`.
   */
  rollback(id: string, note: string): Promise<PackageChange> {
    return this.#alone(async () => {
      await this.#replaceable(id);
      const path = this.#placing.previousOf(id);
      if (!await exists(path)) {
        throw new SoundproofError(
          "plugin.no_previous",
          `Cannot roll back plugin "${id}": no version before this one is kept`,
        );
      }
      return await this.#exchange("rollback", id, await readBytes(path), note);
    });
  }

  /**
   * Takes a package out of the plugins folder: a folder with all in it, of a link only the link. No version of it is
   * kept.
   *
   * @throws {SoundproofError} `plugin.unknown`, `package.id_taken`, `package.not_written`.
   */
  remove(id: string, note: string): Promise<PackageChange> {
    return this.#alone(async () => {
      const { name: entry, path } = await this.#only(id);
      // One that cannot be read can be removed nevertheless.
      const previousSha256 = await readPackage(path).then(({ sha256 }) => sha256, () => undefined);
      const before = previousSha256 === undefined ? {} : { previousSha256 };
      return await this.#placing.perform({ kind: "remove", id, entry, ...before, note });
    });
  }

  /**
   * The version that {@link PackageStore.rollback} would put back, if one is kept.
   *
   * @throws {SoundproofError} `package.*`.
   */
  previous(id: string): Promise<PackageContent | undefined> {
    return this.#alone(async () => {
      entryOf(id);
      const path = this.#placing.previousOf(id);
      return await exists(path) ? await readArchive(await readBytes(path)) : undefined;
    });
  }

  /** One thing after another, each after what an earlier one has left to be finished. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      await this.#placing.recover();
      return await act();
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #exchange(
    kind: "update" | "rollback",
    id: string,
    bytes: Uint8Array<ArrayBuffer>,
    note: string,
  ): Promise<PackageChange> {
    const { name: entry, path } = await this.#replaceable(id);
    const { sha256: hash } = await readArchive(bytes);
    const before = await readBytes(path);
    const previousSha256 = await sha256(before);
    await this.#placing.stage(bytes, before);
    return await this.#placing.perform({ kind, id, entry, sha256: hash, previousSha256, note });
  }

  async #replaceable(id: string): Promise<PackageEntry> {
    const found = await this.#only(id);
    if ((await Deno.lstat(found.path)).isFile) return found;
    throw new SoundproofError(
      "plugin.not_replaceable",
      `Cannot replace plugin "${id}": "${found.path}" is a folder or a link, not a file`,
    );
  }

  async #only(id: string): Promise<PackageEntry> {
    const [first, second] = await this.#find(id);
    if (first === undefined) {
      throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
    }
    if (second === undefined) return first;
    throw new SoundproofError(
      "package.id_taken",
      `Cannot change plugin "${id}": both "${first.path}" and "${second.path}" have this id`,
    );
  }

  async #find(id: string): Promise<PackageEntry[]> {
    entryOf(id);
    return (await listPackages(this.#pluginsDir)).filter(({ name }) =>
      name === id + PACKAGE_ENDING || (name === id && !name.endsWith(PACKAGE_ENDING))
    );
  }
}

/** The name of a package's file. @throws {SoundproofError} `package.id_invalid`. */
function entryOf(id: string): string {
  const entry = id + PACKAGE_ENDING;
  pluginId(entry);
  return entry;
}
