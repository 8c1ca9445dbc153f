/**
 * For which users a plugin may act. Source: the four user texts of `extism-abi.md` 2.10.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { MusicServer } from "./music_server.ts";
import type { ServerUser } from "./music_types.ts";
import { type ServiceContext, ServiceError } from "./ports.ts";

/** The users that the administrator assigned to a plugin. Names are equal in any letter case. */
export class UserScope {
  readonly #assigned: ReadonlySet<string> | "all";
  readonly #server: MusicServer | undefined;

  /**
   * Without the `users` permission there is no scope, whatever was assigned. The older generation knows neither:
   * its scope is everybody, unless an administrator assigns some.
   */
  constructor(
    context: Pick<ServiceContext, "generation" | "permissions" | "users" | "musicServer">,
  ) {
    const users = context.generation === "protobuf"
      ? context.users.length === 0 ? "all" : context.users
      : context.permissions.users === undefined
      ? []
      : context.users;
    this.#assigned = users === "all" ? "all" : new Set(users.map(fold));
    this.#server = context.musicServer;
  }

  /** Whether nobody is assigned. */
  get isEmpty(): boolean {
    return this.#assigned !== "all" && this.#assigned.size === 0;
  }

  /** Whether everybody is. */
  get isAll(): boolean {
    return this.#assigned === "all";
  }

  /** Whether this user is assigned; says nothing of whether there is such a user. */
  includes(username: string): boolean {
    return this.#assigned === "all" || this.#assigned.has(fold(username));
  }

  /** All assigned users of the server. Its own errors pass through. */
  async list(signal: AbortSignal): Promise<ServerUser[]> {
    const users = await this.#all(signal);
    return users.filter(({ userName }) => this.includes(userName));
  }

  /** The server's user of this name, assigned or not. */
  async find(username: string, signal: AbortSignal): Promise<ServerUser | undefined> {
    const users = await this.#all(signal);
    return users.find(({ userName }) => fold(userName) === fold(username));
  }

  /**
   * The user of this name that the plugin may act for.
   *
   * @param service What error texts begin with, such as `matcher`.
   * @throws {ServiceError} A plugin without any scope gets one text for existing and unknown users.
   */
  async resolve(service: string, username: string, signal: AbortSignal): Promise<ServerUser> {
    if (this.isEmpty) {
      throw new ServiceError(`${service}: plugin is not authorized to scope by user`);
    }
    const name = JSON.stringify(username);
    let user: ServerUser | undefined;
    try {
      user = await this.find(username, signal);
    } catch (error) {
      throw new ServiceError(`${service}: looking up user ${name}: ${errorText(error)}`);
    }
    if (user === undefined) throw new ServiceError(`${service}: user ${name} not found`);
    if (!this.includes(user.userName)) {
      throw new ServiceError(`${service}: plugin is not allowed to act as user ${name}`);
    }
    return user;
  }

  async #all(signal: AbortSignal): Promise<readonly ServerUser[]> {
    try {
      return await this.#server?.users?.list(signal) ?? [];
    } catch (error) {
      throw new ServiceError(errorText(error));
    }
  }
}

function fold(username: string): string {
  return username.toLowerCase();
}
