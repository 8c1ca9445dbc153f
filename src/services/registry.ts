/**
 * Which class answers for which service.
 *
 * @module
 */

import { Cache } from "./cache.ts";
import { Config } from "./config.ts";
import { Kvstore } from "./kvstore.ts";
import type { ServiceContext } from "./ports.ts";
import { Scheduler } from "./scheduler.ts";
import { Storage } from "./storage.ts";
import { Tasks } from "./task.ts";
import type { ServiceMethods, ServiceName } from "./table.ts";

/** What a service may have besides its functions. */
export interface Closable {
  /** Lets go of everything the service holds. Called once; no function is called after it began. */
  close?(): void | Promise<void>;
}

type Constructors = {
  readonly [S in ServiceName]: (context: ServiceContext) => ServiceMethods<S> & Closable;
};

/** How each service is made. The compiler refuses a service that lacks a function of the table. */
export const CONSTRUCTORS: Partial<Constructors> = {
  config: ({ config }) => new Config(config),
  cache: ({ clock, limits }) => new Cache(clock, limits),
  kvstore: ({ clock, limits, dataFolder, permissions }) =>
    new Kvstore({ clock, limits, folder: dataFolder, maxSize: permissions.kvstore?.maxSize }),
  scheduler: (context) => new Scheduler(context),
  storage: () => new Storage(),
  task: (context) =>
    new Tasks({ ...context, maxConcurrency: context.permissions.taskqueue?.maxConcurrency ?? 1 }),
};
