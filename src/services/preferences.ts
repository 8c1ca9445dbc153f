/**
 * What single users have set for this plugin, one SQLite file a plugin. From the first design; there is
 * no such service in Navidrome.
 *
 * @module
 */

import { byteLength } from "./bytes.ts";
import { Database, textOf } from "./database.ts";
import { type ServiceContext, ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import { UserScope } from "./user_scope.ts";

const MIGRATIONS = [
  `CREATE TABLE preferences (
     username TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (username, key)
   ) WITHOUT ROWID`,
];
const MAX_KEY_BYTES = 256;

interface Name {
  readonly username: string;
  readonly key: string;
}

/** Answers the `preferences_*` functions. A user the plugin is not assigned has none for it. */
export class Preferences implements ServiceMethods<"preferences"> {
  readonly #database: Database;
  readonly #users: UserScope;
  readonly #limits: ServiceContext["limits"];

  constructor(
    context: Pick<
      ServiceContext,
      "dataFolder" | "limits" | "permissions" | "users" | "musicServer"
    >,
  ) {
    this.#users = new UserScope(context);
    this.#limits = context.limits;
    this.#database = new Database(context.dataFolder, "preferences.db", MIGRATIONS);
  }

  get({ username, key }: Name): { value?: string; exists: boolean } {
    const row = this.#database.get(
      "SELECT CAST(value AS BLOB) AS value FROM preferences WHERE username = ? AND key = ?",
      ...[this.#userName(username), key],
    );
    return row === undefined ? { exists: false } : { value: textOf(row["value"]), exists: true };
  }

  /** A `null` value removes the preference. */
  set({ username, key, value }: Name & { readonly value: string | null }): Record<string, never> {
    const user = this.#userName(username);
    if (key === "") throw new ServiceError("key cannot be empty");
    if (byteLength(key) > MAX_KEY_BYTES || byteLength(user) > MAX_KEY_BYTES) {
      throw new ServiceError(`key exceeds maximum length of ${MAX_KEY_BYTES} bytes`);
    }
    if (value === null) {
      this.#database.run("DELETE FROM preferences WHERE username = ? AND key = ?", user, key);
      return {};
    }
    this.#checkRoom(user, key, value);
    this.#database.run(
      `INSERT INTO preferences (username, key, value) VALUES (?, ?, ?)
       ON CONFLICT (username, key) DO UPDATE SET value = excluded.value`,
      ...[user, key, value],
    );
    return {};
  }

  close(): void {
    this.#database.close();
  }

  #userName(username: string): string {
    if (this.#users.isEmpty) {
      throw new ServiceError("preferences: plugin is not authorized to scope by user");
    }
    if (!this.#users.includes(username)) {
      throw new ServiceError(
        `preferences: plugin is not allowed to act as user ${JSON.stringify(username)}`,
      );
    }
    return username.toLowerCase();
  }

  #checkRoom(user: string, key: string, value: string): void {
    const others = this.#database.get(
      `SELECT COUNT(*) AS entries, COALESCE(SUM(LENGTH(CAST(username || key || value AS BLOB))), 0) AS bytes
       FROM preferences WHERE NOT (username = ? AND key = ?)`,
      ...[user, key],
    );
    const { preferences, preferenceBytes } = this.#limits;
    const bytes = Number(others?.["bytes"]) + byteLength(user) + byteLength(key) +
      byteLength(value);
    if (Number(others?.["entries"]) >= preferences || bytes > preferenceBytes) {
      throw new ServiceError(
        `preferences limit exceeded: ${preferences} entries and ${preferenceBytes} bytes allowed`,
      );
    }
  }
}
