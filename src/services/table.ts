/**
 * The one list of the host functions that exist: name, permission, shapes, and the method that answers.
 *
 * Admission, dispatch, documents and `plugin functions` all read it. A service cannot be forgotten: the
 * compiler wants every method of {@link ServiceMethods}, and `HostServices.open` looks for it again.
 *
 * Source: `extism-abi.md` section 2; `preferences_*` are Soundproof's own.
 *
 * @module
 */

import type { PermissionKey } from "../manifest/mod.ts";
import { library, scrobble, scrobbleOptions, songRef, track, user } from "./music_shapes.ts";
import {
  always,
  bool,
  bytes,
  type Decoded,
  describe,
  type Encodable,
  float64,
  int32,
  int64,
  list,
  map,
  nullable,
  object,
  type Shape,
  type ShapeDescription,
  string,
} from "./shape.ts";

/** The module that guests import host functions from. */
export const HOST_MODULE: string = "extism:host/user";

/** One service: the permission that brings it, and its functions by import name. */
interface Service {
  /** What error texts call it. */
  readonly title: string;
  /** The permission key; `"always"` for what every plugin has. */
  readonly permission: PermissionKey | "always";
  readonly functions: { readonly [name: string]: FunctionShape<string, Shape, Shape> };
}

interface FunctionShape<M extends string, Req extends Shape, Res extends Shape> {
  /** The method of the service's class that answers. */
  readonly method: M;
  readonly request: Req;
  readonly response: Res;
}

function fn<const M extends string, Req extends Shape, Res extends Shape>(
  method: M,
  request: Req,
  response: Res,
): FunctionShape<M, Req, Res> {
  return { method, request, response };
}

const strings = list(string);
const nothing = {};
const key = { key: string };
const ttl = { ttlSeconds: int64 };
const image = { id: string, size: int32 };
const found = { exists: bool };
const username = { username: string };

/** Every service and every host function, in the order in which services are made. */
export const SERVICES = {
  config: {
    title: "Config",
    permission: "always",
    functions: {
      config_get: fn("get", key, { value: string, ...found }),
      config_getint: fn("getInt", key, { value: int64, ...found }),
      config_keys: fn("keys", { prefix: string }, { keys: strings }),
    },
  },
  subsonicapi: {
    title: "SubsonicAPI",
    permission: "subsonicapi",
    functions: {
      subsonicapi_call: fn("call", { uri: string }, { responseJson: string }),
      subsonicapi_callraw: fn("callRaw", { uri: string }, { contentType: string, data: bytes }),
    },
  },
  scheduler: {
    title: "Scheduler",
    permission: "scheduler",
    functions: {
      scheduler_scheduleonetime: fn(
        "scheduleOneTime",
        { delaySeconds: int32, payload: string, scheduleId: string },
        { newScheduleId: string },
      ),
      scheduler_schedulerecurring: fn(
        "scheduleRecurring",
        { cronExpression: string, payload: string, scheduleId: string },
        { newScheduleId: string },
      ),
      scheduler_cancelschedule: fn("cancelSchedule", { scheduleId: string }, nothing),
    },
  },
  websocket: {
    title: "WebSocket",
    permission: "websocket",
    functions: {
      websocket_connect: fn(
        "connect",
        { url: string, headers: map(string), connectionId: string },
        { newConnectionId: string },
      ),
      websocket_sendtext: fn("sendText", { connectionId: string, message: string }, nothing),
      websocket_sendbinary: fn("sendBinary", { connectionId: string, data: bytes }, nothing),
      websocket_closeconnection: fn(
        "closeConnection",
        { connectionId: string, code: int32, reason: string },
        nothing,
      ),
    },
  },
  artwork: {
    title: "Artwork",
    permission: "artwork",
    functions: {
      artwork_getartisturl: fn("getArtistUrl", image, { url: string }),
      artwork_getalbumurl: fn("getAlbumUrl", image, { url: string }),
      artwork_gettrackurl: fn("getTrackUrl", image, { url: string }),
      artwork_getplaylisturl: fn("getPlaylistUrl", image, { url: string }),
    },
  },
  cache: {
    title: "Cache",
    permission: "cache",
    functions: {
      cache_setstring: fn("setString", { ...key, value: string, ...ttl }, nothing),
      cache_getstring: fn("getString", key, { value: string, ...found }),
      cache_setint: fn("setInt", { ...key, value: int64, ...ttl }, nothing),
      cache_getint: fn("getInt", key, { value: int64, ...found }),
      cache_setfloat: fn("setFloat", { ...key, value: float64, ...ttl }, nothing),
      cache_getfloat: fn("getFloat", key, { value: float64, ...found }),
      cache_setbytes: fn("setBytes", { ...key, value: bytes, ...ttl }, nothing),
      cache_getbytes: fn("getBytes", key, { value: bytes, ...found }),
      cache_has: fn("has", key, found),
      cache_remove: fn("remove", key, nothing),
    },
  },
  library: {
    title: "Library",
    permission: "library",
    functions: {
      library_getlibrary: fn("getLibrary", { id: int32 }, { result: library }),
      library_getalllibraries: fn("getAllLibraries", nothing, { result: list(library) }),
    },
  },
  kvstore: {
    title: "KVStore",
    permission: "kvstore",
    functions: {
      kvstore_set: fn("set", { ...key, value: nullable(bytes) }, nothing),
      kvstore_setwithttl: fn("setWithTtl", { ...key, value: nullable(bytes), ...ttl }, nothing),
      kvstore_get: fn("get", key, { value: bytes, ...found }),
      kvstore_getmany: fn("getMany", { keys: strings }, { values: map(bytes) }),
      kvstore_has: fn("has", key, found),
      kvstore_list: fn("list", { prefix: string }, { keys: strings }),
      kvstore_delete: fn("delete", key, nothing),
      kvstore_deletebyprefix: fn("deleteByPrefix", { prefix: string }, { deletedCount: int64 }),
      kvstore_getstorageused: fn("getStorageUsed", nothing, { bytes: int64 }),
    },
  },
  users: {
    title: "Users",
    permission: "users",
    functions: {
      users_getusers: fn("getUsers", nothing, { result: list(user) }),
      users_getadmins: fn("getAdmins", nothing, { result: list(user) }),
    },
  },
  matcher: {
    title: "Matcher",
    permission: "matcher",
    functions: {
      matcher_matchsongs: fn(
        "matchSongs",
        { songs: list(songRef), opts: object(username) },
        { results: list(nullable(track)) },
      ),
    },
  },
  http: {
    title: "HTTP",
    permission: "http",
    functions: {
      http_send: fn(
        "send",
        {
          request: object({
            method: string,
            url: string,
            headers: map(string),
            noFollowRedirects: bool,
            body: bytes,
            timeoutMs: int32,
          }),
        },
        { result: object({ statusCode: always(int32), headers: map(string), body: bytes }) },
      ),
    },
  },
  task: {
    title: "Task",
    permission: "taskqueue",
    functions: {
      task_createqueue: fn(
        "createQueue",
        {
          name: string,
          config: object({
            concurrency: int32,
            maxRetries: int32,
            backoffMs: int64,
            delayMs: int64,
            retentionMs: int64,
          }),
        },
        nothing,
      ),
      task_enqueue: fn("enqueue", { queueName: string, payload: nullable(bytes) }, {
        result: string,
      }),
      task_get: fn("get", { taskId: string }, {
        result: object({
          status: always(string),
          message: always(string),
          attempt: always(int32),
        }),
      }),
      task_cancel: fn("cancel", { taskId: string }, nothing),
      task_clearqueue: fn("clearQueue", { queueName: string }, { result: int64 }),
    },
  },
  storage: {
    title: "Storage",
    permission: "storage",
    functions: { storage_getstoragepath: fn("getStoragePath", nothing, { result: string }) },
  },
  scrobbleretriever: {
    title: "ScrobbleRetriever",
    permission: "scrobbleRetriever",
    functions: {
      scrobbleretriever_getfirsttimestamp: fn("getFirstTimestamp", username, {
        result: nullable(int64),
      }),
      scrobbleretriever_getlasttimestamp: fn("getLastTimestamp", username, {
        result: nullable(int64),
      }),
      scrobbleretriever_getscrobbles: fn(
        "getScrobbles",
        { ...username, options: scrobbleOptions },
        { scrobbles: list(scrobble), next: scrobbleOptions },
      ),
      scrobbleretriever_getscrobblecount: fn(
        "getScrobbleCount",
        {
          ...username,
          options: object({ fromTimestamp: nullable(int64), toTimestamp: nullable(int64) }),
        },
        { result: int64 },
      ),
    },
  },
  preferences: {
    title: "Preferences",
    permission: "preferences",
    functions: {
      preferences_get: fn("get", { ...username, ...key }, { value: string, ...found }),
      preferences_set: fn("set", { ...username, ...key, value: nullable(string) }, nothing),
    },
  },
} as const satisfies { readonly [service: string]: Service };

/** A service of {@link SERVICES}. */
export type ServiceName = keyof typeof SERVICES;

type Functions<S extends ServiceName> = (typeof SERVICES)[S]["functions"];
type Answers<F> = F extends FunctionShape<string, infer Req, infer Res>
  ? (request: Decoded<Req>, signal: AbortSignal) => Encodable<Res> | Promise<Encodable<Res>>
  : never;

/** The methods that the class of a service must have, with the types of its functions' shapes. */
export type ServiceMethods<S extends ServiceName> = {
  [
    F in keyof Functions<S> as Functions<S>[F] extends FunctionShape<infer M, Shape, Shape> ? M
      : never
  ]: Answers<Functions<S>[F]>;
};

/** One host function, as the table has it. */
export interface HostFunction {
  /** The module it is imported from. */
  readonly module: string;
  /** The import's name, such as `http_send`. */
  readonly name: string;
  /** The permission that brings it, or `"always"`. */
  readonly permission: PermissionKey | "always";
  /** The service that answers, by its name in the table. */
  readonly service: string;
  /** The method of the service's class. */
  readonly method: string;
  /** What it reads. */
  readonly request: Shape;
  /** What it answers when it succeeds. */
  readonly response: Shape;
}

function* functionsOf(service: ServiceName): Generator<HostFunction> {
  const { permission, functions }: Service = SERVICES[service];
  for (const [name, shape] of Object.entries(functions)) {
    yield { module: HOST_MODULE, name, permission, service, ...shape };
  }
}

/** The names of all services, in the order in which they are made. */
export const SERVICE_NAMES: readonly ServiceName[] = Object.keys(SERVICES).filter(isServiceName);

function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(SERVICES, name);
}

/** Every host function that exists, by import name. */
export const HOST_FUNCTIONS: ReadonlyMap<string, HostFunction> = new Map(
  SERVICE_NAMES.flatMap((service) => [...functionsOf(service)]).map((entry) => [entry.name, entry]),
);

/** The host function of this import name, if there is one. */
export function hostFunction(name: string): HostFunction | undefined {
  return HOST_FUNCTIONS.get(name);
}

/** The permission that brings a host function; `"always"` where none is needed, `undefined` where it does not exist. */
export function permissionOf(name: string): PermissionKey | "always" | undefined {
  return HOST_FUNCTIONS.get(name)?.permission;
}

/** A host function in plain JSON. */
export interface HostFunctionDescription {
  /** The module it is imported from. */
  readonly module: string;
  /** The import's name. */
  readonly name: string;
  /** The permission that brings it, or `always`. */
  readonly permission: string;
  /** Field names to types. */
  readonly request: ShapeDescription;
  /** Field names to types. */
  readonly response: ShapeDescription;
}

/** All host functions in plain JSON, for `plugin functions --json`. */
export function describeHostFunctions(): HostFunctionDescription[] {
  return [...HOST_FUNCTIONS.values()].map(({ module, name, permission, request, response }) => ({
    module,
    name,
    permission,
    request: describe(request),
    response: describe(response),
  }));
}
