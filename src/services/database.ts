/**
 * SQLite files of single plugins.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { ServiceError } from "./ports.ts";

/** A row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * One SQLite file, open to its owner alone (folder 0700, file 0600).
 *
 * It is in WAL mode with `synchronous=NORMAL`: what was committed is in the operating system's hands
 * before the commit returns, so a killed process loses nothing; a power cut can lose the last commits,
 * never the file. (`FULL` would add an fsync to every write of every plugin, on the host's one thread.)
 */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #open = true;

  /**
   * @param migrations SQL scripts; `user_version` counts those that were applied. One that fails leaves no trace.
   */
  constructor(folder: string, file: string, migrations: readonly string[]) {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    Deno.chmodSync(folder, 0o700);
    const path = join(folder, file);
    // Made here, because SQLite would make it readable for others; its -wal and -shm follow its mode.
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    Deno.chmodSync(path, 0o600);
    this.#database = new DatabaseSync(path, { timeout: 1000 });
    try {
      this.#database.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304",
      );
      const version = Number(this.get("PRAGMA user_version")?.["user_version"]);
      for (const [index, script] of migrations.entries()) {
        if (index < version) continue;
        this.transaction(() =>
          this.#database.exec(`${script}; PRAGMA user_version = ${index + 1}`)
        );
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Runs a statement and gives the number of rows it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  /** The first row, if there is one. */
  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters);
  }

  /** All rows. */
  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters);
  }

  /** Runs all of it, or none. */
  transaction<T>(work: () => T): T {
    this.#prepare("BEGIN IMMEDIATE").run();
    try {
      const result = work();
      this.#prepare("COMMIT").run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#prepare("ROLLBACK").run();
      throw error;
    }
  }

  /** Runs a write that a power cut must not undo either: it is on the disk before this returns. */
  durably<T>(write: () => T): T {
    this.#database.exec("PRAGMA synchronous = FULL");
    try {
      return write();
    } finally {
      this.#database.exec("PRAGMA synchronous = NORMAL");
    }
  }

  /** Closes the file. Every later use fails with `database is closed`. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    if (!this.#open) throw new ServiceError("database is closed");
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** A text that was read with `CAST(… AS BLOB)`: read as text, it would end at its first NUL. */
export function textOf(column: unknown): string {
  return column instanceof Uint8Array ? utf8.decode(column) : String(column);
}

/** A time in SQLite's own text form, UTC with seconds, which sorts as it reads. */
export function sqlTime(ms: number): string {
  // The last second of a four-digit year: beyond it the text would no longer sort.
  const bounded = Math.min(ms, Date.UTC(9999, 11, 31, 23, 59, 59));
  return new Date(bounded).toISOString().slice(0, 19).replace("T", " ");
}
