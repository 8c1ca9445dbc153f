import { Type } from "@sinclair/typebox";
import { configChanges } from "../config_changes.ts";
import { readDecision } from "../decision.ts";
import { queryOf } from "../query.ts";
import { bytesBody, defineRoute, jsonAnswer, jsonBody, type Route } from "../route.ts";
import {
  ConfigChanges,
  ConfigView,
  Decision,
  oneOf,
  PackageReview,
  PluginList,
  PluginSummary,
} from "../schemas.ts";

/** Longest package that is taken. */
export const MAX_PACKAGE_BYTES = 64 * 1024 * 1024;
/** Longest body of a decision, with its lists of users and libraries, and of settings. */
const MAX_JSON_BYTES = 1024 * 1024;

const ID = { id: "The plugin's id" } as const;
const PLUGIN = { 200: jsonAnswer("The plugin, as it is then", PluginSummary) } as const;
const UNKNOWN = [404] as const;
/** Statuses of what loads a package: it is unknown, it is at odds with another, it is not sound, its guest fails. */
const LOADS = [403, 404, 409, 422, 502, 503, 504] as const;
const decision = jsonBody(Decision, {
  what: "the decision",
  limitBytes: MAX_JSON_BYTES,
  empty: {},
  read: readDecision,
});
const decidedOn = queryOf(Type.Object({
  sha256: Type.Optional(Type.String({
    pattern: "^[0-9a-f]{64}$",
    description: "Of the package that was decided on: no other is granted anything",
  })),
}));
const archive = bytesBody("A package: the bytes of an `.ndp` file", MAX_PACKAGE_BYTES);

/** The routes about plugins: what there is, what was decided, and their packages. */
export const PLUGIN_ROUTES: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/v1/plugins",
    id: "listPlugins",
    summary: "Every plugin that was found",
    access: "read",
    params: {},
    answers: { 200: jsonAnswer("The plugins, in the order of their ids", PluginList) },
    handle: async ({ host }) => Response.json({ plugins: await host.list() }),
  }),
  defineRoute({
    method: "get",
    path: "/api/v1/plugins/{id}",
    id: "getPlugin",
    summary: "One plugin",
    access: "read",
    params: ID,
    answers: PLUGIN,
    errors: UNKNOWN,
    handle: async ({ host, params }) => Response.json(await host.info(params.id)),
  }),
  defineRoute({
    method: "delete",
    path: "/api/v1/plugins/{id}",
    id: "removePlugin",
    summary: "End a plugin and take it out of the plugins folder",
    access: "admin",
    params: ID,
    query: queryOf(Type.Object({ data: Type.Optional(oneOf("keep", "delete")) })),
    answers: { 204: { description: "It is gone; what it stored is kept unless `data=delete`" } },
    errors: LOADS,
    handle: async ({ host, params, query }) => {
      await host.remove(params.id, query.data ?? "keep");
      return new Response(null, { status: 204 });
    },
  }),
  defineRoute({
    method: "post",
    path: "/api/v1/plugins/{id}/install",
    id: "installPlugin",
    summary: "Put a package into the plugins folder; it is not enabled by that",
    access: "admin",
    params: ID,
    body: archive,
    answers: PLUGIN,
    errors: LOADS,
    handle: async ({ host, params, body }) => Response.json(await host.install(params.id, body)),
  }),
  defineRoute({
    method: "post",
    path: "/api/v1/plugins/{id}/update",
    id: "updatePlugin",
    summary: "Replace a package by another version",
    description:
      "What asks for nothing new goes on running; what asks for more waits for approval.",
    access: "admin",
    params: ID,
    body: archive,
    answers: PLUGIN,
    errors: LOADS,
    handle: async ({ host, params, body }) => Response.json(await host.update(params.id, body)),
  }),
  ...([
    ["rollback", "Put the version before the last update back"],
    ["refresh", "Read a package again and load it anew"],
    ["disable", "Unload a plugin and keep it from being loaded; its grant stays"],
    ["revoke", "Unload a plugin and take its grant away"],
  ] as const).map(([name, summary]) =>
    defineRoute({
      method: "post",
      path: `/api/v1/plugins/{id}/${name}`,
      id: `${name}Plugin`,
      summary,
      access: "admin",
      params: ID,
      answers: PLUGIN,
      errors: LOADS,
      handle: async ({ host, params }) => Response.json(await host[name](params.id)),
    })
  ),
  ...([
    ["enable", "Grant what a plugin asks for, as far as the decision goes, and load it"],
    ["approve", "Grant like `enable`, but leave a disabled plugin disabled"],
  ] as const).map(([name, summary]) =>
    defineRoute({
      method: "post",
      path: `/api/v1/plugins/{id}/${name}`,
      id: `${name}Plugin`,
      summary,
      description: "What the decision does not say stays as it was decided before.",
      access: "admin",
      params: ID,
      query: decidedOn,
      body: decision,
      answers: PLUGIN,
      errors: LOADS,
      handle: async ({ host, params, query, body }) =>
        Response.json(await host[name](params.id, body, query.sha256)),
    })
  ),
  defineRoute({
    method: "get",
    path: "/api/v1/plugins/{id}/review",
    id: "reviewPlugin",
    summary: "What an installed package asks for, beside what was approved",
    access: "admin",
    params: ID,
    answers: { 200: jsonAnswer("The permissions", PackageReview) },
    errors: LOADS,
    handle: async ({ host, params }) => Response.json(await host.review(params.id)),
  }),
  defineRoute({
    method: "post",
    path: "/api/v1/plugins/{id}/review",
    id: "reviewPackage",
    summary:
      "What a package asks for that would take the plugin's place, or be installed under its id",
    access: "admin",
    params: ID,
    body: archive,
    answers: { 200: jsonAnswer("The permissions", PackageReview) },
    errors: LOADS,
    handle: async ({ host, params, body }) => Response.json(await host.review(params.id, body)),
  }),
  defineRoute({
    method: "get",
    path: "/api/v1/plugins/{id}/config",
    id: "getConfig",
    summary: "A plugin's settings; in the place of a secret stands `***`",
    access: "admin",
    params: ID,
    answers: { 200: jsonAnswer("The settings that apply", ConfigView) },
    errors: LOADS,
    handle: async ({ host, params }) => Response.json(await host.config(params.id)),
  }),
  defineRoute({
    method: "patch",
    path: "/api/v1/plugins/{id}/config",
    id: "setConfig",
    summary: "Change settings, and load the plugin anew if it runs",
    access: "admin",
    params: ID,
    body: jsonBody(ConfigChanges, {
      what: "the settings",
      limitBytes: MAX_JSON_BYTES,
      read: configChanges,
    }),
    answers: { 200: jsonAnswer("The settings that apply then", ConfigView) },
    errors: LOADS,
    handle: async ({ host, params, body }) => Response.json(await host.setConfig(params.id, body)),
  }),
  defineRoute({
    method: "post",
    path: "/api/v1/rescan",
    id: "rescan",
    summary: "Look for packages that came, went or changed in the plugins folder",
    access: "admin",
    params: {},
    answers: { 200: jsonAnswer("The plugins, in the order of their ids", PluginList) },
    errors: LOADS,
    handle: async ({ host }) => Response.json({ plugins: await host.rescan() }),
  }),
];
