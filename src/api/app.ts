import { type Context, type Handler, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { SoundproofError } from "../errors.ts";
import type { PluginHost } from "../host/mod.ts";
import { readBody } from "./body.ts";
import { readDecision } from "./decision.ts";
import { bearerToken, sameOrigin } from "./guards.ts";
import { problemResponse } from "./problems.ts";

/** What the API needs of a host; {@link PluginHost} says what each does and throws. */
export interface ApiHost extends Pick<PluginHost, "list" | "info" | "enable" | "disable"> {
  plugin(id: string): Pick<ReturnType<PluginHost["plugin"]>, "call">;
}

/** Options of {@link createApi}. */
export interface ApiOptions {
  /** The bearer token that every request but `/healthz` needs. */
  readonly token: string;
  /** The `Host` values that are ours; see {@link ownNames}. */
  readonly names: readonly string[];
  /** Told of faults that the caller is not told of. */
  readonly onFault?: (error: unknown) => void;
}

/** Longest input of a call. */
export const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** Longest output looked at to see whether it is JSON, since parsing holds up other requests. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;
/** Longest body of a decision, with its lists of users and libraries. */
const MAX_DECISION_BYTES = 1024 * 1024;

/** Longest deadline a caller can ask for; the plugin's own limit may be shorter. */
const MAX_TIMEOUT_MS = 600_000;

/**
 * The HTTP API over a host; it does not listen.
 *
 * @example
 * ```ts ignore
 * const app = createApi(host, { token, names: ownNames("127.0.0.1", 4747) });
 * Deno.serve({ hostname: "127.0.0.1", port: 4747 }, app.fetch);
 * ```
 */
export function createApi(host: ApiHost, options: ApiOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders({ strictTransportSecurity: false }));
  app.use(async (context, next) => {
    await next();
    context.header("Cache-Control", "no-store");
  });
  app.use(sameOrigin(options.names));
  route(app, "GET", "/healthz", (context) => context.json({ status: "ok" }));
  app.use(bearerToken(options.token));

  route(app, "GET", "/api/v1/plugins", (context) => context.json({ plugins: host.list() }));
  route(
    app,
    "GET",
    "/api/v1/plugins/:id",
    (context) => context.json(host.info(param(context, "id"))),
  );
  route(
    app,
    "POST",
    "/api/v1/plugins/:id/enable",
    async (context) => {
      const decision = readDecision(await readBody(context.req.raw, MAX_DECISION_BYTES));
      const { local, assignment } = decision;
      return context.json(await host.enable(param(context, "id"), local, assignment));
    },
  );
  route(
    app,
    "POST",
    "/api/v1/plugins/:id/disable",
    async (context) => context.json(await host.disable(param(context, "id"))),
  );
  route(app, "POST", "/api/v1/plugins/:id/call/:export", async (context) => {
    const plugin = host.plugin(param(context, "id"));
    const timeoutMs = readTimeout(context.req.query("timeoutMs"));
    const input = await readBody(context.req.raw, MAX_INPUT_BYTES);
    const output = await plugin.call(param(context, "export"), input, {
      signal: context.req.raw.signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return outputResponse(output);
  });

  app.notFound((context) => {
    const { method, path } = context.req;
    return problemResponse(
      new SoundproofError("api.not_found", `Cannot ${method} "${path}": no such path`),
    );
  });
  app.onError((error) => {
    if (!(error instanceof SoundproofError)) options.onFault?.(error);
    const headers = error instanceof SoundproofError && error.code === "api.unauthorized"
      ? { "www-authenticate": 'Bearer realm="soundproof"' }
      : undefined;
    return problemResponse(error, headers);
  });
  return app;
}

/** Adds a route that answers every other method with 405 and what is allowed (RFC 9110, 15.5.6). */
function route(app: Hono, method: "GET" | "POST", path: string, handler: Handler): void {
  const allow = method === "GET" ? "GET, HEAD" : method;
  app.on(method, path, handler);
  app.all(path, (context) =>
    problemResponse(
      new SoundproofError(
        "api.method_not_allowed",
        `Cannot ${context.req.method} "${context.req.path}": want ${allow}`,
      ),
      { allow },
    ));
}

function param(context: Context, name: string): string {
  return context.req.param(name) ?? "";
}

function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= MAX_TIMEOUT_MS) return value;
  throw new SoundproofError(
    "api.query_invalid",
    `Cannot take timeoutMs "${text}": want a whole number from 1 to ${MAX_TIMEOUT_MS}`,
  );
}

/** What the guest put out, as it is: 204 for nothing, marked as JSON where it is JSON. */
function outputResponse(output: Uint8Array): Response {
  if (output.byteLength === 0) return new Response(null, { status: 204 });
  const type = isJson(output) ? "application/json" : "application/octet-stream";
  return new Response(new Uint8Array(output), { headers: { "content-type": type } });
}

function isJson(bytes: Uint8Array): boolean {
  return bytes.byteLength <= MAX_JSON_BYTES && parseJson(bytes) !== undefined;
}

/** JSON, or `undefined` where it is none. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
