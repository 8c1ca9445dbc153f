/**
 * Which libraries a plugin may see.
 *
 * @module
 */

import type { ServiceContext } from "./ports.ts";

/** The libraries that the administrator assigned to a plugin. */
export class LibraryScope {
  readonly #assigned: ReadonlySet<number> | "all";
  /** Whether paths are shown: library folders are mounted, and the plugin may know where they are. */
  readonly showsPaths: boolean;

  /** Without the `library` permission there is no scope, whatever was assigned. */
  constructor({ permissions, libraries }: Pick<ServiceContext, "permissions" | "libraries">) {
    const ids = permissions.library === undefined ? [] : libraries;
    this.#assigned = ids === "all" ? "all" : new Set(ids);
    this.showsPaths = permissions.library?.filesystem ?? false;
  }

  /** Whether none is assigned. */
  get isEmpty(): boolean {
    return this.#assigned !== "all" && this.#assigned.size === 0;
  }

  includes(id: number): boolean {
    return this.#assigned === "all" || this.#assigned.has(id);
  }
}
