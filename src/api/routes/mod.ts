/**
 * Every path of the API, one definition each: what is checked is what is described.
 *
 * @module
 */
import type { Route } from "../route.ts";
import { CALL_ROUTES } from "./calls.ts";
import { PLUGIN_ROUTES } from "./plugins.ts";
import { PLAY_ROUTES } from "./plays.ts";
import { QUESTION_ROUTES } from "./questions.ts";
import { serviceRoutes } from "./service.ts";
import { STREAM_ROUTES } from "./streams.ts";

/** All routes, in the order of the document. */
export const ROUTES: readonly Route[] = [
  ...serviceRoutes(() => ROUTES),
  ...PLUGIN_ROUTES,
  ...CALL_ROUTES,
  ...QUESTION_ROUTES,
  ...PLAY_ROUTES,
  ...STREAM_ROUTES,
];
