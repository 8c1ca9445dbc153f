/**
 * A plugins folder with a store and a record of what was committed, and a disk that can be stopped at each step.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  type Disk,
  machineDisk,
  type PackageChange,
  PackageStore,
  packFiles,
  readBytes,
} from "../../src/packages/mod.ts";

export type ChangeKind = PackageChange["kind"];

/** Packages that differ in one letter. */
export const versionOf = (letter: string): Promise<Uint8Array<ArrayBuffer>> =>
  packFiles(`{"name":"${letter}","author":"a","version":"1"}`, new Uint8Array(2_000).fill(7));

/** SHA-256 as the store tells it. */
export async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** What is left of a plugin: hashes of its package, of the version before it, and of what the record says. */
export interface PluginState {
  readonly package?: string;
  readonly previous?: string;
  readonly record?: string;
}

/** Folders of one installation; `root` exists. */
export class StoreBench {
  readonly root: string;
  readonly pluginsDir: string;
  readonly stateDir: string;
  /** Every change that was committed, in its order. */
  readonly commits: PackageChange[] = [];

  constructor(root: string, pluginsDir: string = join(root, "plugins")) {
    this.root = root;
    this.pluginsDir = pluginsDir;
    this.stateDir = join(root, "packages");
  }

  entry(name: string): string {
    return join(this.pluginsDir, name);
  }

  /** @param step Called at each step of the store, with its name; what it throws or waits for holds the store up. */
  open(step?: (name: string) => void | Promise<void>): Promise<PackageStore> {
    return PackageStore.open({
      pluginsDir: this.pluginsDir,
      stateDir: this.stateDir,
      disk: step === undefined ? machineDisk : steppedDisk(step),
      committed: async (change) => {
        await step?.("before the commit");
        this.#record(change);
        this.commits.push(change);
        await step?.("after the commit");
      },
    });
  }

  /** What lies on the disk and in the record, before or after anybody recovers it. */
  async state(id: string): Promise<PluginState> {
    const state: Record<string, string> = {};
    const files = {
      package: this.entry(`${id}.ndp`),
      previous: join(this.stateDir, "previous", `${id}.ndp`),
    };
    for (const [name, path] of Object.entries(files)) {
      try {
        Deno.lstatSync(path);
      } catch {
        continue;
      }
      state[name] = await hashOf(await readBytes(path));
    }
    using database = this.#database();
    const row = database.prepare("SELECT sha256 FROM records WHERE id = ?").get(id);
    if (row !== undefined) state.record = String(row.sha256);
    return state;
  }

  /** Files that a change makes for a while, and that are there now. */
  leftovers(): string[] {
    const names = [this.pluginsDir, this.stateDir].flatMap((folder) =>
      Array.from(Deno.readDirSync(folder), ({ name }) => name)
    );
    return names.filter((name) => name.startsWith(".") || /journal|new$/.test(name));
  }

  #record({ id, sha256 }: PackageChange): void {
    using database = this.#database();
    if (sha256 === undefined) database.prepare("DELETE FROM records WHERE id = ?").run(id);
    else database.prepare("INSERT OR REPLACE INTO records VALUES (?, ?)").run(id, sha256);
  }

  #database(): DatabaseSync & Disposable {
    const database = new DatabaseSync(join(this.root, "records.db"));
    database.exec(
      "PRAGMA busy_timeout = 5000; CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, sha256 TEXT NOT NULL)",
    );
    return Object.assign(database, { [Symbol.dispose]: () => database.close() });
  }
}

/** The machine's disk, which says before each of its steps what it is about to do. */
function steppedDisk(step: (name: string) => void | Promise<void>): Disk {
  const nameOf = (path: string) => path.split("/").slice(-2).join("/");
  return {
    async write(path, bytes) {
      await step(`before writing ${nameOf(path)}`);
      await machineDisk.write(path, bytes.subarray(0, bytes.length / 2));
      await step(`within writing ${nameOf(path)}`);
      await machineDisk.write(path, bytes);
    },
    async move(from, to) {
      await step(`before moving ${nameOf(from)}`);
      await machineDisk.move(from, to);
    },
    async remove(path) {
      await step(`before removing ${nameOf(path)}`);
      await machineDisk.remove(path);
    },
  };
}

/** Brings a plugin into the state that a change starts from. */
export async function prepare(bench: StoreBench, kind: ChangeKind): Promise<void> {
  if (kind === "install") return;
  const store = await bench.open();
  await store.install("p", await versionOf("a"), "");
  if (kind !== "update") await store.update("p", await versionOf("b"), "");
}

/** Carries out a change of each kind. */
export async function change(store: PackageStore, kind: ChangeKind): Promise<void> {
  if (kind === "install") await store.install("p", await versionOf("a"), "note");
  else if (kind === "update") await store.update("p", await versionOf("c"), "note");
  else await store[kind]("p", "note");
}
