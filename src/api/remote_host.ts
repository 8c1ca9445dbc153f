import type { TSchema } from "@sinclair/typebox";
import type { CallOptions } from "../capabilities/mod.ts";
import { errorText, SoundproofError } from "../errors.ts";
import type { Decision } from "../grants/mod.ts";
import type {
  Administration,
  ConfigView as Config,
  FollowOptions,
  PackageReview as Review,
  PluginSummary as Plugin,
  Streams,
} from "../host/mod.ts";
import type { Json } from "../manifest/mod.ts";
import { isOf, parseJson, problemsOf } from "./check.ts";
import {
  ConfigView,
  PackageReview,
  PluginList,
  PluginSummary,
  ProblemDetails,
  type Shape,
  STREAM_RECORDS,
} from "./schemas.ts";
import { readEvents } from "./sse_reader.ts";

/** Where a service is, and what it is asked with. */
export interface RemoteHostOptions {
  /** Such as `http://127.0.0.1:4747`, or `unix:/path/of/its/socket`. */
  readonly url: string;
  /** A token with the scope `admin`. */
  readonly token: string;
  /** In the place of the network's, for tests. */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
}

/** A method, a path below `/api/v1/`, and what goes with them. */
interface Question {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal?: AbortSignal | undefined;
}

const READERS: { readonly [Name in keyof Streams]: (value: unknown) => Streams[Name] } = {
  log: (value) => checked(STREAM_RECORDS.log, value, "a log line"),
  audit: (value) => checked(STREAM_RECORDS.audit, value, "an audit record"),
  event: (value) => checked(STREAM_RECORDS.event, value, "an event"),
};

/**
 * A running service, asked through its API: what an administrator can have done by a host in this process can be had from
 * there, and fails with the same errors.
 *
 * What comes back is checked against the shapes of the API's own document.
 */
export class RemoteHost implements Administration, Disposable {
  readonly #base: string;
  readonly #token: string;
  readonly #fetch: (request: Request) => Response | Promise<Response>;
  readonly #client: Deno.HttpClient | undefined;

  /** Asks nothing yet. */
  constructor({ url, token, fetch: replaced }: RemoteHostOptions) {
    const [, path] = /^unix:(.+)$/.exec(url) ?? [];
    this.#base = path === undefined ? new URL(url).origin : "http://localhost";
    this.#token = token;
    this.#client = path === undefined || replaced !== undefined
      ? undefined
      : Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const client = this.#client;
    this.#fetch = replaced ??
      ((request) => client === undefined ? fetch(request) : fetch(request, { client }));
  }

  async list(): Promise<Plugin[]> {
    return [...(await this.#json(PluginList, { path: ["plugins"] })).plugins];
  }

  async info(id: string): Promise<Plugin> {
    return await this.#json(PluginSummary, { path: ["plugins", id] });
  }

  async review(id: string, bytes?: Uint8Array<ArrayBuffer>): Promise<Review> {
    const path = ["plugins", id, "review"];
    return await this.#json(
      PackageReview,
      bytes ? { method: "POST", path, body: bytes } : { path },
    );
  }

  install(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<Plugin> {
    return this.#act(id, "install", bytes);
  }

  update(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<Plugin> {
    return this.#act(id, "update", bytes);
  }

  rollback(id: string): Promise<Plugin> {
    return this.#act(id, "rollback");
  }

  async remove(id: string, data: "keep" | "delete"): Promise<void> {
    await this.#ask({ method: "DELETE", path: ["plugins", id], query: { data } });
  }

  refresh(id: string): Promise<Plugin> {
    return this.#act(id, "refresh");
  }

  async rescan(): Promise<Plugin[]> {
    return [...(await this.#json(PluginList, { method: "POST", path: ["rescan"] })).plugins];
  }

  enable(id: string, decision: Decision = {}, sha256?: string): Promise<Plugin> {
    return this.#act(id, "enable", JSON.stringify(decision), { sha256 });
  }

  approve(id: string, decision: Decision = {}, sha256?: string): Promise<Plugin> {
    return this.#act(id, "approve", JSON.stringify(decision), { sha256 });
  }

  disable(id: string): Promise<Plugin> {
    return this.#act(id, "disable");
  }

  revoke(id: string): Promise<Plugin> {
    return this.#act(id, "revoke");
  }

  async config(id: string): Promise<Config> {
    return await this.#json(ConfigView, { path: ["plugins", id, "config"] });
  }

  async setConfig(id: string, changes: Readonly<Record<string, Json>>): Promise<Config> {
    const body = JSON.stringify(changes);
    return await this.#json(ConfigView, { method: "PATCH", path: ["plugins", id, "config"], body });
  }

  async call(
    id: string,
    name: string,
    input: Uint8Array,
    { timeoutMs, signal }: CallOptions = {},
  ): Promise<Uint8Array> {
    return await this.#ask({
      method: "POST",
      path: ["plugins", id, "call", name],
      query: { timeoutMs },
      body: new Uint8Array(input),
      signal,
    });
  }

  async *follow<Name extends keyof Streams>(
    stream: Name,
    { after, plugin, live = false, signal }: FollowOptions = {},
  ): AsyncGenerator<Streams[Name]> {
    const query = { after, plugin, live };
    try {
      const { body } = await this.#open({ path: [stream], query, signal });
      if (body === null) return;
      for await (const { name, data } of readEvents(body, signal)) {
        const value = parseJson(new TextEncoder().encode(data));
        if (name === "error") throw errorOf(value, 500);
        yield READERS[stream](value);
        if (signal?.aborted) return;
      }
    } catch (thrown) {
      if (signal?.aborted) return;
      if (thrown instanceof SoundproofError) throw thrown;
      throw unreachable(this.#base, thrown);
    }
  }

  /** Closes its connections. */
  [Symbol.dispose](): void {
    this.#client?.close();
  }

  #act(
    id: string,
    action: string,
    body?: Question["body"],
    query: Question["query"] = {},
  ): Promise<Plugin> {
    const question = { method: "POST" as const, path: ["plugins", id, action], query };
    return this.#json(PluginSummary, { ...question, ...(body !== undefined && { body }) });
  }

  async #json<Schema extends TSchema>(schema: Schema, question: Question): Promise<Shape<Schema>> {
    return checked(schema, parseJson(await this.#ask(question)), question.path.join("/"));
  }

  async #ask(question: Question): Promise<Uint8Array> {
    const response = await this.#open(question);
    try {
      return await response.bytes();
    } catch (thrown) {
      throw unreachable(this.#base, thrown);
    }
  }

  /** Asks, and gives an answer that is none of an error. */
  async #open({ method = "GET", path, query = {}, body, signal }: Question): Promise<Response> {
    const url = new URL(`/api/v1/${path.map(segment).join("/")}`, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = { authorization: `Bearer ${this.#token}` };
    let response: Response;
    try {
      response = await this.#fetch(
        new Request(url, {
          method,
          headers,
          redirect: "error",
          ...(body !== undefined && { body }),
          ...(signal !== undefined && { signal }),
        }),
      );
    } catch (thrown) {
      if (signal?.aborted) {
        throw new SoundproofError("call.cancelled", "Cannot go on asking: the caller gave up");
      }
      throw unreachable(this.#base, thrown);
    }
    if (response.ok) return response;
    throw errorOf(parseJson(await response.bytes()), response.status);
  }
}

/** A part of a path. Dots alone would be steps in it, however they are encoded: no plugin is called so. */
function segment(text: string): string {
  if (!/^\.{1,2}$/.test(text)) return encodeURIComponent(text);
  throw new SoundproofError("plugin.unknown", `Cannot find plugin "${text}": none has this id`);
}

function checked<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): Shape<Schema> {
  if (isOf(schema, value)) return value;
  throw new SoundproofError("api.answer_invalid", `Cannot read ${what} of the service`, {
    problems: problemsOf(schema, value),
  });
}

/** The error behind problem details. */
function errorOf(problem: unknown, status: number): SoundproofError {
  if (isOf(ProblemDetails, problem)) {
    return new SoundproofError(problem.code, problem.detail, { problems: problem.problems });
  }
  const state = `it answered ${status}, and no problem details`;
  return new SoundproofError("api.answer_invalid", `Cannot read the service's error: ${state}`);
}

function unreachable(base: string, thrown: unknown): SoundproofError {
  const state = errorText(thrown);
  return new SoundproofError("api.unreachable", `Cannot reach the service at ${base}: ${state}`, {
    cause: thrown,
  });
}
