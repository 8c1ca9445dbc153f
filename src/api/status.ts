/**
 * Which HTTP status an error is answered with: by its code, or else by the room that speaks.
 *
 * A fault of the plugin is the upstream's fault (502, 504), a full queue is 503, what the caller sent is 4xx.
 */
const STATUS: Readonly<Record<string, number>> = {
  "api.body_incomplete": 400,
  "api.body_invalid": 400,
  "api.body_timeout": 408,
  "api.body_too_large": 413,
  "api.busy": 503,
  "api.host_refused": 421,
  "api.internal": 500,
  "api.method_not_allowed": 405,
  "api.not_found": 404,
  "api.origin_refused": 403,
  "api.query_invalid": 400,
  "api.scope_missing": 403,
  "api.too_many_failures": 429,
  "api.unauthorized": 401,
  "config.fixed": 409,
  "guest.deadline": 504,
  "guest.export_unknown": 404,
  "guest.not_implemented": 501,
  "package.not_written": 500,
  "plugin.left_alone": 503,
  "plugin.unknown": 404,
  "state.locked": 409,
  "scrobbles.invalid": 400,
  "scrobbles.unknown": 404,
  "sidecar.server_missing": 409,
  "sidecar.track_unknown": 404,
  "token.unknown": 404,

  api: 500,
  call: 409,
  capability: 502,
  cell: 502,
  cli: 500,
  config: 422,
  configuration: 500,
  egress: 502,
  grant: 403,
  guest: 502,
  host: 500,
  manifest: 422,
  module: 422,
  package: 422,
  plugin: 409,
  pool: 503,
  scrobbles: 503,
  services: 502,
  sidecar: 502,
  state: 500,
  token: 409,
};

/** The status for a code such as `guest.deadline`; undefined for a room that the table does not know. */
export function statusOf(code: string): number | undefined {
  if (Object.hasOwn(STATUS, code)) return STATUS[code];
  const room = code.slice(0, code.indexOf("."));
  return Object.hasOwn(STATUS, room) ? STATUS[room] : undefined;
}
