/**
 * All that is left of a plugin after a change: on disk, in the records, to those who ask; and the packages of changes.
 *
 * @module
 */

import { join } from "node:path";
import type { PluginHost } from "../../src/host/mod.ts";
import { fileHash } from "../../src/packages/file_facts.ts";
import { PluginRecords } from "../../src/state/mod.ts";
import { all, answerOf, versioned } from "./administered.ts";
import { packagePath } from "./host_kill_changes.ts";
import { PLAIN_MANIFEST } from "./plugins_folder.ts";

/** Puts the packages of all changes beside a data folder. */
export function writePackages(dataDir: string): void {
  const hosts = ["a.example", "b.example"];
  const packages = {
    "1": asking("1", hosts),
    "2": asking("2", hosts),
    "2 that asks for more": asking("2", [...hosts, "c.example"]),
    "3": asking("3", hosts),
  };
  for (const [name, bytes] of Object.entries(packages)) {
    Deno.writeFileSync(packagePath(dataDir, name), bytes);
  }
}

/** A package whose export answers the version. */
function asking(version: string, requiredHosts: string[]): Uint8Array<ArrayBuffer> {
  const properties = { key: { type: "string" } };
  const manifest = {
    ...PLAIN_MANIFEST,
    permissions: { http: { reason: "r", requiredHosts }, kvstore: { maxSize: "1MB" } },
    config: { schema: { type: "object", properties } },
  };
  return versioned(version, { manifest });
}

/** All that is left of the plugin. */
export type HostState = Awaited<ReturnType<typeof stateOf>>;

/** What lies there of the plugin, what was written down of it, what the host says of it, and what it answers. */
// deno-lint-ignore explicit-module-boundary-types
export async function stateOf(host: PluginHost, dataDir: string) {
  const summary = host.list().find(({ id }) => id === "p");
  const { state, sha256, manifest, decision, error } = summary ?? {};
  using records = new PluginRecords(join(dataDir, "soundproof.db"));
  const told = (await all(host.follow("audit", { plugin: "p" }))).at(-1);
  return {
    package: await packageOn(dataDir),
    previous: await fileHash(join(dataDir, "packages", "previous", "p.ndp")),
    shown: summary && { state, sha256, version: manifest?.version, decision, error },
    review: summary && await host.review("p"),
    record: records.get("p"),
    settings: Object.fromEntries(records.settings("p")),
    data: dataOf(dataDir),
    answer: await answerOf(host, "p").catch(({ code }) => String(code)),
    told: told && [told.code, told.subject, told.reason],
  };
}

/** SHA-256 of the plugin's package as it lies there, whether a host is open or not. */
export function packageOn(dataDir: string): Promise<string | undefined> {
  return fileHash(join(dataDir, "plugins", "p.ndp"));
}

/** The plugin's own files, but for those that a database has only while it is open. */
function dataOf(dataDir: string): string[] {
  try {
    const entries = [...Deno.readDirSync(join(dataDir, "plugin-data", "p"))];
    return entries.map(({ name }) => name).filter((name) => !/-(wal|shm)$/.test(name)).sort();
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
    return [];
  }
}
