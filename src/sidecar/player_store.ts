import { Database } from "../services/mod.ts";
import type { Playback } from "./playback.ts";

const MIGRATIONS = ["CREATE TABLE players (key TEXT PRIMARY KEY, playback TEXT NOT NULL) STRICT"];

/** What is known of players, so that a start of the process does not tell a play twice, or cut one short. */
export class PlayerStore {
  readonly #database: Database;

  /** Opens the file `players.db` of a folder, or makes it. */
  constructor(folder: string) {
    this.#database = new Database(folder, "players.db", MIGRATIONS);
  }

  /** All players, by key. */
  all(): Map<string, Playback> {
    return new Map(
      this.#database.all("SELECT key, playback FROM players").map(({ key, playback }) => [
        String(key),
        JSON.parse(String(playback)),
      ]),
    );
  }

  /** Keeps what is known of a player; nothing for one that plays nothing. */
  set(key: string, playback: Playback | undefined): void {
    if (playback === undefined) this.#database.run("DELETE FROM players WHERE key = ?", key);
    else {
      this.#database.run(
        "INSERT OR REPLACE INTO players (key, playback) VALUES (?, ?)",
        ...[key, JSON.stringify(playback)],
      );
    }
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }
}
