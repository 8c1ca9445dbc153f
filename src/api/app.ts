import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { SoundproofError } from "../errors.ts";
import { type Clock, systemClock } from "../services/mod.ts";
import { admit, type TokenFinder } from "./access.ts";
import type { ApiHost, Playback } from "./api_host.ts";
import { readBody } from "./body.ts";
import { eventResponse } from "./events.ts";
import { Failures } from "./failures.ts";
import { checkOrigin, type OwnNames } from "./guards.ts";
import { Load, type LoadLimits, type Visit } from "./load.ts";
import { problemResponse } from "./problems.ts";
import type { Access, RawRequest, Route } from "./route.ts";
import { ROUTES } from "./routes/mod.ts";
import { bytesResponse } from "./send.ts";

/** Options of {@link createApi}. */
export interface ApiOptions {
  /** Knows the tokens that hold. */
  readonly tokens: TokenFinder;
  /** What the service is called; see {@link ownNames}. */
  readonly names: OwnNames;
  /** For tests: another clock than the machine's. */
  readonly clock?: Clock;
  /** What takes the steps of players; none beside no music server that pushes them. */
  readonly playback?: Playback;
  /** Ceilings other than the defaults. */
  readonly load?: LoadLimits;
  /** Aborted when the service is about to stop: streams of events end, so that their connections do. */
  readonly stopping?: AbortSignal;
  /** Told of faults that the caller is not told of. */
  readonly onFault?: (error: unknown) => void;
}

/** What a server tells of a connection: the second argument of `app.fetch`, which `Deno.serve` hands over. */
export interface Connection {
  readonly remoteAddr?: Deno.Addr;
  /** Settles when the answer has been sent, or cannot be. */
  readonly completed?: Promise<void>;
}

type Env = { Bindings: Connection };

/**
 * The HTTP API over a host; it does not listen.
 *
 * @example
 * ```ts ignore
 * const app = createApi(host, { tokens, names: ownNames("127.0.0.1", 4747) });
 * Deno.serve({ hostname: "127.0.0.1", port: 4747 }, app.fetch);
 * ```
 */
export function createApi(host: ApiHost, options: ApiOptions): Hono<Env> {
  const { tokens, names, clock = systemClock, onFault = () => {} } = options;
  const { stopping = new AbortController().signal } = options;
  const load = new Load(options.load);
  const failures = new Failures(clock);
  const app = new Hono<Env>();

  const enter = (context: Context<Env>, access: Access | undefined, streams = false) => {
    const { raw } = context.req;
    const address = addressOf(context.env ?? {});
    if (access === "anyone") return { holds: () => true, visit: load.enter("requests", "") };
    const { name, holds } = admit(raw, access, { tokens, failures, address });
    return { holds, visit: load.enter(streams ? "streams" : "requests", name) };
  };
  const answer = async (context: Context<Env>, route: Route): Promise<Response> => {
    const { raw } = context.req;
    const { holds, visit } = enter(context, route.access, route.streams);
    let last = false;
    try {
      const events: RawRequest["events"] = (name, open) => {
        last = true;
        const { end } = visit;
        return eventResponse({ name, open, clock, mayGoOn: holds, stopping, onFault, onEnd: end });
      };
      const response = await route.run({
        host,
        playback: options.playback,
        headers: raw.headers,
        signal: raw.signal,
        query: new URL(raw.url).searchParams,
        param: (name) => context.req.param(name) ?? "",
        body: (limitBytes) => readBody(raw, { limitBytes, clock, visit }),
        send: (bytes, type) => {
          visit.hold(bytes.byteLength);
          return bytesResponse(bytes, type, clock);
        },
        events,
      });
      if (raw.method === "HEAD") await response.body?.cancel();
      return response;
    } finally {
      if (!last) endWith(visit, context.env?.completed);
    }
  };

  app.use(secureHeaders({ strictTransportSecurity: false }));
  app.use(async (context, next) => {
    await next();
    context.header("Cache-Control", "no-store");
  });
  app.use(async (context, next) => {
    checkOrigin(context.req.raw, names);
    await next();
  });
  for (const route of ROUTES) {
    app.on(route.method, honoPath(route.path), (context) => answer(context, route));
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const allow = ROUTES.filter((route) => route.path === path).map(methods).join(", ");
    app.all(honoPath(path), (context) => {
      enter(context, undefined).visit.end();
      const state = `Cannot ${context.req.method} "${context.req.path}": want ${allow}`;
      return problemResponse(new SoundproofError("api.method_not_allowed", state), { allow });
    });
  }
  app.notFound((context) => {
    enter(context, undefined).visit.end();
    const { method, path } = context.req;
    return problemResponse(
      new SoundproofError("api.not_found", `Cannot ${method} "${path}": no such path`),
    );
  });
  app.onError((error) => {
    if (!(error instanceof SoundproofError)) onFault(error);
    return problemResponse(error);
  });
  return app;
}

function honoPath(path: string): string {
  return path.replaceAll("{", ":").replaceAll("}", "");
}

function methods({ method }: Route): string {
  return method === "get" ? "GET, HEAD" : method.toUpperCase();
}

function addressOf({ remoteAddr: address }: Connection): string {
  return address !== undefined && "hostname" in address ? address.hostname : "local";
}

/** An answer that is being sent is under way until it has been. */
function endWith({ end }: Visit, completed: Promise<void> | undefined): void {
  if (completed === undefined) end();
  else void completed.then(end, end);
}
