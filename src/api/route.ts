import { type TSchema, Type } from "@sinclair/typebox";
import type { TokenScope } from "../state/mod.ts";
import type { ApiHost, Playback } from "./api_host.ts";
import { readJson } from "./check.ts";
import { NO_QUERY, type QueryDefinition } from "./query.ts";
import type { Shape } from "./schemas.ts";

/** Who may ask: anyone, or tokens of this scope; `admin` tokens may ask for everything. */
export type Access = "anyone" | TokenScope;

/** The body that a route takes. */
export interface BodyDefinition<Body> {
  /** Its media type in the document; any is taken. */
  readonly type: "application/json" | "application/octet-stream";
  readonly schema: TSchema;
  readonly description: string;
  /** Whether it can be left out. */
  readonly optional: boolean;
  readonly limitBytes: number;
  /** @throws {SoundproofError} `api.body_invalid` */
  read(bytes: Uint8Array<ArrayBuffer>): Body;
}

/** What a route answers when all is well. */
export interface AnswerDefinition {
  readonly description: string;
  /** By media type; none for an answer without a body. */
  readonly content?: Readonly<Record<string, TSchema>>;
}

/** The names in a path such as `/plugins/{id}`. */
export type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** A request whose parts have been read and checked. */
export interface Asked<Names extends string, Query, Body> {
  readonly host: ApiHost;
  /** Absent beside no music server that pushes what plays. */
  readonly playback: Playback | undefined;
  readonly params: Readonly<Record<Names, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Headers;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** An answer of bytes. */
  readonly send: (bytes: Uint8Array, type: string) => Response;
  /** An answer of records as they come. */
  readonly events: <Item extends { readonly id: number }>(
    name: string,
    open: (signal: AbortSignal) => AsyncIterable<Item>,
  ) => Response;
}

/** One path and method: who may ask, what is taken, what is answered, and how. */
export interface RouteDefinition<Path extends string, Query, Body> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: Path;
  /** Its name in the document, as a function is named. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params: Readonly<Record<PathNames<Path>, string>>;
  readonly query?: QueryDefinition<Query>;
  /** Request headers that it looks at, by name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyDefinition<Body>;
  readonly answers: Readonly<Record<number, AnswerDefinition>>;
  /** Statuses of errors besides those that every such route has. */
  readonly errors?: readonly number[];
  /** Whether it answers for as long as the caller listens. */
  readonly streams?: boolean;
  readonly handle: (
    asked: Asked<PathNames<Path>, Query, Body>,
  ) => Response | Promise<Response>;
}

/** What is left of a request for its route to read. */
export interface RawRequest {
  readonly host: ApiHost;
  readonly playback: Playback | undefined;
  /** A parameter of the path, percent-decoded. */
  readonly param: (name: string) => string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly send: Asked<string, unknown, unknown>["send"];
  readonly events: Asked<string, unknown, unknown>["events"];
  /** The bytes of the body, at most so many. @throws {SoundproofError} `api.body_*` */
  readonly body: (limitBytes: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/** A route, ready to be served and to be described. */
export interface Route extends
  Readonly<
    Omit<RouteDefinition<string, unknown, unknown>, "handle" | "params" | "query" | "body">
  > {
  readonly params: Readonly<Record<string, string>>;
  readonly query?: Pick<QueryDefinition<unknown>, "schema">;
  readonly body?: Omit<BodyDefinition<unknown>, "read">;
  /** Reads and checks a request, and answers it. @throws {SoundproofError} */
  run(request: RawRequest): Promise<Response>;
}

/** Makes a route of its definition: what it says is what is checked, and what the document tells. */
export function defineRoute<
  const Path extends string,
  Query = Record<never, never>,
  Body = undefined,
>(definition: RouteDefinition<Path, Query, Body>): Route {
  const { handle: _, ...described } = definition;
  return { ...described, run: (request) => run(definition, request) };
}

/** A JSON body. */
export function jsonBody<Schema extends TSchema, Body = Shape<Schema>>(
  schema: Schema,
  { what, limitBytes, empty, read }: {
    /** What it is, for texts: `the decision`. */
    readonly what: string;
    readonly limitBytes: number;
    /** What an empty body stands for; it is refused unless given. */
    readonly empty?: Body;
    /** What is made of it. */
    readonly read: (value: Shape<Schema>) => Body;
  },
): BodyDefinition<Body> {
  return {
    type: "application/json",
    schema,
    description: `${what.charAt(0).toUpperCase()}${what.slice(1)}, at most ${limitBytes} bytes`,
    optional: empty !== undefined,
    limitBytes,
    read: (bytes) =>
      bytes.byteLength === 0 && empty !== undefined ? empty : read(readJson(schema, bytes, what)),
  };
}

/** A body that is taken as it is. */
export function bytesBody(
  description: string,
  limitBytes: number,
): BodyDefinition<Uint8Array<ArrayBuffer>> {
  return {
    type: "application/octet-stream",
    schema: Type.Unsafe({ type: "string", format: "binary" }),
    description,
    optional: true,
    limitBytes,
    read: (bytes) => bytes,
  };
}

/** An answer in JSON of one shape. */
export function jsonAnswer(description: string, schema: TSchema): AnswerDefinition {
  return { description, content: { "application/json": schema } };
}

async function run<Path extends string, Query, Body>(
  definition: RouteDefinition<Path, Query, Body>,
  { host, playback, headers, signal, send, events, param, query, body }: RawRequest,
): Promise<Response> {
  const names = Object.keys(definition.params);
  const params = Object.fromEntries(names.map((name) => [name, param(name)]));
  const asked = (definition.query ?? NO_QUERY).read(query);
  const taken = definition.body && definition.body.read(await body(definition.body.limitBytes));
  return await definition.handle({
    host,
    playback,
    headers,
    signal,
    send,
    events,
    // By their types every name of the path has a key, no query has no parameter, and no body is `undefined`.
    params: params as Record<PathNames<Path>, string>,
    query: asked as Query,
    body: taken as Body,
  });
}
