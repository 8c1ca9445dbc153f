import { DatabaseSync } from "node:sqlite";
import { makePrivateFile } from "./data_folder.ts";

/** What an administrator approved, on the day they did. */
export interface ApprovalRecord {
  /** SHA-256 of the package the decision was taken on; lower-case hex. */
  readonly sha256: string;
  /** The permissions as they read on that day; canonical JSON. */
  readonly permissions: string;
  /** What was decided; see the grants room. */
  readonly decision: object;
}

/** What is decided about one plugin. */
export interface PluginRecord {
  readonly id: string;
  /** Whether it is to run. */
  readonly enabled: boolean;
  /** SHA-256 of the package that a command put there last; absent where none did. */
  readonly installed?: string;
  /** What was approved last; absent where nothing was, or it was revoked. */
  readonly approval?: ApprovalRecord;
  /** What had been approved of the version before the last update. */
  readonly previous?: ApprovalRecord;
}

const MIGRATIONS = [
  `CREATE TABLE plugins (
     id TEXT PRIMARY KEY,
     enabled INTEGER NOT NULL,
     sha256 TEXT NOT NULL,
     permissions TEXT NOT NULL,
     local TEXT NOT NULL,
     updated_at INTEGER NOT NULL
   ) STRICT`,
  "ALTER TABLE plugins ADD COLUMN assignment TEXT NOT NULL DEFAULT '{}'",
  `ALTER TABLE plugins RENAME TO plugins_before;
   CREATE TABLE plugins (
     id TEXT PRIMARY KEY,
     enabled INTEGER NOT NULL,
     installed TEXT,
     approval TEXT,
     previous TEXT,
     updated_at INTEGER NOT NULL
   ) STRICT;
   INSERT INTO plugins (id, enabled, approval, updated_at)
     SELECT id, enabled, json_object(
       'sha256', sha256,
       'permissions', permissions,
       'decision', json_patch(
         json_object(
           'localNetwork', json(iif(local ->> '$.network', 'true', 'false')),
           'addresses', json(coalesce(local -> '$.addresses', '[]'))
         ),
         assignment
       )
     ), updated_at FROM plugins_before;
   DROP TABLE plugins_before;
   CREATE TABLE settings (
     plugin TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (plugin, key)
   ) STRICT`,
];

/** Decisions and settings, in one SQLite file. */
export class PluginRecords implements Disposable {
  readonly #database: DatabaseSync;

  /**
   * Opens the file and brings its tables up to date.
   *
   * @throws {Error} Where it cannot be opened, or a newer version wrote it.
   */
  constructor(path: string) {
    makePrivateFile(path);
    this.#database = new DatabaseSync(path);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000");
    this.#migrate(path);
  }

  /** The record of a plugin, if a decision was ever taken. */
  get(id: string): PluginRecord | undefined {
    const row = this.#database
      .prepare("SELECT id, enabled, installed, approval, previous FROM plugins WHERE id = ?")
      .get(id);
    if (row === undefined) return undefined;
    const approval = readApproval(row.approval);
    const previous = readApproval(row.previous);
    return {
      id: String(row.id),
      enabled: row.enabled === 1,
      ...(typeof row.installed === "string" && { installed: row.installed }),
      ...(approval !== undefined && { approval }),
      ...(previous !== undefined && { previous }),
    };
  }

  /** Writes a record down, in the place of an earlier one. */
  set({ id, enabled, installed, approval, previous }: PluginRecord): void {
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO plugins
         (id, enabled, installed, approval, previous, updated_at) VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(
        id,
        enabled ? 1 : 0,
        installed ?? null,
        approval === undefined ? null : JSON.stringify(approval),
        previous === undefined ? null : JSON.stringify(previous),
        Date.now(),
      );
  }

  /** Forgets the record of a plugin; its settings stay. */
  delete(id: string): void {
    this.#database.prepare("DELETE FROM plugins WHERE id = ?").run(id);
  }

  /** The settings of a plugin, each as JSON, by key. */
  settings(id: string): Map<string, string> {
    const rows = this.#database
      .prepare("SELECT key, value FROM settings WHERE plugin = ? ORDER BY key")
      .all(id);
    return new Map(rows.map(({ key, value }) => [String(key), String(value)]));
  }

  /** Writes settings down, all or none; `undefined` takes one away. */
  changeSettings(
    id: string,
    changes: Iterable<readonly [key: string, json: string | undefined]>,
  ): void {
    const set = this.#database.prepare("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)");
    const forget = this.#database.prepare("DELETE FROM settings WHERE plugin = ? AND key = ?");
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const [key, json] of changes) {
        if (json === undefined) forget.run(id, key);
        else set.run(id, key, json);
      }
      this.#database.exec("COMMIT");
    } catch (thrown) {
      this.#database.exec("ROLLBACK");
      throw thrown;
    }
  }

  /** Forgets every setting of a plugin. */
  deleteSettings(id: string): void {
    this.#database.prepare("DELETE FROM settings WHERE plugin = ?").run(id);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #migrate(path: string): void {
    const version = Number(this.#database.prepare("PRAGMA user_version").get()?.user_version);
    if (version > MIGRATIONS.length) {
      this.#database.close();
      throw new Error(
        `Cannot open "${path}": it was written by a newer version, its schema is ${version} and max schema is ${MIGRATIONS.length}`,
      );
    }
    for (const [index, statement] of MIGRATIONS.entries()) {
      if (index < version) continue;
      this.#database.exec(`BEGIN; ${statement}; PRAGMA user_version = ${index + 1}; COMMIT`);
    }
  }
}

function readApproval(column: unknown): ApprovalRecord | undefined {
  if (typeof column !== "string") return undefined;
  const { sha256, permissions, decision } = JSON.parse(column);
  return { sha256: String(sha256), permissions: String(permissions), decision: { ...decision } };
}
