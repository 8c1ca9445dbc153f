/**
 * Requests to a music server that speaks the Subsonic API.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { readAll } from "../byte_stream.ts";
import type { SubsonicResponse } from "./music_server.ts";

/** How one account proves who it is. */
export type SubsonicCredentials =
  | { readonly password: string }
  /** OpenSubsonic extension `apiKeyAuthentication`. */
  | { readonly apiKey: string };

/** Where the server is and how the client talks to it. */
export interface SubsonicClientOptions {
  /** Such as `https://music.example.com/navidrome`, without `/rest`. */
  readonly baseUrl: string;
  /** The service account. It must be an administrator where other users are to be seen. */
  readonly username: string;
  /** The service account's proof. */
  readonly credentials: SubsonicCredentials;
  /** Accounts that plugins may act as besides the service account, by user name. */
  readonly userCredentials?: ReadonlyMap<string, SubsonicCredentials>;
  /**
   * A header that names the user, for a server that trusts this host as its reverse proxy (Navidrome's
   * `ReverseProxyUserHeader`). Plugins can then act as every user.
   */
  readonly userHeader?: string;
  /**
   * Whether parameters go in a form, out of sight of access logs. The server must have the OpenSubsonic
   * extension `formPost`; without it they go in the URL, the password never but as a salted proof.
   */
  readonly formPost?: boolean;
  /** Milliseconds for one request; 10,000 where absent. */
  readonly timeoutMs?: number;
}

/** The most that is read of one answer. */
const MAX_ANSWER_BYTES = 24 * 1024 * 1024;
/** Parameters that say who is asking: only the client sets them. */
const OWN_PARAMETERS = ["u", "p", "t", "s", "apiKey", "jwt"];

/** What a server answers when it will not: its own text. */
export class SubsonicRefusal extends Error {
  /** Code of the Subsonic API, such as 70 for what is not there; 0 where the server gave none. */
  readonly code: number;

  /** @param error What the answer has at `error`. */
  constructor(error: unknown) {
    super(String(field(error, "message") ?? "music server failed"));
    const code = field(error, "code");
    this.code = typeof code === "number" ? code : 0;
  }
}

/** Speaks to one server. Credentials leave it only towards `baseUrl`: redirects are not followed. */
export class SubsonicClient {
  readonly #options: SubsonicClientOptions;

  constructor(options: SubsonicClientOptions) {
    this.#options = options;
  }

  /** The service account's name. */
  get username(): string {
    return this.#options.username;
  }

  /**
   * Asks as the service account and gives the envelope's content.
   *
   * @throws {SubsonicRefusal} with the server's own text for a failed answer.
   * @throws {Error} where there is no answer of the API.
   */
  async ask(
    endpoint: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
    username: string = this.#options.username,
  ): Promise<JsonObject> {
    const query = new URLSearchParams({ c: "soundproof", v: "1.16.1", ...parameters, f: "json" });
    const { data } = await this.send(username, `/${endpoint}`, query, signal);
    const envelope = field(JSON.parse(new TextDecoder().decode(data)), "subsonic-response");
    if (!isJsonObject(envelope)) throw new Error("music server did not answer as Subsonic does");
    if (envelope["status"] !== "ok") throw new SubsonicRefusal(envelope["error"]);
    return envelope;
  }

  /** Sends a request as a user, whatever the answer is. */
  async send(
    username: string,
    endpoint: string,
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<SubsonicResponse> {
    if (!/^\/\w+(\.view)?$/.test(endpoint)) {
      throw new Error(`Cannot call ${JSON.stringify(endpoint.slice(0, 64))}: not an endpoint`);
    }
    const own = new URLSearchParams(query);
    for (const name of OWN_PARAMETERS) own.delete(name);
    const { parameters, headers } = this.#identity(username);
    for (const [name, value] of Object.entries(parameters)) own.set(name, value);
    const response = await this.#fetch(endpoint, own, headers, signal);
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new Error("music server redirects: set its final address as base URL");
    }
    const contentType = response.headers.get("content-type") ?? "";
    return { contentType, data: await readAnswer(response) };
  }

  async #fetch(
    endpoint: string,
    parameters: URLSearchParams,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { baseUrl, formPost = false, timeoutMs = 10_000 } = this.#options;
    const address = `${baseUrl.replace(/\/+$/, "")}/rest${endpoint}`;
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const rest = { headers, redirect: "manual", signal: until } as const;
    try {
      return formPost
        ? await fetch(address, { ...rest, method: "POST", body: parameters })
        : await fetch(`${address}?${parameters}`, rest);
    } catch {
      // The fault's own text has the URL in it, and that the credentials; a plugin reads this.
      throw new Error(
        until.aborted ? "music server did not answer in time" : "music server cannot be reached",
      );
    }
  }

  #identity(username: string): {
    parameters: Readonly<Record<string, string>>;
    headers: Record<string, string>;
  } {
    const { username: service, credentials, userCredentials, userHeader } = this.#options;
    const isName = (name: string): boolean => name.toLowerCase() === username.toLowerCase();
    const found = isName(service)
      ? credentials
      : [...userCredentials ?? []].find(([name]) => isName(name))?.[1];
    if (found !== undefined) return { parameters: proof(username, found), headers: {} };
    if (userHeader === undefined) {
      throw new Error(`no credentials to act as user ${JSON.stringify(username)}`);
    }
    return { parameters: { u: username }, headers: { [userHeader]: username } };
  }
}

function proof(username: string, credentials: SubsonicCredentials): Record<string, string> {
  if ("apiKey" in credentials) return { apiKey: credentials.apiKey };
  const salt = randomBytes(12).toString("hex");
  const token = createHash("md5").update(credentials.password + salt).digest("hex");
  return { u: username, t: token, s: salt };
}

function readAnswer(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  return readAll(response.body, (piece, before) => {
    if (before + piece.length > MAX_ANSWER_BYTES) {
      throw new Error(`music server's answer exceeds maximum of ${MAX_ANSWER_BYTES} bytes`);
    }
    return piece;
  });
}

/** An object of parsed JSON. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether a parsed value is an object, and no array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of something that may be an object. */
export function field(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The objects of something that may be an array; one object alone stands for a list of one. */
export function objects(value: unknown): JsonObject[] {
  return (Array.isArray(value) ? value : [value]).filter(isJsonObject);
}
