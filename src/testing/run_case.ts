import { errorText } from "../errors.ts";
import { type Plugin, PluginHost } from "../host/mod.ts";
import { type Clock, memoryMusicServer } from "../services/mod.ts";
import { pluginDataFolder } from "../state/mod.ts";
import type { Case, CaseCall } from "./case.ts";
import { RecordedNetwork } from "./recorded_network.ts";
import { StoredTexts } from "./stored_texts.ts";
import { faultsOf, storeFaults } from "./verdict.ts";

/** Where a case finds its plugin, and where its host keeps what it must. */
export interface TestPlace {
  /** The plugin's id. */
  readonly id: string;
  /** The folder that has its package. */
  readonly pluginsDir: string;
  /** A folder for this case alone, empty or not there yet. */
  readonly dataDir: string;
}

/** How a case came out. */
export interface CaseOutcome {
  readonly name: string;
  /** What was not as it should be, a sentence each; none for a case that passed. */
  readonly faults: readonly string[];
}

/** The server of a case that describes none. */
const SERVER = {
  baseUrl: "https://music.example.com",
  users: [{ userName: "ann", name: "Ann", isAdmin: false }],
};

/** Time stands still: what a case schedules is run by a call of the case, or not at all. */
const STANDING_CLOCK: Clock = { now: () => Date.UTC(2026, 0, 1), after: () => () => {} };

/**
 * Plays a case: a host of its own grants the plugin all that its manifest asks for, and the calls are made one after
 * another. What the plugin does wrong is a fault of the outcome.
 *
 * @throws {SoundproofError} Where the plugin cannot be loaded.
 */
export async function runCase(each: Case, place: TestPlace): Promise<CaseOutcome> {
  const { id, dataDir, pluginsDir } = place;
  const network = new RecordedNetwork(each.http ?? [], each.websockets ?? []);
  const log: string[] = [];
  await using host = await PluginHost.open({
    dataDir,
    pluginsDir,
    config: { [id]: each.config ?? {} },
    musicServer: memoryMusicServer(each.server ?? SERVER),
    clock: STANDING_CLOCK,
    network: { play: network },
    logLevel: each.logLevel ?? "debug",
    log: ({ plugin, level, message }) => {
      if (plugin === id) log.push(`${level}: ${message}`);
    },
    only: [id], // it is told nothing but what the case tells it
  });
  const permissions = host.info(id).manifest?.permissions ?? {};
  const store = () => new StoredTexts(id, pluginDataFolder(dataDir, id), permissions);
  if (each.kvstore !== undefined) {
    await using texts = store();
    await texts.put(each.kvstore);
  }
  await host.enable(id, {
    ...(permissions.users !== undefined && { users: "all" }),
    ...(permissions.library !== undefined && { libraries: "all" }),
  });
  const faults: string[] = [];
  for (const [index, call] of each.calls.entries()) {
    network.begin();
    log.length = 0;
    const { output, error } = await callExport(host.plugin(id), call);
    const { requests, frames } = network;
    const found = faultsOf(
      { ...(error === undefined ? { output } : { error }), log, requests, frames },
      call.expect ?? {},
    );
    if (call.expect?.kvstore !== undefined) {
      await using texts = store();
      found.push(...storeFaults(await texts.all(), call.expect.kvstore));
    }
    const where = each.calls.length > 1 ? `call ${index + 1}: ` : "";
    faults.push(...found.map((fault) => where + fault));
  }
  faults.push(...network.missing.map((line) => `no answer is recorded for ${line}`));
  faults.push(...network.unused.map((line) => `nobody asked for the recorded answer to ${line}`));
  return { name: each.name, faults };
}

async function callExport(
  plugin: Plugin,
  call: CaseCall,
): Promise<{ output: string; error?: string }> {
  try {
    const input = new TextEncoder().encode(JSON.stringify(call.input ?? {}));
    return { output: new TextDecoder().decode(await plugin.call(call.export, input)) };
  } catch (thrown) {
    return { output: "", error: errorText(thrown) };
  }
}
