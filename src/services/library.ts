/**
 * The libraries that were assigned to the plugin. Source: `extism-abi.md` 2.9.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { LibraryScope } from "./library_scope.ts";
import type { MusicServer } from "./music_server.ts";
import type { ServerLibrary } from "./music_types.ts";
import type { library, Written } from "./music_shapes.ts";
import { ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";

type Library = Written<typeof library>;

/** What a library that was never scanned says: the year 1, in Unix seconds. */
const NEVER = -62_135_596_800n;

/** Answers the `library_*` functions. */
export class Libraries implements ServiceMethods<"library"> {
  readonly #scope: LibraryScope;
  readonly #server: MusicServer | undefined;

  constructor(scope: LibraryScope, server: MusicServer | undefined) {
    this.#scope = scope;
    this.#server = server;
  }

  async getLibrary(
    { id }: { readonly id: number },
    signal: AbortSignal,
  ): Promise<{ result: Library }> {
    if (!this.#scope.includes(id)) {
      throw new ServiceError(
        `library not accessible: library ID ${id} is not in the allowed list`,
      );
    }
    const found = (await this.#all(signal, "library not found")).find((entry) => entry.id === id);
    if (found === undefined) throw new ServiceError("library not found: data not found");
    return { result: this.#shown(found) };
  }

  async getAllLibraries(_request: unknown, signal: AbortSignal): Promise<{ result: Library[] }> {
    const all = await this.#all(signal, "failed to get libraries");
    const visible = all.filter(({ id }) => this.#scope.includes(id));
    return { result: visible.map((entry) => this.#shown(entry)) };
  }

  async #all(signal: AbortSignal, failure: string): Promise<readonly ServerLibrary[]> {
    try {
      return await this.#server?.libraries?.list(signal) ?? [];
    } catch (error) {
      throw new ServiceError(`${failure}: ${errorText(error)}`);
    }
  }

  #shown({ path, ...entry }: ServerLibrary): Library {
    return {
      ...entry,
      lastScanAt: entry.lastScanAt ?? NEVER,
      // A library whose folder this host does not know is mounted nowhere.
      ...(this.#scope.showsPaths && path && { path, mountPoint: `/libraries/${entry.id}` }),
    };
  }
}
