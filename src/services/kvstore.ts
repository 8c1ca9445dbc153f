/**
 * A key-value store that lasts, one SQLite file a plugin. Source: `extism-abi.md` 2.5.
 *
 * @module
 */

import { byteLength } from "./bytes.ts";
import { Database, sqlTime, textOf } from "./database.ts";
import { type Clock, ServiceError, type ServiceLimits } from "./ports.ts";
import { formatSize, parseSize } from "../manifest/mod.ts";
import type { ServiceMethods } from "./table.ts";

/** The bound on stored bytes where the manifest names none. */
export const DEFAULT_MAX_SIZE_BYTES = 1024 * 1024;
/** The longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 256;
const CLEANUP_MS = 60 * 60 * 1000;

const MIGRATIONS = [
  `CREATE TABLE kvstore (
     key TEXT PRIMARY KEY NOT NULL,
     value BLOB NOT NULL,
     size INTEGER NOT NULL,
     created_at DATETIME NOT NULL,
     updated_at DATETIME NOT NULL,
     expires_at DATETIME
   );
   CREATE INDEX kvstore_expires_at ON kvstore (expires_at)`,
];

const ALIVE = "(expires_at IS NULL OR expires_at >= ?)";

interface Key {
  readonly key: string;
}
interface Setting extends Key {
  readonly value: Uint8Array | null;
}
interface Prefix {
  readonly prefix: string;
}

/** What the store is made from. */
export interface KvstoreOptions {
  readonly folder: string;
  /** The manifest's `maxSize`, such as `1MB`; absent or empty for 1 MiB. */
  readonly maxSize?: string | undefined;
  readonly clock: Clock;
  readonly limits: Pick<ServiceLimits, "kvstoreEntries" | "answerBytes">;
}

/** Answers the `kvstore_*` functions. */
export class Kvstore implements ServiceMethods<"kvstore"> {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #limits: KvstoreOptions["limits"];
  readonly #maxBytes: number;
  /** All rows and their bytes, expired ones included: what lies on the disk. */
  #rows = 0;
  #bytes = 0;
  #cancelCleanup: () => void;

  /** @throws {Error} `invalid maxSize "…": …`, or the database's own text. */
  constructor({ folder, maxSize, clock, limits }: KvstoreOptions) {
    try {
      this.#maxBytes = maxSize ? parseSize(maxSize) : DEFAULT_MAX_SIZE_BYTES;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new ServiceError(`invalid maxSize ${JSON.stringify(maxSize)}: ${cause}`);
    }
    this.#clock = clock;
    this.#limits = limits;
    this.#database = new Database(folder, "kvstore.db", MIGRATIONS);
    this.#count();
    this.#cancelCleanup = clock.after(CLEANUP_MS, () => this.#cleanup());
  }

  set({ key, value }: Setting): Record<string, never> {
    return this.#set(key, value, null);
  }

  setWithTtl(
    { key, value, ttlSeconds }: Setting & { readonly ttlSeconds: bigint },
  ): Record<string, never> {
    if (ttlSeconds <= 0n) throw new ServiceError("ttlSeconds must be greater than 0");
    return this.#set(key, value, sqlTime(this.#clock.now() + Number(ttlSeconds) * 1000));
  }

  get({ key }: Key): { value?: Uint8Array; exists: boolean } {
    const value = this.#database.get(
      `SELECT value FROM kvstore WHERE key = ? AND ${ALIVE}`,
      key,
      this.#now(),
    )?.["value"];
    return value instanceof Uint8Array ? { value, exists: true } : { exists: false };
  }

  getMany({ keys }: { readonly keys: readonly string[] }): { values: Map<string, Uint8Array> } {
    const values = new Map<string, Uint8Array>();
    const now = this.#now();
    let answerBytes = 0;
    for (const key of new Set(keys)) {
      const size = this.#aliveSize(key, now);
      if (size === undefined) continue;
      answerBytes += Math.ceil(size / 3) * 4;
      // Looked at before the values are read: ten keys of a small request could be a gigabyte.
      if (answerBytes > this.#limits.answerBytes) {
        throw new ServiceError(
          `values exceed maximum answer size of ${this.#limits.answerBytes} bytes`,
        );
      }
      const { value } = this.get({ key });
      if (value !== undefined) values.set(key, value);
    }
    return { values };
  }

  has({ key }: Key): { exists: boolean } {
    return { exists: this.#aliveSize(key, this.#now()) !== undefined };
  }

  list({ prefix }: Prefix): { keys: string[] } {
    const rows = this.#database.all(
      `SELECT CAST(key AS BLOB) AS key FROM kvstore WHERE key LIKE ? ESCAPE '\\' AND ${ALIVE} ORDER BY kvstore.key`,
      likePrefix(prefix),
      this.#now(),
    );
    return { keys: rows.map((row) => textOf(row["key"])) };
  }

  delete({ key }: Key): Record<string, never> {
    const row = this.#database.get("DELETE FROM kvstore WHERE key = ? RETURNING size", key);
    if (row !== undefined) {
      this.#rows--;
      this.#bytes -= Number(row["size"]);
    }
    return {};
  }

  deleteByPrefix({ prefix }: Prefix): { deletedCount: bigint } {
    if (prefix === "") throw new ServiceError("prefix cannot be empty");
    const deleted = this.#database.run(
      "DELETE FROM kvstore WHERE key LIKE ? ESCAPE '\\'",
      likePrefix(prefix),
    );
    this.#count();
    return { deletedCount: BigInt(deleted) };
  }

  getStorageUsed(): { bytes: bigint } {
    return { bytes: BigInt(this.#usedBytes()) };
  }

  close(): void {
    this.#cancelCleanup();
    this.#database.close();
  }

  #set(key: string, value: Uint8Array | null, expiresAt: string | null): Record<string, never> {
    if (key === "") throw new ServiceError("key cannot be empty");
    if (byteLength(key) > MAX_KEY_BYTES) {
      throw new ServiceError(`key exceeds maximum length of ${MAX_KEY_BYTES} bytes`);
    }
    const size = value?.length ?? 0;
    let stored = this.#storedSize(key);
    if (this.#bytes + size - (stored ?? 0) > this.#maxBytes) {
      this.#makeRoom(key, size);
      stored = this.#storedSize(key);
    }
    const { kvstoreEntries } = this.#limits;
    if (stored === undefined && this.#rows >= kvstoreEntries && this.#deleteExpired() === 0) {
      throw new ServiceError(
        `storage limit exceeded: would hold ${this.#rows + 1} of ${kvstoreEntries} keys allowed`,
      );
    }
    if (value === null) {
      throw new ServiceError("storing value: NOT NULL constraint failed: kvstore.value");
    }
    const now = this.#now();
    this.#database.run(
      `INSERT INTO kvstore (key, value, size, created_at, updated_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, size = excluded.size,
         updated_at = excluded.updated_at, expires_at = excluded.expires_at`,
      key,
      value,
      size,
      now,
      now,
      expiresAt,
    );
    if (stored === undefined) this.#rows++;
    this.#bytes += size - (stored ?? 0);
    return {};
  }

  /** Expired rows do not count for the guest, but they do lie on the disk: they go before anything grows. */
  #makeRoom(key: string, size: number): void {
    const replaced = this.#aliveSize(key, this.#now()) ?? 0;
    const total = this.#usedBytes() - replaced + size;
    if (size > replaced && total > this.#maxBytes) {
      throw new ServiceError(
        `storage limit exceeded: would use ${formatSize(total)} of ${
          formatSize(this.#maxBytes)
        } allowed`,
      );
    }
    this.#deleteExpired();
  }

  #storedSize(key: string): number | undefined {
    const size = this.#database.get("SELECT size FROM kvstore WHERE key = ?", key)?.["size"];
    return size === undefined ? undefined : Number(size);
  }

  #aliveSize(key: string, now: string): number | undefined {
    const size = this.#database.get(
      `SELECT size FROM kvstore WHERE key = ? AND ${ALIVE}`,
      key,
      now,
    )?.["size"];
    return size === undefined ? undefined : Number(size);
  }

  #usedBytes(): number {
    const sum = this.#database.get(
      `SELECT COALESCE(SUM(size), 0) AS bytes FROM kvstore WHERE ${ALIVE}`,
      this.#now(),
    );
    return Number(sum?.["bytes"]);
  }

  #deleteExpired(): number {
    const deleted = this.#database.run(
      `DELETE FROM kvstore WHERE NOT ${ALIVE}`,
      this.#now(),
    );
    this.#count();
    return deleted;
  }

  /** What another instance has written counts here too. */
  takeOver(): void {
    this.#count();
  }

  #count(): void {
    const row = this.#database.get(
      "SELECT COUNT(*) AS entries, COALESCE(SUM(size), 0) AS bytes FROM kvstore",
    );
    this.#rows = Number(row?.["entries"]);
    this.#bytes = Number(row?.["bytes"]);
  }

  #cleanup(): void {
    this.#deleteExpired();
    this.#cancelCleanup = this.#clock.after(CLEANUP_MS, () => this.#cleanup());
  }

  #now(): string {
    return sqlTime(this.#clock.now());
  }
}

/** `%` and `_` are literal; a backslash is not escaped, and so escapes what follows it, as upstream. */
function likePrefix(prefix: string): string {
  return `${prefix.replace(/[%_]/g, "\\$&")}%`;
}
