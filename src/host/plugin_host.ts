import { isDeepStrictEqual } from "node:util";
import { SoundproofError } from "../errors.ts";
import type { CallOptions, ScopedGuest } from "../capabilities/mod.ts";
import { deadlinesHold } from "../cell/mod.ts";
import { type Decision, readPermissionText, reviewPermissions } from "../grants/mod.ts";
import type { Json } from "../manifest/mod.ts";
import { readArchive } from "../packages/mod.ts";
import { systemClock } from "../services/mod.ts";
import { type AuditRecord, AuditTrail, DataFolder, PluginRecords } from "../state/mod.ts";
import type {
  Administration,
  ConfigView,
  FollowOptions,
  HostEvent,
  PackageReview,
  Streams,
} from "./administration.ts";
import { approvalOf } from "./approvals.ts";
import { CapabilityHost } from "./capability_host.ts";
import { Chronicle } from "./chronicle.ts";
import { Decisions } from "./decisions.ts";
import { Discovery } from "./discovery.ts";
import { Lifecycle } from "./lifecycle.ts";
import { readContent } from "./loading.ts";
import { type HostSettings, LiveOptions, type PluginHostOptions } from "./options.ts";
import { PackageChanges } from "./package_changes.ts";
import { PluginConfigs } from "./plugin_configs.ts";
import type { PluginEntry } from "./plugin_entry.ts";
import { type Plugin, PluginHandle } from "./plugin_handle.ts";
import { PluginLoader } from "./plugin_loader.ts";
import { PluginTurns } from "./plugin_turns.ts";
import { Registry } from "./registry.ts";
import { type PluginSummary, stateOf, summarise } from "./summary.ts";
import { type Numbers, Telemetry } from "../telemetry/mod.ts";
import { gaugesOf } from "./gauges.ts";

/**
 * Finds plugins, runs those that are enabled, and ends them.
 *
 * A plugin's life: its package is found in the plugins folder and read; it is *disabled* until an administrator enables
 * it, which grants what its manifest asks for, as far as their decision goes, of exactly these bytes; enabled, it is
 * admitted, compiled and *running*, now and whenever a host is opened on the same data folder. Another version that
 * asks for nothing more takes its place while calls go on; one that asks for more is *waiting* until it is approved.
 * One that cannot be loaded is *failed*, with its error kept, and never in the way of the others.
 *
 * @example
 * ```ts
 * import { PluginHost } from "@soundproof/host";
 *
 * const dataDir = await Deno.makeTempDir();
 * await using host = await PluginHost.open({ dataDir, log: ({ message }) => console.log(message) });
 * // Packages lie in `plugins` of the data folder. To enable one is to grant what its manifest asks for.
 * for (const { id, state } of host.list()) if (state === "disabled") await host.enable(id);
 * ```
 */
export class PluginHost extends CapabilityHost implements Administration, AsyncDisposable {
  /** What it does, in numbers. */
  readonly telemetry: Numbers;
  readonly #live: LiveOptions;
  readonly #folder: DataFolder;
  readonly #records: PluginRecords;
  readonly #audit: AuditTrail;
  readonly #chronicle: Chronicle;
  readonly #registry: Registry;
  readonly #loader: PluginLoader;
  readonly #configs: PluginConfigs;
  readonly #lifecycle: Lifecycle;
  readonly #decisions: Decisions;
  readonly #changes: PackageChanges;
  readonly #discovery: Discovery;
  readonly #turns = new PluginTurns();
  #closed: Promise<void> | undefined;

  private constructor(live: LiveOptions, folder: DataFolder) {
    const options = live.now;
    super(options);
    this.#live = live;
    const { pluginsDir = folder.plugins } = options;
    const records = new PluginRecords(folder.database);
    this.#audit = new AuditTrail(folder.audit);
    const chronicle = new Chronicle(options.log ?? (() => {}), this.#audit);
    const registry = new Registry(pluginsDir);
    const telemetry = new Telemetry(gaugesOf(() => registry.entries(), this));
    this.telemetry = telemetry;
    const loader = new PluginLoader(options, folder, { chronicle, telemetry });
    const configs = new PluginConfigs(records, () => options.config ?? {});
    const onStart = (plugin: ScopedGuest) => this.started(plugin);
    const lifecycle = new Lifecycle({ options, records, chronicle, loader, configs, onStart });
    const parts = { folder, pluginsDir, records, chronicle, registry, lifecycle, loader };
    this.#folder = folder;
    this.#records = records;
    this.#chronicle = chronicle;
    this.#registry = registry;
    this.#loader = loader;
    this.#configs = configs;
    this.#lifecycle = lifecycle;
    this.#decisions = new Decisions(parts);
    this.#changes = new PackageChanges(parts);
    this.#discovery = new Discovery({ ...parts, turns: this.#turns });
  }

  /**
   * Opens a host: finds the packages and loads the enabled ones, all at once.
   *
   * The process must have been started with `--unstable-worker-options` (or `"unstable":
   * ["worker-options"]` in its `deno.json`) and `--v8-flags=--liftoff-only`: without the one
   * Deno ends the process at the first cell, without the other some guests could not be stopped.
   *
   * @throws {SoundproofError} `host.flags_missing`; `state.locked` while another host is open on the data folder.
   * @throws {Error} Where the data folder or the plugins folder cannot be used; never for a plugin.
   */
  static async open(options: PluginHostOptions): Promise<PluginHost> {
    if (!deadlinesHold()) {
      const flags = "--unstable-worker-options --v8-flags=--liftoff-only";
      throw new SoundproofError(
        "host.flags_missing",
        `Cannot open host: a guest's deadline would not hold: run Deno with ${flags}`,
      );
    }
    const folder = await DataFolder.open(options.dataDir);
    let host: PluginHost;
    try {
      host = new PluginHost(new LiveOptions(options), folder);
    } catch (thrown) {
      folder[Symbol.dispose]();
      throw thrown;
    }
    try {
      await host.#changes.recover();
      await host.#discovery.open(options.autoReload ? options.clock ?? systemClock : undefined);
      return host;
    } catch (thrown) {
      await host.close();
      throw thrown;
    }
  }

  /** How often something of the network was refused, by its code. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#chronicle.refusals;
  }

  /** The audit record: at most `limit` events after the one with this id, oldest first. */
  audit(after = 0, limit = 1_000): AuditRecord[] {
    return this.#chronicle.auditAfter(after, limit);
  }

  list(): PluginSummary[] {
    return this.#registry.all().map((entry) => this.#summary(entry));
  }

  info(id: string): PluginSummary {
    return this.#summary(this.#registry.get(id));
  }

  /**
   * A running plugin, to be called. It stays the same when another version takes its place.
   *
   * @throws {SoundproofError} `plugin.unknown`, `plugin.not_running`.
   */
  plugin(id: string): Plugin {
    const entry = this.#registry.get(id);
    const plugin = handleOf(entry);
    if (plugin !== undefined) return plugin;
    const state = entry.error?.message ?? this.#lifecycle.switchedOff(id) ??
      (entry.waits ? "it asks for more than was approved, and waits" : "it is disabled");
    throw new SoundproofError("plugin.not_running", `Cannot call plugin "${id}": ${state}`);
  }

  async call(
    id: string,
    name: string,
    input: Uint8Array,
    options?: CallOptions,
  ): Promise<Uint8Array> {
    return await this.plugin(id).call(name, input, options);
  }

  async review(id: string, bytes?: Uint8Array<ArrayBuffer>): Promise<PackageReview> {
    const { manifest, source } = bytes === undefined
      ? await this.#lifecycle.peek(this.#registry.get(id))
      : readContent({ ...await readArchive(bytes), kind: "file", path: "" });
    const approval = approvalOf(this.#records.get(id)?.approval);
    const approved = approval && readPermissionText(approval.permissions);
    const review = reviewPermissions(manifest, approved, approval?.decision);
    return { ...review, sha256: source.sha256 };
  }

  enable(id: string, decision: Decision = {}, sha256?: string): Promise<PluginSummary> {
    return this.#change(id, (entry) => this.#decisions.approve(entry, decision, sha256, true));
  }

  approve(id: string, decision: Decision = {}, sha256?: string): Promise<PluginSummary> {
    return this.#change(id, (entry) => this.#decisions.approve(entry, decision, sha256));
  }

  async disable(id: string): Promise<PluginSummary> {
    await this.#lifecycle.cut(this.#registry.get(id));
    return await this.#change(id, (entry) => this.#decisions.disable(entry));
  }

  async revoke(id: string): Promise<PluginSummary> {
    await this.#lifecycle.cut(this.#registry.get(id));
    return await this.#change(id, (entry) => this.#decisions.revoke(entry));
  }

  refresh(id: string): Promise<PluginSummary> {
    return this.#change(id, (entry) => this.#decisions.refresh(entry));
  }

  install(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<PluginSummary> {
    return this.#turns.take(id, async () => {
      const entry = await this.#changes.install(id, bytes);
      this.#chronicle.tell(id, "installed", stateOf(entry));
      return this.#summary(entry);
    });
  }

  update(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<PluginSummary> {
    return this.#change(id, (entry) => this.#changes.update(entry, bytes), "updated");
  }

  rollback(id: string): Promise<PluginSummary> {
    return this.#change(id, (entry) => this.#changes.rollback(entry), "updated");
  }

  async remove(id: string, data: "keep" | "delete"): Promise<void> {
    this.#registry.get(id);
    await this.#turns.take(id, async () => {
      await this.#changes.remove(this.#registry.get(id), data);
      this.#chronicle.tell(id, "removed");
    });
  }

  async rescan(): Promise<PluginSummary[]> {
    await this.#discovery.scan();
    return this.list();
  }

  config(id: string): ConfigView {
    return this.#configs.view(id, this.#registry.get(id).read?.manifest);
  }

  async setConfig(id: string, changes: Readonly<Record<string, Json>>): Promise<ConfigView> {
    await this.#change(id, async (entry) => {
      const read = await this.#lifecycle.read(entry);
      const change = this.#configs.check(id, read.manifest, changes);
      await this.#lifecycle.configure(entry, read, change);
      const subject = change.written.map(([key]) => key).join(", ");
      this.#chronicle.record({ plugin: id, code: "configured", subject, reason: "" });
    }, "config");
    return this.config(id);
  }

  /**
   * Takes on other settings, as when the configuration file has changed: plugins that they concern are loaded anew, while
   * calls go on. One that cannot run with them is *failed*, as it would be at the next start.
   */
  async reconfigure(settings: HostSettings): Promise<void> {
    const before = this.#registry.all().map(({ id }) => [id, this.#live.of(id)] as const);
    this.#live.change(settings);
    const concerned = before.filter(([id, was]) => !isDeepStrictEqual(was, this.#live.of(id)));
    await Promise.all(concerned.map(([id]) =>
      this.#change(id, async (entry) => {
        const read = await this.#lifecycle.read(entry);
        await this.#lifecycle.settle(entry, read);
      }, "config").catch(() => {}) // it has failed, which was told
    ));
  }

  follow<Name extends keyof Streams>(
    stream: Name,
    options?: FollowOptions,
  ): AsyncIterable<Streams[Name]> {
    return this.#chronicle.follow(stream, options);
  }

  /** Unloads every plugin and closes the files. The host cannot be used afterwards; closing it again waits for the same end. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const entries = this.#registry.all();
    const quiet = this.closeCapabilities();
    const unwatched = this.#discovery.close();
    this.#lifecycle.close();
    const turns = this.#turns.close();
    await Promise.all(entries.map((entry) => this.#lifecycle.cut(entry)));
    await turns;
    await Promise.all(entries.map((entry) => this.#lifecycle.stop(entry)));
    await Promise.all([quiet, unwatched]);
    this.#registry.clear();
    await this.#loader.close();
    this.#chronicle.close();
    this.#audit[Symbol.dispose]();
    this.#records[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  /** The same as {@link PluginHost.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The plugins that run now. */
  protected override running(): Plugin[] {
    return [...this.#registry.entries()].flatMap((entry) => handleOf(entry) ?? []);
  }

  /** The ids of those that are enabled, and do not run now. */
  protected override absent(): string[] {
    return [...this.#registry.entries()].flatMap(({ id, loaded }) => {
      const isEnabled = this.#records.get(id)?.enabled &&
        this.#lifecycle.switchedOff(id) === undefined;
      return isEnabled && loaded === undefined ? [id] : [];
    });
  }

  /** Writes a line about a plugin into the log. */
  protected override report(level: "warn" | "error", plugin: string, message: string): void {
    this.#chronicle.log(level, plugin, message);
  }

  /** Does something with a plugin in its turn, and tells what it has become, also where that failed. */
  async #change(
    id: string,
    work: (entry: PluginEntry) => Promise<void>,
    kind?: HostEvent["kind"],
  ): Promise<PluginSummary> {
    this.#registry.get(id);
    return await this.#turns.take(id, async () => {
      const entry = this.#registry.get(id);
      const before = stateOf(entry);
      try {
        await work(entry);
        if (kind !== undefined) this.#chronicle.tell(id, kind, stateOf(entry));
        return this.#summary(entry);
      } finally {
        this.#tellState(entry, before);
      }
    });
  }

  #tellState(entry: PluginEntry, before: PluginSummary["state"]): void {
    const state = stateOf(entry);
    if (state !== before) this.#chronicle.tell(entry.id, "state", state);
  }

  #summary(entry: PluginEntry): PluginSummary {
    return summarise(entry, approvalOf(this.#records.get(entry.id)?.approval)?.decision);
  }
}

/** What callers hold of a plugin, if it runs; one and the same for all of them. */
function handleOf(entry: PluginEntry): Plugin | undefined {
  const { loaded } = entry;
  return loaded === undefined ? undefined : entry.handle ??= new PluginHandle(entry, loaded);
}
