import { errorText } from "../errors.ts";
import { permissionText } from "../grants/mod.ts";
import { type PackageChange, PackageStore, readArchive } from "../packages/mod.ts";
import type { DataFolder, PluginRecords } from "../state/mod.ts";
import { approvalOf, ASKS_FOR_MORE, recordAfter } from "./approvals.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { admitPlugin, readContent, type ReadPlugin } from "./loading.ts";
import type { PluginEntry } from "./plugin_entry.ts";
import type { PluginLoader } from "./plugin_loader.ts";
import type { Registry } from "./registry.ts";

/** What {@link PackageChanges} work with. */
export interface PackageChangeParts {
  readonly folder: DataFolder;
  readonly pluginsDir: string;
  readonly records: PluginRecords;
  readonly chronicle: Chronicle;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  readonly loader: PluginLoader;
}

/** What is written down of a change, by its kind. */
const DONE = {
  install: "installed",
  update: "updated",
  rollback: "rolled_back",
  remove: "removed",
} as const;

/** Installs packages, replaces and removes them, and what runs with them. Every method is called in the plugin's turn. */
export class PackageChanges {
  readonly #parts: PackageChangeParts;
  #store: Promise<PackageStore> | undefined;

  constructor(parts: PackageChangeParts) {
    this.#parts = parts;
  }

  /** Finishes what a crash has interrupted. What cannot be finished now is tried again before the next change. */
  async recover(): Promise<void> {
    try {
      await this.#open();
    } catch (thrown) {
      const text = `Cannot finish the last change of a package: ${errorText(thrown)}`;
      this.#parts.chronicle.log("error", undefined, text);
    }
  }

  /** Puts a package there, disabled. @throws {SoundproofError} See `Administration.install`. */
  async install(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<PluginEntry> {
    const read = await this.#check(bytes);
    const store = await this.#open();
    await store.install(id, bytes, permissionText(read.manifest));
    return await this.#find(id);
  }

  /** Puts another version in the place of a package. @throws {SoundproofError} See `Administration.update`. */
  async update(entry: PluginEntry, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const read = await this.#check(bytes);
    await this.#exchange(entry, read, (store, note) => store.update(entry.id, bytes, note));
  }

  /** Puts the version before back. @throws {SoundproofError} See `Administration.rollback`. */
  async rollback(entry: PluginEntry): Promise<void> {
    const store = await this.#open();
    const content = await store.previous(entry.id);
    // Without one it is the store that says so.
    if (content === undefined) return void await store.rollback(entry.id, "");
    const read = readContent({ ...content, kind: "file", path: entry.path });
    await this.#exchange(entry, read, (store, note) => store.rollback(entry.id, note));
  }

  /** Ends a plugin and takes its package away. @throws {SoundproofError} See `Administration.remove`. */
  async remove(entry: PluginEntry, data: "keep" | "delete"): Promise<void> {
    const { registry, lifecycle } = this.#parts;
    const store = await this.#open();
    await lifecycle.stop(entry);
    try {
      await store.remove(entry.id, data);
    } catch (thrown) {
      const read = await lifecycle.read(entry).catch(() => undefined);
      if (read !== undefined) await lifecycle.settle(entry, read);
      throw thrown;
    }
    registry.delete(entry.id);
  }

  /** A package as it would be installed. @throws {SoundproofError} `package.*`, `manifest.invalid`, `module.*`. */
  async #check(bytes: Uint8Array<ArrayBuffer>): Promise<ReadPlugin> {
    const read = readContent({ ...await readArchive(bytes), kind: "file", path: "" });
    admitPlugin(read, read.manifest, this.#parts.loader.limits);
    return read;
  }

  /** A version that will run is made before its package is put there: one that cannot run changes nothing. */
  async #exchange(
    entry: PluginEntry,
    checked: ReadPlugin,
    exchange: (store: PackageStore, note: string) => Promise<PackageChange>,
  ): Promise<void> {
    const { records, lifecycle } = this.#parts;
    const { manifest, source } = checked;
    const read = { ...checked, source: { ...source, path: entry.path } };
    const note = permissionText(manifest);
    const before = records.get(entry.id);
    const approval = before && approvalOf(recordAfter(before, source.sha256, note).approval);
    const runs = entry.loaded !== undefined && approval?.sha256 === source.sha256;
    const fresh = runs ? await lifecycle.make(entry, read, approval) : undefined;
    try {
      await exchange(await this.#open(), note);
    } catch (thrown) {
      await fresh?.unload();
      throw thrown;
    }
    if (fresh !== undefined) return await lifecycle.put(entry, read, fresh);
    await lifecycle.settle(entry, read);
  }

  async #find(id: string): Promise<PluginEntry> {
    const { registry, lifecycle } = this.#parts;
    await registry.look();
    const entry = registry.get(id);
    await lifecycle.settle(entry, await lifecycle.read(entry));
    return entry;
  }

  #open(): Promise<PackageStore> {
    const { folder: { packages: stateDir }, pluginsDir } = this.#parts;
    return this.#store ??= PackageStore.open({
      pluginsDir,
      stateDir,
      committed: (change) => this.#commit(change),
    }).catch((thrown) => {
      this.#store = undefined; // the next change tries again
      throw thrown;
    });
  }

  /** Writes a change into the records; comes to the same however often it is called. */
  async #commit({ kind, id, sha256, previousSha256 = "", note }: PackageChange): Promise<void> {
    const { folder, records, chronicle } = this.#parts;
    const before = records.get(id);
    let reason = "";
    if (sha256 === undefined) {
      records.delete(id);
      if (note === "delete") {
        records.deleteSettings(id);
        await removeAll(folder.pluginData(id));
        reason = "with all that it had stored";
      }
    } else {
      const after = before === undefined || kind === "install"
        ? { id, enabled: false, installed: sha256 }
        : recordAfter(before, sha256, note);
      records.set(after);
      if (after.approval !== undefined && after.approval.sha256 !== sha256) reason = ASKS_FOR_MORE;
    }
    chronicle.record({ plugin: id, code: DONE[kind], subject: sha256 ?? previousSha256, reason });
  }
}

async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}
