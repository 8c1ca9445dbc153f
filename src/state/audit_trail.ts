import { DatabaseSync } from "node:sqlite";
import { makePrivateFile } from "./data_folder.ts";

/** Something worth proving later: a refusal, a decision, a kill. */
export interface AuditEvent {
  /** Which plugin it is about. */
  readonly plugin: string;
  /** A code of an error, or the name of a decision. */
  readonly code: string;
  /** What was asked for, such as a URL without query and credentials. */
  readonly subject: string;
  /** Why, in words. */
  readonly reason: string;
}

/** An event as it was written down. */
export interface AuditRecord extends AuditEvent {
  /** Grows by at least one from event to event. */
  readonly id: number;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
}

/** Records kept; the oldest make room. */
const MAX_RECORDS = 100_000;
/** How many records are written between two clean-ups. */
const CLEAN_EVERY = 1_000;
/** Characters of a text that are kept. */
const MAX_TEXT = 2_000;

/** The audit record, in one SQLite file: written at the end, bounded in number, never changed. */
export class AuditTrail implements Disposable {
  readonly #database: DatabaseSync;

  /** Opens the file and makes its table where it is missing. */
  constructor(path: string) {
    makePrivateFile(path);
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL,
        plugin TEXT NOT NULL,
        code TEXT NOT NULL,
        subject TEXT NOT NULL,
        reason TEXT NOT NULL
      ) STRICT`);
  }

  /** Writes an event down. */
  add({ plugin, code, subject, reason }: AuditEvent): void {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO audit (time, plugin, code, subject, reason) VALUES (?, ?, ?, ?, ?)")
      .run(Date.now(), plugin, code, subject.slice(0, MAX_TEXT), reason.slice(0, MAX_TEXT));
    const id = Number(lastInsertRowid);
    if (id % CLEAN_EVERY === 0) {
      this.#database.prepare("DELETE FROM audit WHERE id <= ?").run(id - MAX_RECORDS);
    }
  }

  /** The records after `id`, oldest first, at most `limit`. */
  after(id: number, limit = 1_000): AuditRecord[] {
    return this.#database
      .prepare("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?")
      .all(id, limit)
      .map((row) => ({
        id: Number(row.id),
        time: Number(row.time),
        plugin: String(row.plugin),
        code: String(row.code),
        subject: String(row.subject),
        reason: String(row.reason),
      }));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}
