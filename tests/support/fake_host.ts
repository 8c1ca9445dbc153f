import type { ApiHost } from "../../src/api/mod.ts";
import { SoundproofError } from "../../src/errors.ts";
import type { CallOptions } from "../../src/capabilities/mod.ts";
import type { PluginSummary } from "../../src/host/mod.ts";

/** A plugin as a host would show it; give what matters. */
export function summary(facts: Partial<PluginSummary> = {}): PluginSummary {
  return {
    id: "echo",
    state: "running",
    kind: "file",
    path: "/data/plugins/echo.ndp",
    sha256: "0".repeat(64),
    manifest: {
      dialect: "navidrome",
      name: "Echo",
      author: "Soundproof",
      version: "1.0.0",
      permissions: {},
    },
    capabilities: ["MetadataAgent"],
    exports: ["echo"],
    openRules: [],
    warnings: [],
    cells: 0,
    ...facts,
  };
}

/** What a fake plugin answers. */
export type Answer = (
  exportName: string,
  input: Uint8Array,
  options: CallOptions,
) => Uint8Array | Promise<Uint8Array>;

/** A host of given plugins that all answer the same way; by default with their input. */
export function fakeHost(
  plugins: readonly PluginSummary[] = [summary()],
  answer: Answer = (_, input) => input,
): ApiHost {
  const state = new Map(plugins.map((plugin) => [plugin.id, plugin]));
  const info = (id: string): PluginSummary => {
    const plugin = state.get(id);
    if (plugin !== undefined) return plugin;
    throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
  };
  const turn = (id: string, to: PluginSummary["state"]): Promise<PluginSummary> => {
    const turned = { ...info(id), state: to };
    state.set(id, turned);
    return Promise.resolve(turned);
  };
  return {
    list: () => [...state.values()],
    info,
    enable: async (id) => await turn(id, "running"),
    disable: async (id) => await turn(id, "disabled"),
    plugin(id) {
      if (info(id).state !== "running") {
        throw new SoundproofError(
          "plugin.not_running",
          `Cannot call plugin "${id}": it is disabled`,
        );
      }
      return {
        id,
        call: async (name, input, options = {}) => await answer(name, input, options),
      };
    },
  };
}
