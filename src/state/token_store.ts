import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { SoundproofError } from "../errors.ts";
import { makePrivateFile } from "./data_folder.ts";

/** What a token is good for: everything, calls of capabilities alone, or metrics and lists alone. */
export type TokenScope = "admin" | "client" | "read";

/** Every scope there is. */
export const TOKEN_SCOPES: readonly TokenScope[] = ["admin", "client", "read"];

/** What is known of a token; never the token itself, which nobody keeps. */
export interface TokenRecord {
  /** No two tokens that hold have the same. */
  readonly name: string;
  /** What it is good for, at least one. */
  readonly scopes: readonly TokenScope[];
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** To the minute. Milliseconds since the Unix epoch; absent until it is used. */
  readonly usedAt?: number;
  /** From when on it is refused. Milliseconds since the Unix epoch; absent while it holds. */
  readonly revokedAt?: number;
}

interface HeldToken {
  readonly id: number;
  readonly hash: Buffer;
  readonly record: TokenRecord;
  usedAt: number;
}

/** Tokens that hold at once: each request is compared with all of them. */
const MAX_TOKENS = 100;
/** How exactly it is known when a token was last used. Milliseconds. */
const USED_EVERY_MS = 60_000;
/** A name can stand in a table and in a URL, and cannot be taken for an option. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

const COLUMNS = "id, name, hash, scopes, created_at, used_at, revoked_at";

/**
 * The tokens of the API, in one SQLite file that keeps the SHA-256 of each: who reads the file cannot use them.
 *
 * A plain hash is enough, since a token is 256 random bits and cannot be guessed from it. What another process creates
 * or revokes counts from the next request on.
 */
export class TokenStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  #held: readonly HeldToken[] = [];
  /** The file's version that `#held` was read at; below every version until it is read. */
  #version = -1;

  /** Opens the file and makes its table where it is missing. @param now Milliseconds since the Unix epoch. */
  constructor(path: string, now: () => number = Date.now) {
    makePrivateFile(path);
    this.#now = now;
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        hash BLOB NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        used_at INTEGER,
        revoked_at INTEGER
      ) STRICT;
      CREATE UNIQUE INDEX IF NOT EXISTS held ON tokens (name) WHERE revoked_at IS NULL`);
  }

  /**
   * Makes a token of 256 random bits, which is shown this once.
   *
   * @throws {SoundproofError} `token.name_invalid`, `token.name_taken`, `token.too_many`
   */
  create(
    name: string,
    scopes: readonly TokenScope[],
  ): { readonly token: string; readonly record: TokenRecord } {
    const token = randomBytes(32).toString("base64url");
    return { token, record: this.#add(name, scopes, hashOf(token)) };
  }

  /**
   * Lets a token from elsewhere hold under a name, in the place of the one that held under it before.
   *
   * @throws {SoundproofError} `token.revoked` where this very token was revoked; `token.name_invalid`, `token.too_many`
   */
  adopt(name: string, scopes: readonly TokenScope[], token: string): TokenRecord {
    const hash = hashOf(token);
    const row = this.#database.prepare(`SELECT ${COLUMNS} FROM tokens WHERE hash = ?`).get(hash);
    if (row?.revoked_at === null && row.name === name) return recordOf(row);
    if (row !== undefined) {
      throw new SoundproofError(
        "token.revoked",
        `Cannot use the token of "${name}": it ${
          row.revoked_at === null ? `holds as "${row.name}"` : "was revoked"
        }`,
      );
    }
    this.#revoke(name);
    return this.#add(name, scopes, hash);
  }

  /** Every token, those that were revoked too, oldest first. */
  list(): TokenRecord[] {
    return this.#database.prepare(`SELECT ${COLUMNS} FROM tokens ORDER BY id`).all().map(recordOf);
  }

  /**
   * Takes a token back: it is refused from now on.
   *
   * @throws {SoundproofError} `token.unknown`
   */
  revoke(name: string): TokenRecord {
    const record = this.#revoke(name);
    if (record !== undefined) return record;
    throw new SoundproofError("token.unknown", `Cannot revoke token "${name}": none holds`);
  }

  /** Whose token this is, if it holds. How long that takes does not depend on which one it is, or how nearly. */
  find(token: string): TokenRecord | undefined {
    const given = hashOf(token);
    let found: HeldToken | undefined;
    for (const held of this.#current()) if (timingSafeEqual(held.hash, given)) found = held;
    if (found !== undefined) this.#use(found);
    return found?.record;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #add(name: string, scopes: readonly TokenScope[], hash: Buffer): TokenRecord {
    const refuse = (code: "name_invalid" | "name_taken" | "too_many", state: string) =>
      new SoundproofError(`token.${code}`, `Cannot create token "${name.slice(0, 64)}": ${state}`);
    if (!NAME.test(name)) {
      throw refuse("name_invalid", "want 1 to 64 of A-Z, a-z, 0-9, _, - and ., no - or . first");
    }
    const held = this.#current();
    if (held.length >= MAX_TOKENS) throw refuse("too_many", `${MAX_TOKENS} hold already`);
    if (held.some(({ record }) => record.name === name)) {
      throw refuse("name_taken", "one of this name holds");
    }
    const createdAt = this.#now();
    this.#version = -1;
    this.#database
      .prepare("INSERT INTO tokens (name, hash, scopes, created_at) VALUES (?, ?, ?, ?)")
      .run(name, hash, scopes.join(" "), createdAt);
    return { name, scopes: [...scopes], createdAt };
  }

  #revoke(name: string): TokenRecord | undefined {
    this.#version = -1;
    const row = this.#database
      .prepare(
        `UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING ${COLUMNS}`,
      )
      .get(this.#now(), name);
    // Those that are long gone make room.
    this.#database
      .prepare(
        `DELETE FROM tokens WHERE revoked_at IS NOT NULL AND id NOT IN
         (SELECT id FROM tokens WHERE revoked_at IS NOT NULL ORDER BY revoked_at DESC, id DESC LIMIT ?)`,
      )
      .run(MAX_TOKENS);
    return row && recordOf(row);
  }

  /** The tokens that hold, read again only after a change by whomever. */
  #current(): readonly HeldToken[] {
    const version = Number(this.#database.prepare("PRAGMA data_version").get()?.data_version);
    if (version === this.#version) return this.#held;
    this.#held = this.#database
      .prepare(`SELECT ${COLUMNS} FROM tokens WHERE revoked_at IS NULL ORDER BY id`)
      .all()
      .map((row) => ({
        id: Number(row.id),
        hash: Buffer.from(row.hash instanceof Uint8Array ? row.hash : []),
        record: recordOf(row),
        usedAt: Number(row.used_at ?? 0),
      }));
    this.#version = version;
    return this.#held;
  }

  #use(held: HeldToken): void {
    const now = this.#now();
    if (now - held.usedAt < USED_EVERY_MS) return;
    held.usedAt = now;
    this.#database.prepare("UPDATE tokens SET used_at = ? WHERE id = ?").run(now, held.id);
  }
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function recordOf(row: Readonly<Record<string, unknown>>): TokenRecord {
  const words = String(row.scopes).split(" ");
  return {
    name: String(row.name),
    scopes: TOKEN_SCOPES.filter((scope) => words.includes(scope)),
    createdAt: Number(row.created_at),
    ...(row.used_at !== null && { usedAt: Number(row.used_at) }),
    ...(row.revoked_at !== null && { revokedAt: Number(row.revoked_at) }),
  };
}
