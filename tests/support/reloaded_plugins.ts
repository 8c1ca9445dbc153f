/**
 * A host with plugins of two versions each, and every way to reload one.
 *
 * @module
 */

import type { LogEntry, PluginHost } from "../../src/host/mod.ts";
import { FakeClock } from "../services_cases/harness.ts";
import { TestData } from "./plugins_folder.ts";
import { CalledPlugin, Witness } from "./reload_callers.ts";
import { tellingPackage } from "./reload_guest.ts";
import { PluginHistory, type PluginState } from "./reload_history.ts";

const VERSIONS = ["1.0.0", "2.0.0"] as const;

/** Ways to reload a plugin that leave it there for its callers all the time. */
export const WAYS = [
  "update",
  "rollback",
  "refresh",
  "replace",
  "setConfig",
  "reconfigure",
  "approve",
] as const;

/** What an administrator is told where the watch of the folder finds another package. */
const CHANGED = /its package has changed since it was enabled/;

/** The plugins, all enabled. */
export class ReloadedPlugins implements AsyncDisposable {
  readonly data = new TestData();
  readonly clock = new FakeClock();
  readonly witness = new Witness();
  readonly plugins = new Map<string, ReloadedPlugin>();
  /** The configuration file's settings. */
  #config: Record<string, { file: string }> = {};
  #host: PluginHost | undefined;

  static async open(count: number, idleMs: number): Promise<ReloadedPlugins> {
    const place = new ReloadedPlugins();
    const ids = Array.from({ length: count }, (_, index) => `p${index}`);
    place.#config = Object.fromEntries(ids.map((id) => [id, { file: "0" }]));
    place.#host = await place.data.open({
      autoReload: true,
      clock: place.clock,
      config: place.#config,
      limits: { pool: { cells: 1, idleMs } },
      log: (entry) => place.#hear(entry),
    });
    for (const id of ids) {
      const plugin = new ReloadedPlugin(id, place);
      place.plugins.set(id, plugin);
      await plugin.install();
    }
    return place;
  }

  get host(): PluginHost {
    if (this.#host === undefined) throw new Error("the host is not open");
    return this.#host;
  }

  /** Lets the configuration file set another value for a plugin. */
  async configure(id: string, file: string): Promise<void> {
    this.#config = { ...this.#config, [id]: { file } };
    await this.host.reconfigure({ config: this.#config });
  }

  /** Has every package changed behind the host's back, and put back once that was seen. */
  async meetWatch(): Promise<void> {
    const met = [...this.plugins.values()].map((plugin) => plugin.meetWatch());
    let isOver = false;
    const over = Promise.all(met).finally(() => isOver = true);
    while (!isOver) {
      await this.clock.advance(500);
      await new Promise((done) => setTimeout(done, 5));
    }
    await over;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host?.close();
    this.data[Symbol.dispose]();
  }

  #hear({ plugin = "", level, message }: LogEntry): void {
    if (level === "info") this.plugins.get(plugin)?.called.logged(message);
    else if (!CHANGED.test(message)) this.witness.surprise(`${level}, ${plugin}: ${message}`);
  }
}

/** One of them, and its packages. */
export class ReloadedPlugin {
  readonly called: CalledPlugin;
  readonly #place: ReloadedPlugins;
  readonly #history = new PluginHistory({ version: VERSIONS[0], set: "", file: "0" });
  readonly #packages: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The version that a rollback brings back. */
  #previous: string = VERSIONS[1];
  /** Reloads so far. */
  reloads = 0;

  constructor(readonly id: string, place: ReloadedPlugins) {
    this.#place = place;
    this.#packages = new Map(VERSIONS.map((version) => [version, tellingPackage(id, version)]));
    this.called = new CalledPlugin(place.host, id, this.#history, place.witness);
  }

  /** Puts it there, so that the first version runs and the second was there before. */
  async install(): Promise<void> {
    const { host } = this.#place;
    await host.install(this.id, this.#package(VERSIONS[1]));
    await host.enable(this.id);
    await host.update(this.id, this.#package(VERSIONS[0]));
  }

  /** Reloads it; its callers notice nothing but another version. */
  async reload(way: typeof WAYS[number]): Promise<void> {
    const { id } = this;
    const { host } = this.#place;
    const { version } = this.#history.now;
    const turn = String(++this.reloads);
    const change = (to: Partial<PluginState>, work: () => Promise<unknown>) =>
      this.#history.change({ ...this.#history.now, ...to }, work);
    if (way === "refresh") return await change({}, () => host.refresh(id));
    if (way === "approve") return await change({}, () => host.approve(id));
    if (way === "setConfig") {
      return await change({ set: turn }, () => host.setConfig(id, { set: turn }));
    }
    if (way === "reconfigure") {
      return await change({ file: turn }, () => this.#place.configure(id, turn));
    }
    const next = way === "rollback" ? this.#previous : this.#other;
    if (way !== "replace") this.#previous = version;
    await change({ version: next }, () => {
      if (way === "update") return host.update(id, this.#package(next));
      if (way === "rollback") return host.rollback(id);
      this.#replace(next);
      return host.refresh(id);
    });
  }

  /** Is changed behind the host's back, which ends it, and put back as it was. */
  async meetWatch(): Promise<void> {
    this.reloads++;
    const { version } = this.#history.now;
    await this.#history.away(async () => {
      this.#replace(this.#other);
      await this.#becomes("failed");
      this.#replace(version);
      await this.#becomes("running");
    });
  }

  get #other(): string {
    return VERSIONS.find((version) => version !== this.#history.now.version) ?? "";
  }

  #package(version: string): Uint8Array<ArrayBuffer> {
    return this.#packages.get(version) ?? new Uint8Array();
  }

  /** As editors and builds do: another file in its place. */
  #replace(version: string): void {
    const { data } = this.#place;
    const fresh = data.file("", this.#package(version), data.beside(this.id));
    Deno.renameSync(fresh, data.entry(`${this.id}.ndp`));
  }

  async #becomes(state: string): Promise<void> {
    while (this.#place.host.info(this.id).state !== state) {
      await new Promise((done) => setTimeout(done, 5));
    }
  }
}
