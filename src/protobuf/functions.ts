/**
 * The host functions of Navidrome 0.57 to 0.59: what exists in `env`, and what brings it
 * (`protobuf-abi.md`, section 3). A list and nothing more: what answers is in `env_functions.ts`.
 *
 * @module
 */

import { ENV_MODULE } from "../cell/mod.ts";
import type { PermissionKey } from "../manifest/mod.ts";
import type { HostFunctionDescription, ShapeDescription } from "../services/mod.ts";

const URL_REQUEST = "url string, headers map, timeout_ms int32, body bytes";
const HTTP = [URL_REQUEST, "status int32, body bytes, headers map, error string"] as const;
const ARTWORK = ["id string, size int32", "url string"] as const;
const SCHEDULE = "schedule_id string";
const error = "error string";

type Row = readonly [request: string, response: string];

/** Request and response of each function, by the permission that brings all of its. */
const TABLE = {
  http: {
    get: HTTP,
    post: HTTP,
    put: HTTP,
    delete: HTTP,
    patch: HTTP,
    head: HTTP,
    options: HTTP,
  },
  config: { get_plugin_config: ["", "config map"] },
  artwork: { get_artist_url: ARTWORK, get_album_url: ARTWORK, get_track_url: ARTWORK },
  cache: {
    set_string: ["key string, value string, ttl_seconds int64", "success bool"],
    get_string: ["key string", "exists bool, value string"],
    set_int: ["key string, value int64, ttl_seconds int64", "success bool"],
    get_int: ["key string", "exists bool, value int64"],
    set_float: ["key string, value double, ttl_seconds int64", "success bool"],
    get_float: ["key string", "exists bool, value double"],
    set_bytes: ["key string, value bytes, ttl_seconds int64", "success bool"],
    get_bytes: ["key string", "exists bool, value bytes"],
    remove: ["key string", "success bool"],
    has: ["key string", "exists bool"],
  },
  scheduler: {
    schedule_one_time: [`delay_seconds int32, payload bytes, ${SCHEDULE}`, SCHEDULE],
    schedule_recurring: [`cron_expression string, payload bytes, ${SCHEDULE}`, SCHEDULE],
    cancel_schedule: [SCHEDULE, `success bool, ${error}`],
    time_now: ["", "rfc3339_nano string, unix_milli int64, local_time_zone string"],
  },
  websocket: {
    connect: ["url string, headers map, connection_id string", `connection_id string, ${error}`],
    send_text: ["connection_id string, message string", error],
    send_binary: ["connection_id string, data bytes", error],
    close: ["connection_id string, code int32, reason string", error],
  },
  subsonicapi: { call: ["url string", `json string, ${error}`] },
} as const satisfies { readonly [P in PermissionKey]?: Readonly<Record<string, Row>> };

type Table = typeof TABLE;
/** A permission that brings host functions of this generation. */
export type EnvPermission = keyof Table;
/** A function that a permission brings. */
export type EnvFunction<P extends EnvPermission = EnvPermission> = {
  [K in P]: keyof Table[K] & string;
}[P];

const ROWS = (Object.entries(TABLE) as [EnvPermission, Readonly<Record<string, Row>>][])
  .flatMap(([permission, functions]) =>
    Object.entries(functions).map(([name, row]) => ({ name, permission, row }))
  );

/** Every function of `env` and the permission that brings it. */
export const ENV_PERMISSIONS: ReadonlyMap<string, EnvPermission> = new Map(
  ROWS.map(({ name, permission }) => [name, permission]),
);

/** All of them in plain JSON, for `plugin functions`. Fields are named as on the wire. */
export function describeEnvFunctions(): HostFunctionDescription[] {
  return ROWS.map(({ name, permission, row: [request, response] }) => ({
    module: ENV_MODULE,
    name,
    permission,
    request: shape(request),
    response: shape(response),
  }));
}

function shape(fields: string): ShapeDescription {
  const pairs = fields.split(", ").filter((field) => field !== "").map((field) => field.split(" "));
  return Object.fromEntries(pairs.map(([name = "", type = ""]) => [name, type]));
}
