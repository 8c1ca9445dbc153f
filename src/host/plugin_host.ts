import { errorText, SoundproofError } from "../errors.ts";
import { notifyInit } from "../capabilities/mod.ts";
import { deadlinesHold, ModuleCache } from "../cell/mod.ts";
import {
  type Assignment,
  checkAssignment,
  checkLocalGrant,
  effectivePermissions,
  type LocalGrant,
  NOTHING_ASSIGNED,
  NOTHING_LOCAL,
  permissionText,
} from "../grants/mod.ts";
import { listPackages, pluginId } from "../packages/mod.ts";
import {
  type AuditRecord,
  AuditTrail,
  DataFolder,
  type PluginRecord,
  PluginRecords,
} from "../state/mod.ts";
import { foldersOf } from "./assigned_folders.ts";
import { deniedAddresses } from "./denied_addresses.ts";
import { HostNetwork } from "./host_network.ts";
import { LoadedPlugin, type Plugin } from "./loaded_plugin.ts";
import { admitPlugin, grantedFunctions, type ReadPlugin, readPlugin } from "./loading.ts";
import { type LogSink, pluginLog } from "./log.ts";
import { fullLimits, type HostLimits, limitsOfPlugin, type PluginHostOptions } from "./options.ts";
import { PluginNetwork } from "./plugin_network.ts";
import { type PluginEntry, type PluginSummary, summarise } from "./summary.ts";

/**
 * Finds plugins, runs those that are enabled, and ends them.
 *
 * A plugin's life: its package is found in the plugins folder and read; it is *disabled* until an
 * administrator enables it, which grants what its manifest asks for, of exactly these bytes; enabled, it
 * is admitted, compiled and *running*, now and whenever a host is opened on the same data folder; one
 * that cannot be loaded is *failed*, with its error kept, and never in the way of the others.
 *
 * @example
 * ```ts ignore
 * await using host = await PluginHost.open({ dataDir: "data" });
 * const agent = new MetadataAgent(host.plugin("hello"));
 * const answer = await agent.artistBiography({ id: "1", name: "Nina Simone" });
 * ```
 */
export class PluginHost implements AsyncDisposable {
  readonly #entries = new Map<string, PluginEntry>();
  readonly #options: PluginHostOptions;
  readonly #folder: DataFolder;
  readonly #records: PluginRecords;
  readonly #limits: HostLimits;
  readonly #modules: ModuleCache;
  readonly #audit: AuditTrail;
  readonly #network: HostNetwork;
  readonly #refusals = new Map<string, number>();
  readonly #sink: LogSink;

  private constructor(options: PluginHostOptions, folder: DataFolder) {
    this.#options = options;
    this.#folder = folder;
    this.#records = new PluginRecords(folder.database);
    this.#limits = fullLimits(options.limits);
    this.#modules = new ModuleCache({
      maxBytes: this.#limits.compiledBytes,
      compileMs: this.#limits.module.compileMs,
    });
    this.#sink = options.log ?? (() => {});
    this.#audit = new AuditTrail(folder.audit);
    this.#network = new HostNetwork(
      options.network ?? {},
      ({ pluginId = "", host, port, code, reason }) => {
        this.#count(code);
        this.#record(pluginId, code, `${host}:${port} (gateway)`, reason);
      },
    );
  }

  /** How often something of the network was refused, by its code. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals;
  }

  /** The audit record: at most `limit` events after the one with this id, oldest first. */
  audit(after = 0, limit = 1_000): AuditRecord[] {
    return this.#audit.after(after, limit);
  }

  /**
   * Opens a host: finds the packages and loads the enabled ones, all at once.
   *
   * The process must have been started with `--unstable-worker-options` (or `"unstable":
   * ["worker-options"]` in its `deno.json`) and `--v8-flags=--liftoff-only`: without the one
   * Deno ends the process at the first cell, without the other some guests could not be stopped.
   *
   * @throws {SoundproofError} `host.flags_missing`.
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
    const host = new PluginHost(options, await DataFolder.open(options.dataDir));
    try {
      await host.#find();
      await Promise.all([...host.#entries.values()].map((entry) => host.#start(entry)));
      return host;
    } catch (thrown) {
      await host.close();
      throw thrown;
    }
  }

  /** Every plugin that was found, in the order of their ids. */
  list(): PluginSummary[] {
    return [...this.#entries.values()].sort((a, b) => a.id < b.id ? -1 : 1).map(summarise);
  }

  /**
   * One plugin.
   *
   * @throws {SoundproofError} `plugin.unknown`.
   */
  info(id: string): PluginSummary {
    return summarise(this.#entry(id));
  }

  /**
   * A running plugin, to be called.
   *
   * @throws {SoundproofError} `plugin.unknown`, `plugin.not_running`.
   */
  plugin(id: string): Plugin {
    const { loaded, error } = this.#entry(id);
    if (loaded !== undefined) return loaded;
    const state = error?.message ?? this.#switchedOff(id) ?? "it is disabled";
    throw new SoundproofError("plugin.not_running", `Cannot call plugin "${id}": ${state}`);
  }

  /**
   * Grants a plugin what its manifest asks for, of the package as it lies there now, and loads it.
   *
   * @param local Private addresses to open to it; none unless given.
   * @param assignment Users and libraries it gets; each is what it was before unless given, and nothing at first.
   * @throws {SoundproofError} `plugin.unknown`, `plugin.switched_off`, `grant.invalid`, or why it cannot be loaded; then it stays enabled and
   * *failed* only if its package could be read.
   */
  async enable(
    id: string,
    local: LocalGrant = NOTHING_LOCAL,
    assignment: Partial<Assignment> = {},
  ): Promise<PluginSummary> {
    const entry = this.#entry(id);
    const off = this.#switchedOff(id);
    if (off !== undefined) {
      throw new SoundproofError("plugin.switched_off", `Cannot enable plugin "${id}": ${off}`);
    }
    const assigned = { ...assignmentOf(this.#records.get(id)), ...assignment };
    await this.#stop(entry);
    const read = await this.#read(entry);
    if (read === undefined) throw entry.error;
    const { manifest, source } = read;
    checkLocalGrant(manifest, local);
    const denied = deniedText(local);
    if (denied !== undefined) {
      throw new SoundproofError("grant.invalid", `Cannot grant private addresses: ${denied}`);
    }
    checkAssignment(manifest, assigned);
    this.#records.set({
      id,
      enabled: true,
      sha256: source.sha256,
      permissions: permissionText(manifest),
      local: JSON.stringify(local),
      assignment: JSON.stringify(assigned),
    });
    this.#audit.add({ plugin: id, code: "enabled", subject: source.sha256, reason: source.path });
    await this.#load(entry, read);
    if (entry.error !== undefined) throw entry.error;
    return summarise(entry);
  }

  /**
   * Unloads a plugin and keeps it from being loaded.
   *
   * @throws {SoundproofError} `plugin.unknown`.
   */
  async disable(id: string): Promise<PluginSummary> {
    const entry = this.#entry(id);
    const record = this.#records.get(id);
    if (record !== undefined) this.#records.set({ ...record, enabled: false });
    await this.#stop(entry);
    if (entry.read !== undefined) delete entry.error;
    return summarise(entry);
  }

  /** Unloads every plugin and closes the files. The host cannot be used afterwards. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#stop(entry)));
    this.#entries.clear();
    await this.#network.close();
    this.#audit[Symbol.dispose]();
    this.#records[Symbol.dispose]();
  }

  /** The same as {@link PluginHost.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #entry(id: string): PluginEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
    }
    return entry;
  }

  async #find(): Promise<void> {
    const { pluginsDir = this.#folder.plugins } = this.#options;
    for (const { name, path } of await listPackages(pluginsDir)) {
      try {
        const id = pluginId(name);
        const known = this.#entries.get(id);
        if (known === undefined) this.#entries.set(id, { id, path });
        else known.conflict ??= taken(id, known.path, path);
      } catch (thrown) {
        this.#report("warn", undefined, errorText(thrown));
      }
    }
  }

  /** Reads a plugin that was found, and loads it if it is enabled. Never rejects. */
  async #start(entry: PluginEntry): Promise<void> {
    const read = await this.#read(entry);
    const { only } = this.#options;
    if (read === undefined || !(only?.includes(entry.id) ?? true)) return;
    if (this.#switchedOff(entry.id) !== undefined) return;
    if (this.#records.get(entry.id)?.enabled) await this.#load(entry, read);
  }

  /** Reads a package. What is kept of it is all but the module, which can be megabytes. */
  async #read(entry: PluginEntry): Promise<ReadPlugin | undefined> {
    try {
      // Which of two was meant cannot be known, so neither is read.
      if (entry.conflict !== undefined) throw entry.conflict;
      const read = await readPlugin(entry.path);
      const { wasm: _wasm, ...source } = read.source;
      entry.read = { ...read, source };
      delete entry.error;
      return read;
    } catch (thrown) {
      delete entry.read;
      this.#fail(entry, thrown);
      return undefined;
    }
  }

  async #load(entry: PluginEntry, read: ReadPlugin): Promise<void> {
    const { id } = entry;
    try {
      const record = this.#records.get(id);
      const grant = record && { ...record, local: JSON.parse(record.local) };
      const verdict = grant && effectivePermissions(read.manifest, read.source.sha256, grant);
      if (verdict?.holds !== true) throw changed(id, verdict?.state ?? "it was never enabled");
      const { permissions, local } = verdict;
      const denied = deniedText(local);
      if (denied !== undefined) this.#report("warn", id, `Granted but not reachable: ${denied}`);
      const { musicServer, clock, pluginLimits, settings } = this.#options;
      const assignment = assignmentOf(record);
      const own = settings?.[id]?.limits;
      const services = { ...pluginLimits?.services, ...own?.services };
      const pluginLimit = { ...pluginLimits, ...own, services };
      const limits = limitsOfPlugin(this.#limits, pluginLimit);
      const functions = grantedFunctions(read.manifest, permissions, pluginLimit);
      const admitted = admitPlugin(read, functions, limits);
      const dataFolder = this.#folder.pluginData(id);
      const log = pluginLog(this.#sink, id);
      entry.loaded = new LoadedPlugin({
        id,
        manifest: read.manifest,
        permissions,
        network: new PluginNetwork({
          id,
          permissions,
          local,
          network: this.#network,
          limits: pluginLimit,
          onRefusal: ({ code, url, reason, told }) => {
            if (!told) this.#count(code);
            this.#record(id, code, url, reason);
          },
        }),
        admitted,
        module: await this.#modules.compile(admitted.bytes),
        config: this.#options.config?.[id] ?? {},
        dataFolder,
        mounts: await foldersOf({ permissions, assignment, musicServer, dataFolder, log }),
        assignment,
        serviceLimits: services,
        musicServer,
        clock,
        limits,
        logLevel: this.#options.logLevel ?? "info",
        log,
      });
      if (this.#options.only === undefined) await this.#init(entry.loaded);
    } catch (thrown) {
      this.#fail(entry, thrown);
    }
  }

  /** Why the configuration keeps a plugin from running, if it does. */
  #switchedOff(id: string): string | undefined {
    const { enabled, settings } = this.#options;
    if (enabled === false) return "plugins are switched off in the configuration";
    return settings?.[id]?.enabled === false
      ? "it is switched off in the configuration"
      : undefined;
  }

  /** As upstream: a plugin whose `nd_on_init` fails stays loaded. */
  async #init(plugin: LoadedPlugin): Promise<void> {
    try {
      await notifyInit(plugin);
    } catch (thrown) {
      this.#report("error", plugin.id, errorText(thrown));
    }
  }

  async #stop(entry: PluginEntry): Promise<void> {
    const { loaded } = entry;
    delete entry.loaded;
    await loaded?.unload();
  }

  #fail(entry: PluginEntry, thrown: unknown): void {
    entry.error = thrown instanceof SoundproofError
      ? thrown
      : new SoundproofError("package.unreadable", `Cannot load plugin: ${errorText(thrown)}`, {
        cause: thrown,
      });
    this.#report("error", entry.id, entry.error.message);
  }

  #count(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  /** Writes a refusal into the audit record and into the plugin's log. */
  #record(plugin: string, code: string, subject: string, reason: string): void {
    this.#audit.add({ plugin, code, subject, reason });
    this.#report("warn", plugin || undefined, `${code}: ${subject}: ${reason}`);
  }

  #report(level: "warn" | "error", plugin: string | undefined, message: string): void {
    const time = new Date().toISOString();
    this.#sink({ time, level, ...(plugin !== undefined && { plugin }), message });
  }
}

function assignmentOf(record: PluginRecord | undefined): Assignment {
  return { ...NOTHING_ASSIGNED, ...(record && JSON.parse(record.assignment)) };
}

function taken(id: string, first: string, second: string): SoundproofError {
  return new SoundproofError(
    "package.id_taken",
    `Cannot load plugin "${id}": both "${first}" and "${second}" have this id`,
  );
}

/** Why a grant cannot have its effect while this process runs, if it cannot. */
function deniedText(local: LocalGrant): string | undefined {
  const denied = deniedAddresses(local);
  return denied.length === 0
    ? undefined
    : `the process was started without access to ${
      denied.join(", ")
    }; open it in the configuration ([Network] LocalAddresses) and start the service again`;
}

function changed(id: string, state: string): SoundproofError {
  return new SoundproofError("plugin.changed", `Cannot load plugin "${id}": ${state}`);
}
