import { Type } from "@sinclair/typebox";
import { SoundproofError } from "../../errors.ts";
import {
  FailedPlays,
  NowPlaying,
  Play,
  PlaybackReport,
  PushedPlayback,
  QueuedReports,
  Reports,
  ServedBy,
} from "../capability_schemas.ts";
import { queryOf } from "../query.ts";
import { defineRoute, jsonAnswer, jsonBody, type Route } from "../route.ts";
import { ASKS, MAX_QUESTION_BYTES, serverTrack } from "./questions.ts";

const PATH = "/api/v1/capabilities/scrobbler";
const ID = { id: "The play's id in the list of those that failed" } as const;
const limitBytes = MAX_QUESTION_BYTES;

/** What scrobblers are told, the plays they refused, and who answers a music server at all. */
export const PLAY_ROUTES: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/v1/capabilities",
    id: "listCapabilities",
    summary: "The plugins that would be asked or told now, in order",
    access: "read",
    params: {},
    answers: { 200: jsonAnswer("Ids of plugins, by capability", ServedBy) },
    handle: ({ host: { metadata, lyrics, similarity, scrobblers } }) =>
      Response.json({
        "metadata-agent": metadata.plugins,
        scrobbler: scrobblers.plugins,
        lyrics: lyrics.plugins,
        "sonic-similarity": similarity.plugins,
      }),
  }),
  defineRoute({
    method: "post",
    path: `${PATH}/now-playing`,
    id: "nowPlaying",
    summary: "Tell that a track plays now",
    access: "client",
    params: {},
    body: jsonBody(NowPlaying, {
      what: "what plays",
      limitBytes,
      read: ({ track, ...playing }) => ({ ...playing, track: serverTrack(track) }),
    }),
    answers: { 200: jsonAnswer("What telling each scrobbler came to", Reports) },
    errors: ASKS,
    handle: async ({ host, body }) => reported(await host.scrobblers.nowPlaying(body)),
  }),
  defineRoute({
    method: "post",
    path: `${PATH}/playback-report`,
    id: "playbackReport",
    summary: "Tell what a player does",
    access: "client",
    params: {},
    body: jsonBody(PlaybackReport, {
      what: "the report",
      limitBytes,
      read: ({ track, ...report }) => ({ ...report, track: serverTrack(track) }),
    }),
    answers: { 200: jsonAnswer("What telling each scrobbler came to", Reports) },
    errors: ASKS,
    handle: async ({ host, body }) => reported(await host.scrobblers.playbackReport(body)),
  }),
  defineRoute({
    method: "post",
    path: `${PATH}/scrobble`,
    id: "scrobble",
    summary: "Take a play that is over, and deliver it to each scrobbler at least once",
    access: "client",
    params: {},
    body: jsonBody(Play, {
      what: "the play",
      limitBytes,
      read: ({ track, ...play }) => ({ ...play, track: serverTrack(track) }),
    }),
    answers: {
      200: jsonAnswer("What became of it; what is `queued` is stored", QueuedReports),
    },
    errors: ASKS,
    handle: async ({ host, body }) => reported(await host.scrobblers.scrobble(body)),
  }),
  defineRoute({
    method: "post",
    path: `${PATH}/player`,
    id: "pushPlayback",
    summary: "Tell what a player does, and leave the rest to the service",
    description:
      "Of the music server that the service stands beside. The service asks it for the track, tells " +
      "scrobblers that it plays and what the player does, and that it was played once enough of it was heard. The " +
      "user is not watched for ten minutes after.",
    access: "client",
    params: {},
    body: jsonBody(PushedPlayback, {
      what: "what the player does",
      limitBytes,
      read: (body) => body,
    }),
    answers: { 204: { description: "It was told" } },
    errors: [...ASKS, 404, 409, 502],
    handle: async ({ playback, body }) => {
      if (playback === undefined) {
        throw new SoundproofError(
          "sidecar.server_missing",
          "Cannot take what plays: no music server that speaks the Subsonic API is configured",
        );
      }
      await playback.push(body);
      return new Response(null, { status: 204 });
    },
  }),
  defineRoute({
    method: "get",
    path: `${PATH}/failed`,
    id: "listFailedPlays",
    summary: "Plays that plugins refused for good, oldest first",
    access: "admin",
    params: {},
    query: queryOf(Type.Object({
      plugin: Type.Optional(Type.String({ minLength: 1, description: "Of this plugin alone" })),
      after: Type.Optional(
        Type.Integer({ minimum: 0, description: "Only those after the one with this id" }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    })),
    answers: { 200: jsonAnswer("The plays", FailedPlays) },
    handle: ({ host, query }) => Response.json({ plays: host.scrobblers.failed(query) }),
  }),
  defineRoute({
    method: "post",
    path: `${PATH}/failed/{id}/requeue`,
    id: "requeueFailedPlay",
    summary: "Send a play that failed once more",
    access: "admin",
    params: ID,
    answers: { 204: { description: "It waits" } },
    errors: [404],
    handle: ({ host, params }) => {
      host.scrobblers.requeue(playId(params.id));
      return new Response(null, { status: 204 });
    },
  }),
  defineRoute({
    method: "delete",
    path: `${PATH}/failed/{id}`,
    id: "discardFailedPlay",
    summary: "Forget a play that failed",
    access: "admin",
    params: ID,
    answers: { 204: { description: "It is forgotten" } },
    errors: [404],
    handle: ({ host, params }) => {
      host.scrobblers.discard(playId(params.id));
      return new Response(null, { status: 204 });
    },
  }),
];

/** What is no id of a play is the id of none. */
function playId(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

/** Reports as they go out: of an error its code and its sentence. */
function reported(
  reports: readonly ({ readonly kind: string } & { readonly error?: SoundproofError })[],
): Response {
  const plugins = reports.map(({ error, ...report }) => ({
    ...report,
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
  }));
  return Response.json({ plugins });
}
