import { Type } from "@sinclair/typebox";
import type { PluginSummary } from "../host/mod.ts";
import type { Shape } from "./schemas.ts";

/** The shape of an answer to `/readyz`. */
export const READY = Type.Object({
  ready: Type.Boolean({ description: "Whether requests are taken" }),
  notReady: Type.Array(Type.String(), { description: "What does not work, in words" }),
});

const STATES = [
  ["failed", "cannot be loaded"],
  ["waiting", "asks for more than was approved"],
] as const;

/** What is not ready, without the names of plugins: no token is needed to ask. */
export function readiness(plugins: readonly PluginSummary[]): Shape<typeof READY> {
  const notReady = STATES.flatMap(([state, why]) => {
    const count = plugins.filter((plugin) => plugin.state === state).length;
    return count === 0 ? [] : [`${count} of ${plugins.length} plugins: ${why}`];
  });
  return { ready: true, notReady };
}

/** The answer to everything while plugins are being loaded. */
export function notReadyYet(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/healthz") return Response.json({ status: "ok" });
  const body: Shape<typeof READY> = { ready: false, notReady: ["plugins are being loaded"] };
  return Response.json(body, { status: 503, headers: { "retry-after": "1" } });
}
