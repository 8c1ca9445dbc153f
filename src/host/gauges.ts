import type { Gauges, Reading } from "../telemetry/mod.ts";
import type { CapabilityHost } from "./capability_host.ts";
import type { LoadedPlugin } from "./loaded_plugin.ts";
import type { PluginEntry } from "./plugin_entry.ts";
import { stateOf } from "./summary.ts";

/** What a host looks up of its plugins whenever somebody asks for its numbers. */
export function gaugesOf(
  entries: () => Iterable<PluginEntry>,
  host: Pick<CapabilityHost, "metadata" | "lyrics" | "similarity" | "scrobbleCounters">,
): Gauges {
  function* each(value: (plugin: LoadedPlugin) => number | undefined): Iterable<Reading<"plugin">> {
    for (const { id, loaded } of entries()) {
      const read = loaded && value(loaded);
      if (read !== undefined) yield { labels: { plugin: id }, value: read };
    }
  }
  return {
    *plugins() {
      const counts = { running: 0, disabled: 0, waiting: 0, failed: 0 };
      for (const entry of entries()) counts[stateOf(entry)]++;
      for (const [state, value] of Object.entries(counts)) yield { labels: { state }, value };
    },
    cells: () => each(({ counters }) => counters.cells),
    queue: () => each(({ counters }) => counters.waiting),
    kvstore: () => each(({ stored }) => stored.kvstoreBytes),
    tasks: () => each(({ stored }) => stored.unfinishedTasks),
    *scrobbles() {
      for (const [plugin, counters] of host.scrobbleCounters) {
        for (const [state, value] of Object.entries(counters)) {
          yield { labels: { plugin, state }, value };
        }
      }
    },
    *leftAlone() {
      for (const capability of ["metadata", "lyrics", "similarity"] as const) {
        for (const [plugin, { state }] of host[capability].counters.plugins) {
          yield { labels: { plugin, capability }, value: state === "open" ? 1 : 0 };
        }
      }
    },
  };
}
