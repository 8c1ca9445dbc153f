/**
 * The rows of queues and tasks. Source: `extism-abi.md` 2.7.
 *
 * The payload of a finished task is let go: nothing reads it, and finished tasks stay for days.
 *
 * @module
 */

import { byteLength } from "./bytes.ts";
import { Database, textOf } from "./database.ts";
import { ServiceError, type ServiceLimits } from "./ports.ts";
import type { QueueSettings } from "./task_settings.ts";

const STATUSES = ["pending", "running", "completed", "failed", "cancelled"] as const;
/** Where a task is in its life. */
export type TaskStatus = (typeof STATUSES)[number];

/** A task that was picked up. */
export interface Task {
  readonly id: string;
  readonly payload: Uint8Array;
  /** This run's number, from 1. */
  readonly attempt: number;
  readonly maxRetries: number;
}

const MIGRATIONS = [
  `CREATE TABLE queues (
     name TEXT PRIMARY KEY NOT NULL,
     concurrency INTEGER NOT NULL,
     max_retries INTEGER NOT NULL,
     backoff_ms INTEGER NOT NULL,
     delay_ms INTEGER NOT NULL,
     retention_ms INTEGER NOT NULL
   );
   CREATE TABLE tasks (
     id TEXT PRIMARY KEY NOT NULL,
     queue_name TEXT NOT NULL REFERENCES queues (name),
     payload BLOB NOT NULL,
     status TEXT NOT NULL,
     attempt INTEGER NOT NULL DEFAULT 0,
     max_retries INTEGER NOT NULL,
     next_run_at INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     message TEXT NOT NULL DEFAULT ''
   );
   CREATE INDEX tasks_due ON tasks (queue_name, status, next_run_at, created_at)`,
];

const PENDING_AGAIN = "status = 'pending', attempt = MAX(attempt - 1, 0)";
const FINISHED = "status IN ('completed', 'failed', 'cancelled')";

/** The file `taskqueue.db` of one plugin. Times are Unix milliseconds. */
export class TaskStore {
  readonly #database: Database;
  readonly #limits: Pick<ServiceLimits, "tasks" | "taskBytes">;
  #tasks = 0;
  #bytes = 0;

  constructor(folder: string, limits: Pick<ServiceLimits, "tasks" | "taskBytes">) {
    this.#limits = limits;
    this.#database = new Database(folder, "taskqueue.db", MIGRATIONS);
    this.#count();
  }

  /** Writes a queue's settings, and makes its tasks that an earlier process left running pending again. */
  openQueue(name: string, settings: QueueSettings, now: number): void {
    const { concurrency, maxRetries, backoffMs, delayMs, retentionMs } = settings;
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO queues (name, concurrency, max_retries, backoff_ms, delay_ms, retention_ms)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET concurrency = excluded.concurrency,
           max_retries = excluded.max_retries, backoff_ms = excluded.backoff_ms,
           delay_ms = excluded.delay_ms, retention_ms = excluded.retention_ms`,
        ...[name, concurrency, maxRetries, backoffMs, delayMs, retentionMs],
      );
      this.#database.run(
        `UPDATE tasks SET ${PENDING_AGAIN}, updated_at = ?
         WHERE queue_name = ? AND status = 'running'`,
        ...[now, name],
      );
    });
  }

  /** @throws {ServiceError} when the plugin has too many tasks, or too many bytes of them. */
  add(id: string, queue: string, payload: Uint8Array, maxRetries: number, now: number): void {
    const { tasks, taskBytes } = this.#limits;
    if (this.#tasks >= tasks || this.#bytes + payload.length > taskBytes) {
      this.#deleteOutlived(now);
      if (this.#tasks >= tasks) {
        throw new ServiceError(`enqueuing task: maximum of ${tasks} tasks reached`);
      }
      if (this.#bytes + payload.length > taskBytes) {
        throw new ServiceError(`enqueuing task: tasks exceed maximum of ${taskBytes} bytes`);
      }
    }
    this.#database.run(
      `INSERT INTO tasks
         (id, queue_name, payload, status, max_retries, next_run_at, created_at, updated_at)
       VALUES (?, ?, ?, 'pending', ?, ?, ?, ?)`,
      ...[id, queue, payload, maxRetries, now, now, now],
    );
    this.#tasks++;
    this.#bytes += payload.length;
  }

  find(id: string): { status: TaskStatus; message: string; attempt: number } | undefined {
    const row = this.#database.get(
      "SELECT status, CAST(message AS BLOB) AS message, attempt FROM tasks WHERE id = ?",
      id,
    );
    const status = STATUSES.find((name) => name === row?.["status"]);
    if (row === undefined || status === undefined) return undefined;
    return { status, message: textOf(row["message"]), attempt: Number(row["attempt"]) };
  }

  /** Picks up the next due task: it is `running`, one attempt on, before it is handed out. */
  take(queue: string, now: number): Task | undefined {
    const row = this.#database.get(
      `UPDATE tasks SET status = 'running', attempt = attempt + 1, updated_at = ?
       WHERE id = (
         SELECT id FROM tasks WHERE queue_name = ? AND status = 'pending' AND next_run_at <= ?
         ORDER BY next_run_at, created_at, rowid LIMIT 1
       ) RETURNING id, payload, attempt, max_retries`,
      ...[now, queue, now],
    );
    const payload = row?.["payload"];
    if (row === undefined || !(payload instanceof Uint8Array)) return undefined;
    return {
      id: String(row["id"]),
      payload,
      attempt: Number(row["attempt"]),
      maxRetries: Number(row["max_retries"]),
    };
  }

  /** When the queue's next pending task is due. */
  nextDue(queue: string): number | undefined {
    const due = this.#database.get(
      "SELECT MIN(next_run_at) AS due FROM tasks WHERE queue_name = ? AND status = 'pending'",
      queue,
    )?.["due"];
    return typeof due === "number" ? due : undefined;
  }

  finish(id: string, status: TaskStatus, message: string, now: number): void {
    // Tasks come in under the ceiling; their messages must not get past it.
    const room = this.#bytes + byteLength(message) <= this.#limits.taskBytes;
    const kept = room ? message : message.slice(0, 1024);
    const payload = this.#database.get(
      "SELECT LENGTH(payload) AS bytes FROM tasks WHERE id = ?",
      id,
    );
    this.#database.run(
      "UPDATE tasks SET status = ?, message = ?, payload = x'', updated_at = ? WHERE id = ?",
      ...[status, kept, now, id],
    );
    this.#bytes += byteLength(kept) - Number(payload?.["bytes"] ?? 0);
  }

  /** Makes a task pending again, due at `dueAt`, its attempt consumed. */
  retry(id: string, dueAt: number, now: number): void {
    this.#database.run(
      "UPDATE tasks SET status = 'pending', next_run_at = ?, updated_at = ? WHERE id = ?",
      ...[dueAt, now, id],
    );
  }

  /** Gives an interrupted task back with its attempt. */
  release(id: string, now: number): void {
    this.#database.run(
      `UPDATE tasks SET ${PENDING_AGAIN}, updated_at = ? WHERE id = ? AND status = 'running'`,
      ...[now, id],
    );
  }

  /** Gives all interrupted tasks back. */
  releaseRunning(now: number): void {
    this.#database.run(
      `UPDATE tasks SET ${PENDING_AGAIN}, updated_at = ? WHERE status = 'running'`,
      now,
    );
  }

  /** Cancels what waits in a queue and gives its number. */
  cancelPending(queue: string, now: number): number {
    const cancelled = this.#database.run(
      `UPDATE tasks SET status = 'cancelled', payload = x'', updated_at = ?
       WHERE queue_name = ? AND status = 'pending'`,
      ...[now, queue],
    );
    this.#count();
    return cancelled;
  }

  /** Deletes finished tasks of these queues that have outlived their retention. */
  cleanUp(queues: readonly string[], now: number): void {
    this.#database.transaction(() => {
      for (const queue of queues) {
        this.#database.run(
          `DELETE FROM tasks WHERE queue_name = ? AND ${FINISHED} AND updated_at <
             ? - (SELECT retention_ms FROM queues WHERE name = queue_name)`,
          ...[queue, now],
        );
      }
    });
    this.#count();
  }

  /** How many are not finished. */
  unfinished(): number {
    const row = this.#database.get(`SELECT COUNT(*) AS tasks FROM tasks WHERE NOT ${FINISHED}`);
    return Number(row?.["tasks"]);
  }

  close(): void {
    this.#database.close();
  }

  /** The same for queues that this run of the plugin never created: they must not lock it out for ever. */
  #deleteOutlived(now: number): void {
    const rows = this.#database.all("SELECT CAST(name AS BLOB) AS name FROM queues");
    this.cleanUp(rows.map((row) => textOf(row["name"])), now);
  }

  #count(): void {
    const row = this.#database.get(
      `SELECT COUNT(*) AS tasks, COALESCE(SUM(LENGTH(payload) + LENGTH(CAST(message AS BLOB))), 0) AS bytes
       FROM tasks`,
    );
    this.#tasks = Number(row?.["tasks"]);
    this.#bytes = Number(row?.["bytes"]);
  }
}
