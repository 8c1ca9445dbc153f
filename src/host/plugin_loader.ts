import { ModuleCache } from "../cell/mod.ts";
import { type Decision, effectivePermissions } from "../grants/mod.ts";
import type { Json } from "../manifest/mod.ts";
import type { DataFolder } from "../state/mod.ts";
import { foldersOf } from "./assigned_folders.ts";
import type { Chronicle } from "./chronicle.ts";
import { deniedText } from "./denied_addresses.ts";
import { generationOf } from "./generation.ts";
import { HostNetwork } from "./host_network.ts";
import { LoadedPlugin } from "./loaded_plugin.ts";
import { admitPlugin, type ReadPlugin } from "./loading.ts";
import { fullLimits, type HostLimits, limitsOfPlugin, type PluginHostOptions } from "./options.ts";
import { PluginNetwork } from "./plugin_network.ts";
import type { Telemetry } from "../telemetry/mod.ts";

/** Makes plugins that can be called, from packages that were read and what was decided on them. */
export class PluginLoader {
  readonly limits: HostLimits;
  readonly #options: PluginHostOptions;
  readonly #folder: DataFolder;
  readonly #chronicle: Chronicle;
  readonly #modules: ModuleCache;
  readonly #network: HostNetwork;

  readonly #telemetry: Telemetry;

  constructor(
    options: PluginHostOptions,
    folder: DataFolder,
    { chronicle, telemetry }: { readonly chronicle: Chronicle; readonly telemetry: Telemetry },
  ) {
    this.#telemetry = telemetry;
    this.limits = fullLimits(options.limits);
    this.#options = options;
    this.#folder = folder;
    this.#chronicle = chronicle;
    this.#modules = new ModuleCache({
      maxBytes: this.limits.compiledBytes,
      compileMs: this.limits.module.compileMs,
    });
    this.#network = new HostNetwork(
      options.network ?? {},
      ({ pluginId: plugin = "", host, port, code, reason }) => {
        chronicle.count(code);
        chronicle.refused({ plugin, code, subject: `${host}:${port} (gateway)`, reason });
      },
    );
  }

  /**
   * Makes a plugin. None of its code has run when it is there.
   *
   * @param config Its settings.
   * @throws {SoundproofError} `module.*`, `manifest.*`, `services.*`: why it cannot run.
   */
  async load(
    id: string,
    read: ReadPlugin,
    decision: Decision,
    config: Readonly<Record<string, Json>>,
  ): Promise<LoadedPlugin> {
    const chronicle = this.#chronicle;
    const telemetry = this.#telemetry;
    const denied = deniedText(decision);
    if (denied !== undefined) chronicle.log("warn", id, `Granted but not reachable: ${denied}`);
    const { musicServer, clock, pluginLimits, settings, logLevel = "info" } = this.#options;
    const own = settings?.[id]?.limits;
    const serviceLimits = { ...pluginLimits?.services, ...own?.services };
    const pluginLimit = { ...pluginLimits, ...own, services: serviceLimits };
    const limits = limitsOfPlugin(this.limits, pluginLimit);
    const { manifest } = read;
    const granted = effectivePermissions(manifest, decision, pluginLimit);
    const { permissions, addresses, assignment } = granted;
    // Of the bytes nothing is kept: what was compiled from them has its own.
    const { bytes, ...admitted } = admitPlugin(read, granted, limits);
    const module = await this.#modules.compile(bytes);
    const dataFolder = this.#folder.pluginData(id);
    const log = chronicle.logOf(id);
    const mounts = await foldersOf({ permissions, assignment, musicServer, dataFolder, log });
    return new LoadedPlugin({
      id,
      manifest,
      permissions,
      network: new PluginNetwork({
        id,
        permissions,
        addresses,
        network: this.#network,
        limits: pluginLimit,
        onRefusal: ({ code, url, reason, told }) => {
          if (!told) chronicle.count(code);
          chronicle.refused({ plugin: id, code, subject: url, reason });
        },
        telemetry,
      }),
      admitted,
      module,
      generation: await generationOf({ id, manifest, admitted, settings: config, clock }),
      config,
      dataFolder,
      mounts,
      assignment,
      serviceLimits,
      musicServer,
      clock,
      limits,
      logLevel,
      log,
      telemetry,
      onKill: ({ code, export: subject, reason }) => {
        telemetry.killed(id, code === "guest.deadline" ? "deadline" : "lost");
        chronicle.record({ plugin: id, code, subject, reason });
      },
    });
  }

  /** Ends the network of all plugins. */
  async close(): Promise<void> {
    await this.#network.close();
  }
}
