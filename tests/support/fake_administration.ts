import type { CallOptions } from "../../src/capabilities/mod.ts";
import { SoundproofError } from "../../src/errors.ts";
import {
  type Asked,
  asksForMore,
  type Decision,
  mergeDecisions,
  reviewPermissions,
} from "../../src/grants/mod.ts";
import {
  type Administration,
  type ConfigView,
  type FollowOptions,
  inspectArchive,
  type PackageReview,
  type PluginSummary,
  type Streams,
} from "../../src/host/mod.ts";
import { type Json, secretKeys, validateConfig } from "../../src/manifest/mod.ts";
import { type Answer, summary } from "./fake_host.ts";

/** A plugin of the fake, and what was decided about it. */
export interface FakePlugin {
  readonly plugin: PluginSummary;
  readonly previous?: PluginSummary;
  readonly approved?: Asked;
  readonly decision?: Decision;
  readonly config?: Readonly<Record<string, Json>>;
  readonly fixed?: readonly string[];
}

/** What the fake begins with. */
export interface FakeFacts {
  readonly plugins?: readonly FakePlugin[];
  readonly records?: { readonly [Name in keyof Streams]?: readonly Streams[Name][] };
  readonly answer?: Answer;
}

/** An installation in memory: it decides and reviews as a host does, and runs nothing. */
export class FakeAdministration implements Administration {
  readonly #plugins: Map<string, FakePlugin>;
  readonly #facts: FakeFacts;

  constructor(facts: FakeFacts = {}) {
    this.#facts = facts;
    this.#plugins = new Map((facts.plugins ?? []).map((fake) => [fake.plugin.id, fake]));
  }

  /** What was decided about a plugin last. */
  decisionOn(id: string): Decision | undefined {
    return this.#entry(id).decision;
  }

  list(): PluginSummary[] {
    return [...this.#plugins.values()].map(({ plugin }) => plugin);
  }

  rescan(): PluginSummary[] {
    return this.list();
  }

  info(id: string): PluginSummary {
    return this.#entry(id).plugin;
  }

  async review(id: string, bytes?: Uint8Array<ArrayBuffer>): Promise<PackageReview> {
    const entry = bytes === undefined ? this.#entry(id) : this.#plugins.get(id);
    const plugin = bytes === undefined ? entry?.plugin : await inspectArchive(bytes);
    const asked = plugin?.manifest ?? { permissions: {} };
    return {
      ...reviewPermissions(asked, entry?.approved, entry?.decision),
      sha256: plugin?.sha256 ?? "",
    };
  }

  async install(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<PluginSummary> {
    if (this.#plugins.has(id)) {
      throw new SoundproofError("plugin.exists", `Cannot install plugin "${id}": it is there`);
    }
    return this.#set(id, { plugin: { ...await inspectArchive(bytes), id, path: pathOf(id) } });
  }

  async update(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<PluginSummary> {
    const { plugin, ...entry } = this.#entry(id);
    const next = { ...await inspectArchive(bytes), id, path: pathOf(id) };
    const asked = next.manifest ?? { permissions: {} };
    const holds = entry.approved !== undefined && !asksForMore(entry.approved, asked);
    const state = plugin.state === "running" && holds ? "running" : "disabled";
    return this.#set(id, { ...entry, plugin: { ...next, state }, previous: plugin });
  }

  rollback(id: string): PluginSummary {
    const { previous, plugin, ...entry } = this.#entry(id);
    if (previous !== undefined) {
      return this.#set(id, { ...entry, plugin: previous, previous: plugin });
    }
    const state = "no version before this one is kept";
    throw new SoundproofError("plugin.no_previous", `Cannot roll back plugin "${id}": ${state}`);
  }

  remove(id: string): void {
    this.#entry(id);
    this.#plugins.delete(id);
  }

  refresh(id: string): PluginSummary {
    return this.info(id);
  }

  enable(id: string, decision: Decision = {}, sha256?: string): PluginSummary {
    const { manifest } = this.#decidedOn(id, sha256);
    const decided = mergeDecisions(this.decisionOn(id) ?? {}, decision);
    if (manifest?.permissions.users !== undefined && (decided.users ?? []).length === 0) {
      const text = "users permission requires configuration: select users or enable 'all users'";
      throw new SoundproofError("grant.invalid", `Cannot enable plugin: ${text} access`);
    }
    return this.#decide(id, decided, "running");
  }

  approve(id: string, decision: Decision = {}, sha256?: string): PluginSummary {
    this.#decidedOn(id, sha256);
    const decided = mergeDecisions(this.decisionOn(id) ?? {}, decision);
    return this.#decide(
      id,
      decided,
      this.#entry(id).approved === undefined ? "disabled" : "running",
    );
  }

  disable(id: string): PluginSummary {
    const entry = this.#entry(id);
    return this.#set(id, { ...entry, plugin: { ...entry.plugin, state: "disabled" } });
  }

  revoke(id: string): PluginSummary {
    const { plugin } = this.#entry(id);
    return this.#set(id, { plugin: { ...plugin, state: "disabled" } });
  }

  config(id: string): ConfigView {
    const { plugin: { manifest }, config = {}, fixed = [] } = this.#entry(id);
    const secrets = secretKeys(manifest ?? {});
    const values = Object.entries(config).map(([key, value]) =>
      [key, secrets.includes(key) ? "***" : value] as const
    );
    return {
      values: Object.fromEntries(values),
      fixed,
      ...(manifest?.config && { definition: manifest.config }),
    };
  }

  setConfig(id: string, changes: Readonly<Record<string, Json>>): ConfigView {
    const entry = this.#entry(id);
    const { manifest } = entry.plugin;
    const changed = Object.entries({ ...entry.config, ...changes }).filter(([, value]) =>
      value !== null
    );
    const config = Object.fromEntries(changed);
    const problems = manifest === undefined ? [] : validateConfig(manifest, config);
    if (problems.length > 0) {
      const text =
        `Cannot set settings of plugin "${id}": ${problems.length} of them are not valid`;
      throw new SoundproofError("manifest.config_invalid", text, { problems });
    }
    this.#set(id, { ...entry, config });
    return this.config(id);
  }

  async call(
    id: string,
    name: string,
    input: Uint8Array,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    if (this.info(id).state !== "running") {
      throw new SoundproofError("plugin.not_running", `Cannot call plugin "${id}": it is disabled`);
    }
    return await (this.#facts.answer ?? ((_, bytes) => bytes))(name, input, options);
  }

  async *follow<Name extends keyof Streams>(
    stream: Name,
    { after = 0, plugin, live = false, signal }: FollowOptions = {},
  ): AsyncGenerator<Streams[Name]> {
    for (const record of this.#facts.records?.[stream] ?? []) {
      if (record.id > after && (plugin === undefined || record.plugin === plugin)) yield record;
    }
    if (live && !signal?.aborted) {
      await new Promise((done) => signal?.addEventListener("abort", done, { once: true }));
    }
  }

  #decidedOn(id: string, sha256: string | undefined): PluginSummary {
    const plugin = this.info(id);
    if (sha256 === undefined || sha256 === plugin.sha256) return plugin;
    throw new SoundproofError("plugin.changed", `Cannot grant plugin "${id}" anything: it changed`);
  }

  #entry(id: string): FakePlugin {
    const entry = this.#plugins.get(id);
    if (entry !== undefined) return entry;
    throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
  }

  #set(id: string, entry: FakePlugin): PluginSummary {
    this.#plugins.set(id, entry);
    return entry.plugin;
  }

  #decide(id: string, decision: Decision, state: PluginSummary["state"]): PluginSummary {
    const entry = this.#entry(id);
    const { manifest } = entry.plugin;
    return this.#set(id, {
      ...entry,
      plugin: { ...entry.plugin, state },
      approved: manifest ?? { permissions: {} },
      decision,
    });
  }
}

/** A plugin of the fake with these facts. */
export function fakePlugin(
  facts: Partial<PluginSummary>,
  rest: Omit<FakePlugin, "plugin"> = {},
): FakePlugin {
  return { plugin: summary(facts), ...rest };
}

function pathOf(id: string): string {
  return `/data/plugins/${id}.ndp`;
}
