/**
 * Changes of a plugin through a whole host. Their packages lie beside the data folder, so that a process that carries
 * one out starts with nothing but a host.
 *
 * @module
 */

import { join } from "node:path";
import type { PluginHost } from "../../src/host/mod.ts";

/** What is done with a host that is open on a data folder. */
export type Act = (host: PluginHost, dataDir: string) => Promise<unknown>;

/** A change, and what comes before it. */
export interface Change {
  readonly prepare: Act;
  readonly carryOut: Act;
  /** What the plugin answers before it and after it, or the code with which that is refused. */
  readonly answers: readonly [before: string, after: string];
}

/** Where a package lies. */
export function packagePath(dataDir: string, name: string): string {
  return join(dataDir, "..", `${name}.ndp`);
}

/** Installs a package as the plugin. */
export const install = (name: string): Act => async (host, dataDir) =>
  await host.install("p", await Deno.readFile(packagePath(dataDir, name)));

/** Puts a package in the place of the plugin's. */
export const update = (name: string): Act => async (host, dataDir) =>
  await host.update("p", await Deno.readFile(packagePath(dataDir, name)));

/** The plugin runs; of the two hosts that it asks for, one was granted. */
const run: Act = async (host, dataDir) => {
  await install("1")(host, dataDir);
  await host.enable("p", { http: { hosts: ["a.example"] } });
  await host.setConfig("p", { key: "value" });
};

/** Every kind of change, by its name. */
export const CHANGES: Readonly<Record<string, Change>> = {
  install: {
    prepare: async (host, dataDir) =>
      await host.install("other", await Deno.readFile(packagePath(dataDir, "1"))),
    carryOut: install("1"),
    answers: ["plugin.unknown", "plugin.not_running"],
  },
  update: { prepare: run, carryOut: update("2"), answers: ["1", "2"] },
  "update to one that asks for more": {
    prepare: run,
    carryOut: update("2 that asks for more"),
    answers: ["1", "plugin.not_running"],
  },
  rollback: {
    async prepare(host, dataDir) {
      await run(host, dataDir);
      await update("2 that asks for more")(host, dataDir);
      await host.approve("p", { http: { hosts: ["b.example", "c.example"] } });
    },
    carryOut: (host) => host.rollback("p"),
    answers: ["2", "1"],
  },
  "rollback of one that waits": {
    async prepare(host, dataDir) {
      await run(host, dataDir);
      await update("2 that asks for more")(host, dataDir);
    },
    carryOut: (host) => host.rollback("p"),
    answers: ["plugin.not_running", "1"],
  },
  remove: {
    prepare: run,
    carryOut: (host) => host.remove("p", "keep"),
    answers: ["1", "plugin.unknown"],
  },
  "remove with its data": {
    prepare: run,
    carryOut: (host) => host.remove("p", "delete"),
    answers: ["1", "plugin.unknown"],
  },
};
