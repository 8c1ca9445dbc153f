/**
 * The API room: what a music server or an administrator with `curl` reaches over HTTP.
 *
 * It promises that every answer but `/healthz`, `/readyz` and the documents needs a token that is good for it, that a web page of
 * another origin gets nothing (also by DNS rebinding), that what callers can make it hold is bounded, and that every error is
 * an RFC 9457 problem with a code. Each path is defined once, in `routes/`: that definition checks requests and stands in
 * `/openapi.json`. It does not know how a plugin runs. Begin with {@link createApi}; {@link RemoteHost} is its other end.
 *
 * @module
 */
export type { TokenFinder } from "./access.ts";
export type { ApiHost } from "./api_host.ts";
export { type ApiOptions, type Connection, createApi } from "./app.ts";
export { type OwnNames, ownNames } from "./guards.ts";
export { DEFAULT_LOAD_LIMITS, type LoadLimits } from "./load.ts";
export { problemResponse } from "./problems.ts";
export { notReadyYet } from "./readiness.ts";
export { RemoteHost, type RemoteHostOptions } from "./remote_host.ts";
export { MAX_INPUT_BYTES } from "./routes/calls.ts";
export { MAX_PACKAGE_BYTES } from "./routes/plugins.ts";
export { statusOf } from "./status.ts";
export { openToken } from "./token.ts";
