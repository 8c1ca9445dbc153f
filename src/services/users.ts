/**
 * The users that were assigned to the plugin. Source: `extism-abi.md` 2.12.
 *
 * @module
 */

import type { ServerUser } from "./music_types.ts";
import type { ServiceMethods } from "./table.ts";
import type { UserScope } from "./user_scope.ts";

/** Answers the `users_*` functions. */
export class Users implements ServiceMethods<"users"> {
  readonly #scope: UserScope;

  constructor(scope: UserScope) {
    this.#scope = scope;
  }

  async getUsers(_request: unknown, signal: AbortSignal): Promise<{ result: ServerUser[] }> {
    return { result: await this.#scope.list(signal) };
  }

  async getAdmins(_request: unknown, signal: AbortSignal): Promise<{ result: ServerUser[] }> {
    const users = await this.#scope.list(signal);
    return { result: users.filter(({ isAdmin }) => isAdmin) };
  }
}
