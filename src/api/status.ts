/**
 * Which HTTP status an error is answered with: by its code, or else by the room that speaks.
 *
 * A fault of the plugin is the upstream's fault (502, 504), a full queue is 503, what the caller sent is 4xx.
 */
const STATUS: Readonly<Record<string, number>> = {
  "api.body_invalid": 400,
  "api.body_too_large": 413,
  "api.host_refused": 421,
  "api.internal": 500,
  "api.method_not_allowed": 405,
  "api.not_found": 404,
  "api.origin_refused": 403,
  "api.query_invalid": 400,
  "api.unauthorized": 401,
  "guest.deadline": 504,
  "guest.export_unknown": 404,
  "guest.not_implemented": 501,
  "plugin.unknown": 404,

  api: 500,
  call: 409,
  capability: 502,
  cell: 502,
  cli: 500,
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
  services: 502,
  state: 500,
};

/** The status for a code such as `guest.deadline`; undefined for a room that the table does not know. */
export function statusOf(code: string): number | undefined {
  if (Object.hasOwn(STATUS, code)) return STATUS[code];
  const room = code.slice(0, code.indexOf("."));
  return Object.hasOwn(STATUS, room) ? STATUS[room] : undefined;
}
