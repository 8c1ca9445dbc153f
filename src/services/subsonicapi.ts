/**
 * Calls to the music server's own Subsonic API, as an assigned user. Source: `extism-abi.md` 2.13.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { SubsonicapiPermission } from "../manifest/mod.ts";
import type { MusicServer, SubsonicResponse } from "./music_server.ts";
import { ServiceError } from "./ports.ts";
import type { ServiceMethods } from "./table.ts";
import type { UserScope } from "./user_scope.ts";

/** What the service is made from. */
export interface SubsonicapiOptions {
  readonly pluginId: string;
  readonly permission: SubsonicapiPermission;
  readonly users: UserScope;
  readonly server: MusicServer | undefined;
}

interface Uri {
  readonly uri: string;
}

/** Answers `subsonicapi_call` and `subsonicapi_callraw`. */
export class Subsonicapi implements ServiceMethods<"subsonicapi"> {
  readonly #options: SubsonicapiOptions;

  constructor(options: SubsonicapiOptions) {
    this.#options = options;
  }

  async call({ uri }: Uri, signal: AbortSignal): Promise<{ responseJson: string }> {
    return { responseJson: new TextDecoder().decode(await this.json({ uri }, signal)) };
  }

  /** What `call` answers, as the bytes that came: some endpoints answer with no JSON at all. */
  async json({ uri }: Uri, signal: AbortSignal): Promise<Uint8Array> {
    const { data } = await this.#send(uri, { f: "json" }, signal);
    return data;
  }

  callRaw({ uri }: Uri, signal: AbortSignal): Promise<SubsonicResponse> {
    return this.#send(uri, {}, signal);
  }

  async #send(
    uri: string,
    forced: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SubsonicResponse> {
    const { pluginId, server } = this.#options;
    if (server?.subsonic === undefined) {
      throw new ServiceError("SubsonicAPI router not available");
    }
    const { endpoint, query } = parseUri(uri);
    const username = query.get("u") ?? "";
    if (username === "") throw new ServiceError("missing required parameter 'u' (username)");
    await this.#authorize(username, signal);
    // `set` leaves one value of each: a second `u` must not reach the server as somebody else.
    const own = { u: username, c: pluginId, v: "1.16.1", ...forced };
    for (const [name, value] of Object.entries(own)) query.set(name, value);
    try {
      return await server.subsonic.call(username, endpoint, query, signal);
    } catch (error) {
      throw new ServiceError(errorText(error));
    }
  }

  async #authorize(username: string, signal: AbortSignal): Promise<void> {
    const { pluginId, permission, users } = this.#options;
    const { allowedUsernames = [], allowAdmins } = permission;
    const isNamed = (name: string): boolean => name.toLowerCase() === username.toLowerCase();
    if (allowedUsernames.length > 0 && !allowedUsernames.some(isNamed)) {
      throw new ServiceError(`username ${username} is not allowed`);
    }
    if (users.isAll && allowAdmins) return;
    if (users.isEmpty) throw new ServiceError(`no users configured for plugin ${pluginId}`);
    const user = await users.find(username, signal);
    if (user === undefined) throw new ServiceError(`username ${username} not found`);
    if (!users.includes(user.userName)) {
      throw new ServiceError(`user ${username} is not authorized for this plugin`);
    }
    if (user.isAdmin && !allowAdmins) {
      throw new ServiceError("calling SubsonicAPI as admin user is not allowed");
    }
  }
}

/** Scheme and host are ignored; the endpoint is the last segment of the path, and one segment only. */
function parseUri(uri: string): { endpoint: string; query: URLSearchParams } {
  const invalid = (cause: string): ServiceError =>
    new ServiceError(`invalid URL format: parse ${JSON.stringify(uri.slice(0, 256))}: ${cause}`);
  if (uri.startsWith(":")) throw invalid("missing protocol scheme");
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(uri)) throw invalid("net/url: invalid control character in URL");
  let url: URL;
  let path: string;
  try {
    url = new URL(uri, "http://localhost");
    path = decodeURIComponent(url.pathname);
  } catch {
    throw invalid("invalid URL");
  }
  const endpoint = path.split("/").findLast((segment) => segment !== "") ?? "";
  return { endpoint: `/${endpoint}`, query: url.searchParams };
}
