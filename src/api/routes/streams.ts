import { Type } from "@sinclair/typebox";
import { SoundproofError } from "../../errors.ts";
import type { Streams } from "../../host/mod.ts";
import { queryOf, wholeNumber } from "../query.ts";
import { defineRoute, type Route } from "../route.ts";
import { STREAM_RECORDS } from "../schemas.ts";

const SUMMARIES: Readonly<Record<keyof Streams, string>> = {
  log: "Log lines, of plugins and of the host about them",
  audit: "Decisions, refusals and kills",
  event: "Changes of plugins",
};

const QUERY = queryOf(Type.Object({
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        "Only those after the one with this id; the header `Last-Event-ID` comes before it",
    }),
  ),
  plugin: Type.Optional(Type.String({ minLength: 1, description: "Only those about this plugin" })),
  live: Type.Optional(
    Type.Boolean({ description: "`false` ends it after the known ones, instead of going on" }),
  ),
}));

/** The streams of records, oldest first, as server-sent events. */
export const STREAM_ROUTES: readonly Route[] = (["log", "audit", "event"] as const).map((name) =>
  defineRoute({
    method: "get",
    path: `/api/v1/${name}`,
    id: `${name}Stream`,
    summary: SUMMARIES[name],
    description:
      "Each event has the stream's name, the record's id, and the record as its data. Comments come where nothing does.",
    access: "admin",
    params: {},
    headers: { "last-event-id": "The id of the last event that was seen" },
    query: QUERY,
    answers: {
      200: {
        description: "The records as server-sent events, each of this shape",
        content: {
          "text/event-stream": Type.Unsafe({ type: "string", "x-event": STREAM_RECORDS[name] }),
        },
      },
    },
    streams: true,
    handle: ({ host, headers, query, events }) => {
      const { plugin, live = true } = query;
      const after = lastEventId(headers.get("last-event-id")) ?? query.after;
      return events(name, (signal) =>
        host.follow(name, {
          live,
          signal,
          ...(after !== undefined && { after }),
          ...(plugin !== undefined && { plugin }),
        }));
    },
  })
);

function lastEventId(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const id = wholeNumber(text);
  if (id !== undefined) return id;
  throw new SoundproofError(
    "api.query_invalid",
    `Cannot take Last-Event-ID "${text.slice(0, 64)}": want the id of an event`,
  );
}
