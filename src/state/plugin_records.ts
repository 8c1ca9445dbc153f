import { DatabaseSync } from "node:sqlite";
import { makePrivateFile } from "./data_folder.ts";

/** What an administrator has decided about one plugin. */
export interface PluginRecord {
  readonly id: string;
  readonly enabled: boolean;
  /** SHA-256 of the package the decision was taken on; lower-case hex. */
  readonly sha256: string;
  /** The permissions as they read on that day; canonical JSON. */
  readonly permissions: string;
  /** Private addresses that were opened; JSON, see the grants room. */
  readonly local: string;
  /** Users and libraries it was assigned; JSON, see the grants room. */
  readonly assignment: string;
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
];

/** The decisions, in one SQLite file. */
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
      .prepare(
        "SELECT id, enabled, sha256, permissions, local, assignment FROM plugins WHERE id = ?",
      )
      .get(id);
    return row && {
      id: String(row.id),
      enabled: row.enabled === 1,
      sha256: String(row.sha256),
      permissions: String(row.permissions),
      local: String(row.local),
      assignment: String(row.assignment),
    };
  }

  /** The records of all enabled plugins. */
  enabled(): PluginRecord[] {
    return this.#database
      .prepare("SELECT id FROM plugins WHERE enabled = 1 ORDER BY id")
      .all()
      .flatMap(({ id }) => this.get(String(id)) ?? []);
  }

  /** Writes a decision down, in the place of an earlier one. */
  set({ id, enabled, sha256, permissions, local, assignment }: PluginRecord): void {
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO plugins
         (id, enabled, sha256, permissions, local, updated_at, assignment) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, enabled ? 1 : 0, sha256, permissions, local, Date.now(), assignment);
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
