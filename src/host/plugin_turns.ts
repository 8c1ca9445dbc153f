import { SoundproofError } from "../errors.ts";

/** What is done with one plugin is done one after another; with two plugins, side by side. */
export class PluginTurns {
  readonly #last = new Map<string, Promise<unknown>>();
  #closed = false;

  /**
   * Does something with a plugin after all that was to be done with it before, whatever that came to.
   *
   * @throws {SoundproofError} `plugin.unknown` once it is closed.
   */
  take<T>(id: string, work: () => T | Promise<T>): Promise<T> {
    const turn = (this.#last.get(id) ?? Promise.resolve()).then(() => {
      if (!this.#closed) return work();
      throw new SoundproofError(
        "plugin.unknown",
        `Cannot find plugin "${id}": the host is closed`,
      );
    });
    const settled = turn.then(() => {}, () => {}).then(() => {
      if (this.#last.get(id) === settled) this.#last.delete(id);
    });
    this.#last.set(id, settled);
    return turn;
  }

  /** Begins nothing any more, and waits for what is being done. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#last.values());
  }
}
