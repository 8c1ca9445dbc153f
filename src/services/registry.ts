/**
 * Which class answers for which service.
 *
 * @module
 */

import { Artwork } from "./artwork.ts";
import { Cache } from "./cache.ts";
import { Config } from "./config.ts";
import { Http } from "./http.ts";
import { Kvstore } from "./kvstore.ts";
import { Libraries } from "./library.ts";
import { LibraryScope } from "./library_scope.ts";
import { Matcher } from "./matcher.ts";
import type { ServiceContext } from "./ports.ts";
import { Preferences } from "./preferences.ts";
import { Scheduler } from "./scheduler.ts";
import { ScrobbleRetriever } from "./scrobble_retriever.ts";
import { Storage } from "./storage.ts";
import { Subsonicapi } from "./subsonicapi.ts";
import type { ServiceMethods, ServiceName } from "./table.ts";
import { Tasks } from "./task.ts";
import { UserScope } from "./user_scope.ts";
import { Users } from "./users.ts";
import { WebSockets } from "./websocket.ts";

/** What a service may have besides its functions. */
export interface Closable {
  /** Stops acting by itself, and goes on answering: another instance of the plugin will act from now on. */
  rest?(): void | Promise<void>;
  /** Looks anew at what another instance of the plugin has left: it has ended only now. */
  takeOver?(): void;
  /** Lets go of everything the service holds. Called once; no function is called after it began. */
  close?(): void | Promise<void>;
}

/** How each service can be made: by a class with all functions of the table. */
export type Constructors = {
  readonly [S in ServiceName]: (context: ServiceContext) => ServiceMethods<S> & Closable;
};

/** How each service is made. The compiler refuses a service that lacks a function of the table. */
export const CONSTRUCTORS = {
  artwork: ({ musicServer }) => new Artwork(musicServer),
  cache: ({ clock, limits }) => new Cache(clock, limits),
  config: ({ config }) => new Config(config),
  http: (context) => new Http(context),
  kvstore: ({ clock, limits, dataFolder, permissions }) =>
    new Kvstore({ clock, limits, folder: dataFolder, maxSize: permissions.kvstore?.maxSize }),
  library: (context) => new Libraries(new LibraryScope(context), context.musicServer),
  matcher: (context) =>
    new Matcher({
      libraries: new LibraryScope(context),
      users: new UserScope(context),
      server: context.musicServer,
      maxSongs: context.limits.matchSongs,
    }),
  preferences: (context) => new Preferences(context),
  scheduler: (context) => new Scheduler(context),
  scrobbleretriever: (context) =>
    new ScrobbleRetriever(new UserScope(context), context.musicServer),
  storage: ({ dataFolder }) => new Storage(dataFolder),
  subsonicapi: (context) =>
    new Subsonicapi({
      pluginId: context.pluginId,
      permission: context.permissions.subsonicapi ?? { allowAdmins: false },
      users: new UserScope(context),
      server: context.musicServer,
    }),
  task: (context) =>
    new Tasks({ ...context, maxConcurrency: context.permissions.taskqueue?.maxConcurrency ?? 1 }),
  users: (context) => new Users(new UserScope(context)),
  websocket: (context) => new WebSockets(context),
} satisfies Constructors;

/** The services as they are made. */
export type Services = {
  readonly [S in ServiceName]: ReturnType<typeof CONSTRUCTORS[S]> & Closable;
};
