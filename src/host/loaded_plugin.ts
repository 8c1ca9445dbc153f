import { SoundproofError } from "../errors.ts";
import type { CallOptions, GuestCaller } from "../capabilities/mod.ts";
import {
  type AdmittedModule,
  BUILT_IN_HTTP,
  type CallResult,
  CellPool,
  FILES,
  type GuestLog,
  type LogLevel,
  type PoolCounters,
  visible,
} from "../cell/mod.ts";
import type { Assignment } from "../grants/mod.ts";
import { configMap, type Json, type Manifest, type Permissions } from "../manifest/mod.ts";
import {
  type Clock,
  HostServices,
  type Mount,
  Mounts,
  type MountSession,
  type MusicServer,
  type ServiceLimits,
} from "../services/mod.ts";
import type { PluginLog } from "./log.ts";
import { maskerOf } from "./masking.ts";
import type { HostLimits } from "./options.ts";
import { outputOf } from "./outcome.ts";
import type { PluginNetwork } from "./plugin_network.ts";

/** A plugin that runs and can be called. */
export interface Plugin extends GuestCaller {
  /** What its cells have done and how many there are. */
  readonly counters: PoolCounters;
}

/** How often a plugin's calls look at the memory of the process. Milliseconds. */
const HEED_MEMORY_MS = 50;

/** Everything a plugin is loaded from. */
export interface PluginParts {
  readonly id: string;
  readonly manifest: Manifest;
  readonly permissions: Permissions;
  /** The way out to the network; closed with the plugin. */
  readonly network: PluginNetwork;
  readonly admitted: AdmittedModule;
  readonly module: WebAssembly.Module;
  /** The administrator's settings. */
  readonly config: Readonly<Record<string, Json>>;
  /** Folder of the plugin's own data. */
  readonly dataFolder: string;
  /** The folders its guests find. */
  readonly mounts: readonly Mount[];
  /** Whose data it gets. */
  readonly assignment: Assignment;
  /** Ceilings of its host services that differ from the defaults. */
  readonly serviceLimits: Partial<ServiceLimits>;
  /** What it can see of a music server. */
  readonly musicServer: MusicServer | undefined;
  /** Another clock than the machine's. */
  readonly clock: Clock | undefined;
  readonly limits: HostLimits;
  readonly logLevel: LogLevel;
  readonly log: PluginLog;
}

/** A plugin that runs: its cells and its host services. */
export class LoadedPlugin implements Plugin {
  readonly id: string;
  /** Names of the functions its module exports. */
  readonly exports: ReadonlySet<string>;
  readonly #parts: PluginParts;
  readonly #services: HostServices;
  readonly #pool: CellPool;
  readonly #mounts: Mounts;
  readonly #mask: (text: string) => string;
  /** Open files of each call that runs, by its signal. */
  readonly #files = new WeakMap<AbortSignal, MountSession>();
  #heededAt = 0;
  /** Signals of calls that wait for a host function. */
  readonly #insideCalls = new WeakSet<AbortSignal>();

  /**
   * Makes the services and the pool. No cell is started and no guest code runs.
   *
   * @throws {SoundproofError} `services.*` where a service cannot be made.
   */
  constructor(parts: PluginParts) {
    const { id, admitted, limits, musicServer, clock } = parts;
    this.id = id;
    this.#mask = maskerOf(parts.manifest, parts.config);
    this.exports = new Set(admitted.exports.keys());
    this.#parts = parts;
    const config = configMap(parts.manifest, parts.config);
    this.#services = HostServices.open({
      pluginId: id,
      permissions: parts.permissions,
      functions: new Set(admitted.functions),
      config,
      dataFolder: parts.dataFolder,
      callGuest: (name, input, signal, inside) => this.#callBack(name, input, signal, inside),
      exports: this.exports,
      egress: parts.network,
      log: (level, text) => this.#log(level, text),
      users: parts.assignment.users,
      libraries: parts.assignment.libraries,
      limits: parts.serviceLimits,
      ...(musicServer !== undefined && { musicServer }),
      ...(clock !== undefined && { clock }),
    });
    this.#mounts = new Mounts(parts.mounts);
    this.#pool = new CellPool({
      module: parts.module,
      functions: [
        ...admitted.functions,
        // Extism's HTTP is part of its kernel, so every guest can call it: it is refused where refusals are told.
        BUILT_IN_HTTP,
        ...(this.#mounts.mounts.length === 0 ? [] : [FILES]),
      ],
      mounts: this.#mounts.mounts.map(({ name, writable }) => ({ name, writable })),
      config,
      logLevel: parts.logLevel,
      limits: limits.cell,
      handle: (name, request, signal) => this.#answer(name, request, signal),
    }, limits.pool);
  }

  /** What the plugin's cells have done and how many there are. */
  get counters(): PoolCounters {
    return this.#pool.counters;
  }

  /** Calls an export on a fresh instance; see {@link GuestCaller.call}. */
  call(name: string, input: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#run(name, input, options, false);
  }

  /** @param nested Whether a call of this plugin waits for this one, and so cannot be waited for. */
  async #run(
    name: string,
    input: Uint8Array,
    options: CallOptions,
    nested: boolean,
  ): Promise<Uint8Array> {
    this.#checkExport(name);
    const ceilingMs = this.#parts.limits.cell.callTimeoutMs;
    const timeoutMs = Math.min(options.timeoutMs ?? ceilingMs, ceilingMs);
    const { outcome, log } = await this.#pool.call(name, input, {
      timeoutMs,
      signal: options.signal,
      nested,
    });
    this.#writeLog(log);
    this.#heedMemory();
    return outputOf(this.#masked(outcome), { plugin: this.id, export: name, timeoutMs });
  }

  /** Ends everything the plugin has running. */
  async unload(): Promise<void> {
    await this.#services.close();
    await this.#parts.network.close();
    this.#pool.close();
  }

  #answer(
    name: string,
    request: Uint8Array,
    signal: AbortSignal,
  ): Uint8Array | Promise<Uint8Array> {
    if (name === BUILT_IN_HTTP) return this.#parts.network.sendBuiltIn(request, signal);
    if (name === FILES) return this.#session(signal).answer(request);
    this.#insideCalls.add(signal);
    return this.#services.call(name, request, signal);
  }

  /** The files of a call; they are closed with it. */
  #session(signal: AbortSignal): MountSession {
    const known = this.#files.get(signal);
    if (known !== undefined) return known;
    const session = this.#mounts.session();
    this.#files.set(signal, session);
    signal.addEventListener("abort", () => session.close());
    return session;
  }

  /** A call that a service makes; what it rejects with reads as upstream's. */
  async #callBack(
    name: string,
    input: Uint8Array,
    signal?: AbortSignal,
    inside?: AbortSignal,
  ): Promise<Uint8Array> {
    const nested = inside !== undefined && this.#insideCalls.has(inside);
    try {
      return await this.#run(name, input, signal === undefined ? {} : { signal }, nested);
    } catch (thrown) {
      if (!(thrown instanceof SoundproofError)) throw thrown;
      throw new Error(thrown.detail || thrown.message, { cause: thrown });
    }
  }

  #checkExport(name: string): void {
    const type = this.#parts.admitted.exports.get(name);
    if (type === undefined) {
      throw new SoundproofError(
        "guest.export_unknown",
        `Cannot call "${visible(name, 100)}" of plugin "${this.id}": it has no such export`,
        { detail: `function not found: ${name}` },
      );
    }
    if (type.parameters !== "" || (type.results !== "" && type.results !== "i")) {
      throw new SoundproofError(
        "guest.export_type",
        `Cannot call "${name}" of plugin "${this.id}": it takes parameters or returns more than one i32`,
      );
    }
  }

  /** Asking takes as long as a small guest's call, so it is not asked after each. */
  #heedMemory(): void {
    const now = performance.now();
    if (now - this.#heededAt < HEED_MEMORY_MS) return;
    this.#heededAt = now;
    if (Deno.memoryUsage().rss > this.#parts.limits.pressureBytes) this.#pool.endIdle();
  }

  /** The plugin's own words without its sensitive settings: they end in logs and in the API. */
  #masked(outcome: CallResult["outcome"]): CallResult["outcome"] {
    return outcome.kind === "returned" && outcome.error !== undefined
      ? { ...outcome, error: this.#mask(outcome.error) }
      : outcome;
  }

  #log(level: LogLevel, text: string): void {
    this.#parts.log(level, this.#mask(text));
  }

  #writeLog({ lines, dropped }: GuestLog): void {
    for (const { level, text } of lines) this.#log(level, text);
    if (dropped > 0) this.#log("warn", `${dropped} more log lines of this call were dropped`);
  }
}
