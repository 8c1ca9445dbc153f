import type { ApiHost, TokenFinder } from "../../src/api/mod.ts";
import { SoundproofError } from "../../src/errors.ts";
import {
  type CallOptions,
  type FailedPlay,
  LyricsProviders,
  MetadataAgents,
  type ScopedGuest,
  SimilarityProviders,
} from "../../src/capabilities/mod.ts";
import type { Decision } from "../../src/grants/mod.ts";
import type { ConfigView, PluginSummary, Streams } from "../../src/host/mod.ts";
import type { Json } from "../../src/manifest/mod.ts";
import { quietTelemetry } from "./telemetry.ts";
import type { TokenScope } from "../../src/state/mod.ts";

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

/** What a fake host keeps besides its plugins, for tests to look at and to add to. */
export interface FakeFacts {
  /** Decisions, by plugin. */
  readonly decisions: Map<string, Decision>;
  /** Settings, by plugin. */
  readonly settings: Map<string, Record<string, Json>>;
  /** Ids of packages that were put into the plugins folder, with their lengths. */
  readonly packages: Map<string, number>;
  /** Records of streams; a live reader gets what is added later. */
  readonly records: { readonly [Name in keyof Streams]: Streams[Name][] };
  /** Readers of streams that have not gone. */
  readers: number;
  /** What scrobblers were told. */
  readonly told: object[];
  /** Plays that failed. */
  readonly failed: FailedPlay[];
  /** Tells live readers that records were added. */
  wake(): void;
}

/** A host of given plugins that all answer the same way; by default with their input. */
export interface FakeHost extends ApiHost {
  readonly facts: FakeFacts;
  list(): PluginSummary[];
  info(id: string): PluginSummary;
  enable(id: string, decision?: Decision): Promise<PluginSummary>;
  disable(id: string): Promise<PluginSummary>;
  plugin(id: string): ScopedGuest;
}

/** Makes a {@link FakeHost}. */
export function fakeHost(
  plugins: readonly PluginSummary[] = [summary()],
  answer: Answer = (_, input) => input,
): FakeHost {
  const state = new Map(plugins.map((plugin) => [plugin.id, plugin]));
  let woken = Promise.withResolvers<void>();
  const facts: FakeFacts = {
    decisions: new Map(),
    settings: new Map(),
    packages: new Map(),
    records: { log: [], audit: [], event: [] },
    readers: 0,
    told: [],
    failed: [],
    wake: () => {
      woken.resolve();
      woken = Promise.withResolvers();
    },
  };
  const info = (id: string): PluginSummary => {
    const plugin = state.get(id);
    if (plugin !== undefined) return plugin;
    throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
  };
  const list = () => [...state.values()];
  const turn = (id: string, to: PluginSummary["state"]): PluginSummary => {
    const turned = { ...info(id), state: to };
    state.set(id, turned);
    return turned;
  };
  const place = (id: string, { byteLength }: Uint8Array): PluginSummary => {
    facts.packages.set(id, byteLength);
    const placed = { ...(state.get(id) ?? summary({ id })), state: "disabled" as const };
    state.set(id, placed);
    return placed;
  };
  const plugin = (id: string): ScopedGuest => {
    if (info(id).state !== "running") {
      throw new SoundproofError("plugin.not_running", `Cannot call plugin "${id}": it is disabled`);
    }
    return {
      id,
      exports: new Set(info(id).exports),
      scope: { users: "all", libraries: "all" },
      call: async (name, input, options = {}) => await answer(name, input, options),
    };
  };
  const config = (id: string): ConfigView => {
    info(id);
    const values = facts.settings.get(id) ?? {};
    return { values: { ...values, ...("secret" in values && { secret: "***" }) }, fixed: [] };
  };
  const discard = (id: number) => {
    const index = facts.failed.findIndex((play) => play.id === id);
    if (index < 0) throw new SoundproofError("scrobbles.unknown", `Cannot find play ${id}: none`);
    facts.failed.splice(index, 1);
  };
  const running = () =>
    list().filter(({ state }) => state === "running").map(({ id }) => plugin(id));
  const chain = { plugins: running, clock: Date };
  const told = (what: object) => {
    facts.told.push(what);
    return Promise.resolve(running().map(({ id }) => ({ plugin: id, kind: "done" as const })));
  };
  return {
    facts,
    telemetry: quietTelemetry(),
    metadata: new MetadataAgents(chain),
    lyrics: new LyricsProviders(chain),
    similarity: new SimilarityProviders(chain),
    scrobblers: {
      get plugins() {
        return running().map(({ id }) => id);
      },
      nowPlaying: told,
      playbackReport: told,
      scrobble: (play) => {
        facts.told.push(play);
        const error = new SoundproofError("scrobbles.queue_full", "Cannot queue play: too many");
        return Promise.resolve([
          { plugin: "echo", kind: "queued" },
          { plugin: "full", kind: "refused", error },
        ]);
      },
      failed: ({ plugin } = {}) =>
        facts.failed.filter((play) => plugin === undefined || play.plugin === plugin),
      requeue: (id) => discard(id),
      discard: (id) => discard(id),
    },
    list,
    info,
    plugin,
    config,
    rescan: list,
    refresh: info,
    enable: async (id, decision = {}) => {
      facts.decisions.set(id, decision);
      return await turn(id, "running");
    },
    approve: (id, decision = {}) => (facts.decisions.set(id, decision), info(id)),
    disable: async (id) => await turn(id, "disabled"),
    revoke: (id) => (facts.decisions.delete(id), turn(id, "disabled")),
    install: (id, bytes) => place(id, bytes),
    update: (id, bytes) => (info(id), place(id, bytes)),
    rollback: (id) => turn(id, "disabled"),
    remove: (id) => (info(id), void state.delete(id)),
    review(id, bytes) {
      if (bytes === undefined) info(id);
      return {
        items: [{
          permission: "http",
          allows: ["It may send requests to api.example.com"],
          reason: bytes === undefined ? "lookups" : `${bytes.byteLength} bytes`,
          unusual: [],
          change: "new",
          difference: ["+ host api.example.com"],
          withheld: false,
        }],
        dropped: ["cache"],
        functions: ["http_send"],
        grows: true,
        sha256: "0".repeat(64),
      };
    },
    setConfig(id, changes) {
      facts.settings.set(id, { ...facts.settings.get(id), ...changes });
      return config(id);
    },
    call: async (id, name, input, options) => await plugin(id).call(name, input, options),
    async *follow(stream, { after = 0, plugin, live = false, signal } = {}) {
      facts.readers++;
      try {
        for (let last = after; !signal?.aborted;) {
          for (const record of facts.records[stream].filter(({ id }) => id > last)) {
            last = record.id;
            if (plugin === undefined || record.plugin === plugin) yield record;
          }
          if (!live) return;
          const gone = Promise.withResolvers<void>();
          signal?.addEventListener("abort", () => gone.resolve());
          await Promise.race([woken.promise, gone.promise]);
        }
      } finally {
        facts.readers--;
      }
    },
  };
}

/** Tokens as a service would know them: by their text. */
export function fakeTokens(tokens: Readonly<Record<string, TokenScope>>): TokenFinder {
  return {
    find(token) {
      const scope = Object.hasOwn(tokens, token) ? tokens[token] : undefined;
      return scope && { name: scope, scopes: [scope] };
    },
  };
}
