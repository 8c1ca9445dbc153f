/**
 * The API room: what a music server or an administrator with `curl` reaches over HTTP.
 *
 * It promises that every answer but `/healthz` needs the token, that a web page of another origin gets nothing (also by
 * DNS rebinding), that bodies are bounded while they arrive, and that every error is an RFC 9457 problem with a code.
 * It never listens by itself and does not know how a plugin runs. Begin with {@link createApi}.
 *
 * @module
 */
export { type ApiHost, type ApiOptions, createApi, MAX_INPUT_BYTES } from "./app.ts";
export { ownNames } from "./guards.ts";
export { problemResponse } from "./problems.ts";
export { statusOf } from "./status.ts";
export { openToken, tokenVerifier } from "./token.ts";
