import type { MiddlewareHandler } from "hono";
import { SoundproofError } from "../errors.ts";
import { tokenVerifier } from "./token.ts";

/** The `Host` values of a service that listens on loopback at this port. */
export function ownNames(hostname: string, port: number): readonly string[] {
  const literal = hostname.includes(":") ? `[${hostname}]` : hostname;
  const hosts = [...new Set([literal, "localhost", "127.0.0.1", "[::1]"])];
  return hosts.flatMap((host) => port === 80 ? [host, `${host}:80`] : [`${host}:${port}`]);
}

/**
 * Refuses requests whose `Host` is not ours, and requests that a browser marks as coming from a page elsewhere.
 *
 * A page can have any name resolve to loopback (DNS rebinding), but it cannot choose the `Host` its browser sends.
 */
export function sameOrigin(names: readonly string[]): MiddlewareHandler {
  const hosts = new Set(names);
  const origins = new Set(names.map((name) => `http://${name}`));
  return async (context, next) => {
    const { req } = context;
    const host = (req.header("host") ?? new URL(req.url).host).toLowerCase();
    if (!hosts.has(host)) {
      throw new SoundproofError(
        "api.host_refused",
        `Cannot answer for host "${host}": this service is ${names.join(", ")}`,
      );
    }
    const origin = req.header("origin");
    const site = req.header("sec-fetch-site") ?? "none";
    const foreign = origin !== undefined && !origins.has(origin);
    if (foreign || (site !== "none" && site !== "same-origin")) {
      throw new SoundproofError(
        "api.origin_refused",
        `Cannot answer a page of ${origin ?? `a ${site} origin`}: only this service's own may ask`,
      );
    }
    await next();
  };
}

/** Lets only requests with the bearer token through (RFC 6750). */
export function bearerToken(token: string): MiddlewareHandler {
  const isValid = tokenVerifier(token);
  return async (context, next) => {
    if (!isValid(context.req.header("authorization"))) {
      throw new SoundproofError(
        "api.unauthorized",
        "Cannot answer without the token: want the header Authorization: Bearer TOKEN",
      );
    }
    await next();
  };
}
