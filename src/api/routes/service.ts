import { Type } from "@sinclair/typebox";
import { docsPage, docsPolicy } from "../docs_page.ts";
import { openApiDocument } from "../openapi.ts";
import { readiness, READY } from "../readiness.ts";
import { defineRoute, jsonAnswer, type Route } from "../route.ts";

/** The routes about the service itself. @param all Every route, once there are all. */
export function serviceRoutes(all: () => readonly Route[]): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/healthz",
      id: "health",
      summary: "Whether the service answers",
      access: "anyone",
      params: {},
      answers: { 200: jsonAnswer("It does", Type.Object({ status: Type.Literal("ok") })) },
      handle: () => Response.json({ status: "ok" }),
    }),
    defineRoute({
      method: "get",
      path: "/readyz",
      id: "readiness",
      summary: "Whether requests are taken, and what does not work",
      description: "While plugins are being loaded it is answered with 503.",
      access: "anyone",
      params: {},
      answers: { 200: jsonAnswer("Requests are taken", READY) },
      handle: async ({ host }) => Response.json(readiness(await host.list())),
    }),
    defineRoute({
      method: "get",
      path: "/metrics",
      id: "metrics",
      summary: "Numbers of what the service does, for Prometheus",
      access: "read",
      params: {},
      answers: {
        200: { description: "Prometheus' text format", content: { "text/plain": Type.String() } },
      },
      handle: async ({ host: { telemetry } }) =>
        new Response(await telemetry.expose(), {
          headers: { "content-type": telemetry.contentType },
        }),
    }),
    defineRoute({
      method: "get",
      path: "/openapi.json",
      id: "openApi",
      summary: "This document, for programs",
      access: "anyone",
      params: {},
      answers: { 200: jsonAnswer("OpenAPI 3.1", Type.Object({ openapi: Type.String() })) },
      handle: () => Response.json(openApiDocument(all())),
    }),
    defineRoute({
      method: "get",
      path: "/docs",
      id: "docs",
      summary: "This document, for people",
      access: "anyone",
      params: {},
      answers: { 200: { description: "A page", content: { "text/html": Type.String() } } },
      handle: async () => {
        const page = docsPage(openApiDocument(all()));
        return new Response(page, {
          headers: {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": await docsPolicy(),
          },
        });
      },
    }),
  ];
}
