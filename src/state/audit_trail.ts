import { DatabaseSync } from "node:sqlite";
import { makePrivateFile } from "./data_folder.ts";

/** Something worth proving later: a refusal, a decision, a kill. */
export interface AuditEvent {
  /** Which plugin it is about. */
  readonly plugin: string;
  /** A code of an error, or the name of a decision, which has no dot. */
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

/** How much is kept; the oldest make room. */
export interface AuditLimits {
  /** Refusals and kills, of all plugins. */
  readonly faults: number;
  /** Refusals and kills of one plugin: one that has many of them does not push out those of the others. */
  readonly faultsOfOne: number;
  /** Decisions, which no number of refusals pushes out. */
  readonly decisions: number;
}

const LIMITS: AuditLimits = { faults: 100_000, faultsOfOne: 20_000, decisions: 20_000 };
/** How many records are written between two clean-ups. */
const CLEAN_EVERY = 1_000;
/** Characters of a text that are kept. */
const MAX_TEXT = 2_000;

/** The audit record, in one SQLite file: written at the end, bounded in number, never changed. */
export class AuditTrail implements Disposable {
  readonly #database: DatabaseSync;
  readonly #limits: AuditLimits;

  /**
   * Opens the file and makes its table where it is missing.
   *
   * @param limits For tests: how much is kept.
   */
  constructor(path: string, limits: AuditLimits = LIMITS) {
    makePrivateFile(path);
    this.#limits = limits;
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
      ) STRICT;
      CREATE INDEX IF NOT EXISTS audit_of_plugin ON audit (plugin, id);
      CREATE TRIGGER IF NOT EXISTS audit_is_never_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'an audit record is never changed'); END`);
  }

  /** Writes an event down. */
  add({ plugin, code, subject, reason }: AuditEvent): void {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO audit (time, plugin, code, subject, reason) VALUES (?, ?, ?, ?, ?)")
      .run(Date.now(), plugin, code, subject.slice(0, MAX_TEXT), reason.slice(0, MAX_TEXT));
    if (Number(lastInsertRowid) % CLEAN_EVERY === 0) this.clean();
  }

  /** The records after `id`, oldest first, at most `limit`; of one plugin, if given. */
  after(id: number, limit = 1_000, plugin?: string): AuditRecord[] {
    const statement = plugin === undefined
      ? this.#database.prepare("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?")
      : this.#database.prepare(
        "SELECT * FROM audit WHERE plugin = ? AND id > ? ORDER BY id LIMIT ?",
      );
    const rows = plugin === undefined ? statement.all(id, limit) : statement.all(plugin, id, limit);
    return rows.map((row) => ({
      id: Number(row.id),
      time: Number(row.time),
      plugin: String(row.plugin),
      code: String(row.code),
      subject: String(row.subject),
      reason: String(row.reason),
    }));
  }

  /** Deletes what is beyond the limits; done by itself now and then. */
  clean(): void {
    const { faults, faultsOfOne, decisions } = this.#limits;
    const keep = (condition: string, count: number, ...values: string[]) =>
      this.#database
        .prepare(
          `DELETE FROM audit WHERE ${condition} AND id <=
             (SELECT id FROM audit WHERE ${condition} ORDER BY id DESC LIMIT 1 OFFSET ?)`,
        )
        .run(...values, ...values, count);
    for (const { plugin } of this.#database.prepare("SELECT DISTINCT plugin FROM audit").all()) {
      keep("plugin = ? AND instr(code, '.') > 0", faultsOfOne, String(plugin));
    }
    keep("instr(code, '.') > 0", faults);
    keep("instr(code, '.') = 0", decisions);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}
