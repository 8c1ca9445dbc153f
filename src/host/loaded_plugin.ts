import { errorText, SoundproofError } from "../errors.ts";
import {
  type CallOptions,
  notifyInit,
  type PluginScope,
  type ScopedGuest,
} from "../capabilities/mod.ts";
import {
  type AdmittedModule,
  BUILT_IN_HTTP,
  type CallResult,
  CellPool,
  FILES,
  type GuestLog,
  type LogLevel,
  type PoolCounters,
} from "../cell/mod.ts";
import type { Assignment } from "../grants/mod.ts";
import type { Json, Manifest, Permissions } from "../manifest/mod.ts";
import {
  type Clock,
  HostServices,
  type Mount,
  Mounts,
  type MountSession,
  type MusicServer,
  type ServiceLimits,
} from "../services/mod.ts";
import type { GuestGeneration } from "./generation.ts";
import type { PluginLog } from "./log.ts";
import { maskerOf } from "./masking.ts";
import type { HostLimits } from "./options.ts";
import { outputOf } from "./outcome.ts";
import type { PluginNetwork } from "./plugin_network.ts";
import type { CallTelemetry, Telemetry } from "../telemetry/mod.ts";

/** How long a version that is replaced may take beyond the longest deadline of a call. Milliseconds. */
const RETIRE_MARGIN_MS = 1_000;

/** How often a plugin's calls look at the memory of the process. Milliseconds. */
const HEED_MEMORY_MS = 50;

/** Everything a plugin is loaded from. */
export interface PluginParts {
  readonly id: string;
  readonly manifest: Manifest;
  readonly permissions: Permissions;
  /** The way out to the network; closed with the plugin. */
  readonly network: PluginNetwork;
  readonly admitted: Omit<AdmittedModule, "bytes">;
  readonly module: WebAssembly.Module;
  readonly generation: GuestGeneration;
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
  /** Told of every call and host call. */
  readonly telemetry: Telemetry;
  /** Told of every call that had to be ended. */
  readonly onKill: (kill: Kill) => void;
}

/** A call that had to be ended. */
export interface Kill {
  readonly code: "guest.deadline" | "guest.lost";
  /** The export that was called. */
  readonly export: string;
  /** Why, in words. */
  readonly reason: string;
}

/** A plugin that runs: its cells and its host services. */
export class LoadedPlugin implements ScopedGuest {
  readonly id: string;
  /** Today's names of what it can be asked. */
  readonly exports: ReadonlySet<string>;
  /** Of whom and of what it may be told. */
  readonly scope: PluginScope;
  readonly #parts: PluginParts;
  readonly #services: HostServices;
  /** What answers its guests' host calls. */
  readonly #functions: Pick<HostServices, "call">;
  readonly #pool: CellPool;
  readonly #mounts: Mounts;
  readonly #mask: (text: string) => string;
  /** Open files of each call that runs, by its signal. */
  readonly #files = new WeakMap<AbortSignal, MountSession>();
  #heededAt = 0;
  /** Calls from outside that run or wait. */
  readonly #calls = new Set<Promise<unknown>>();
  /** Calls that its services make by themselves, not from inside a call. */
  readonly #callbacks = new Set<Promise<unknown>>();
  /** Aborted once it is being unloaded. */
  readonly #ended = new AbortController();
  #rests = false;
  #unloading: Promise<void> | undefined;
  /** Signals of calls that wait for a host function. */
  readonly #insideCalls = new WeakSet<AbortSignal>();

  /**
   * Makes the services and the pool. No cell is started and no guest code runs.
   *
   * @throws {SoundproofError} `services.*` where a service cannot be made.
   */
  constructor(parts: PluginParts) {
    const { id, admitted, generation, limits, musicServer, clock } = parts;
    this.id = id;
    this.#mask = maskerOf(parts.manifest, parts.config);
    this.exports = generation.exports;
    this.scope = scopeOf(parts);
    this.#parts = parts;
    const { config } = generation;
    const log = (level: "debug" | "info" | "warn" | "error", text: string) =>
      this.#log(level, text);
    this.#services = HostServices.open({
      pluginId: id,
      generation: generation.generation,
      permissions: parts.permissions,
      functions: new Set(admitted.functions),
      config,
      dataFolder: parts.dataFolder,
      callGuest: (name, input, signal, inside) => this.#callBack(name, input, signal, inside),
      exports: this.exports,
      egress: parts.network,
      log,
      users: parts.assignment.users,
      libraries: parts.assignment.libraries,
      limits: parts.serviceLimits,
      ...(musicServer !== undefined && { musicServer }),
      ...(clock !== undefined && { clock }),
    });
    this.#functions = generation.functions(this.#services, log);
    this.#mounts = new Mounts(parts.mounts);
    this.#pool = new CellPool({
      module: parts.module,
      abi: generation.abi,
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
    }, limits.pool);
  }

  /** What the plugin's cells have done and how many there are. */
  get counters(): PoolCounters {
    return this.#pool.counters;
  }

  /** What its services keep. */
  get stored(): HostServices["counters"] {
    return this.#services.counters;
  }

  /** Calls an export on a fresh instance; see {@link GuestCaller.call}. */
  call(name: string, input: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    return tracked(this.#calls, this.#run(name, input, options, false));
  }

  /** @param nested Whether a call of this plugin waits for this one, and so cannot be waited for. */
  async #run(
    name: string,
    input: Uint8Array,
    options: CallOptions,
    nested: boolean,
  ): Promise<Uint8Array> {
    const { generation } = this.#parts;
    const question = generation.question(name, input);
    const ceilingMs = this.#parts.limits.cell.callTimeoutMs;
    const timeoutMs = Math.min(options.timeoutMs ?? ceilingMs, ceilingMs);
    const told = this.#parts.telemetry.call(this.id, name);
    try {
      const { outcome, log } = await this.#pool.call(question.export, question.input, {
        timeoutMs,
        signal: options.signal,
        nested,
        handle: (name, request, signal) => this.#answer(name, request, signal, told),
      });
      this.#writeLog(log);
      this.#heedMemory();
      const output = outputOf(this.#masked(generation.answer(name, outcome)), {
        plugin: this.id,
        export: name,
        timeoutMs,
      });
      told.end();
      return output;
    } catch (thrown) {
      told.end(thrown instanceof SoundproofError ? thrown.code : "host.fault");
      this.#tellKill(name, thrown);
      throw thrown;
    }
  }

  /**
   * Tells the plugin that it has been loaded. As upstream: one whose `nd_on_init` fails stays loaded, but one of
   * the older generation does not (`protobuf-abi.md`, 5.14).
   *
   * @throws {SoundproofError} A code of `guest.*` or `pool.*`, where it must not stay loaded.
   */
  async initialise(): Promise<void> {
    try {
      await notifyInit(this);
    } catch (thrown) {
      if (this.#parts.generation.generation === "protobuf") throw thrown;
      this.#log("error", errorText(thrown));
    }
  }

  /**
   * Does nothing by itself any more, such as schedules and tasks, and goes on answering calls: another version is about
   * to take its place. Resolves when nothing of the kind is under way, which each call's deadline bounds.
   */
  async rest(): Promise<void> {
    const services = this.#services.rest();
    this.#rests = true;
    await services;
    await Promise.allSettled(this.#callbacks);
  }

  /** Begins what was asked of the version before it while that rested; it has ended only now. */
  takeOver(): void {
    this.#services.takeOver();
  }

  /** Lets the calls that run end, each by its own deadline, and then ends everything else. */
  async retire(): Promise<void> {
    const limitMs = this.#parts.limits.cell.callTimeoutMs + RETIRE_MARGIN_MS;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, limitMs);
    await Promise.race([Promise.allSettled(this.#calls), late.promise]);
    clearTimeout(timer);
    await this.unload();
  }

  /** Ends everything the plugin has running. A second call waits for the first. */
  unload(): Promise<void> {
    return this.#unloading ??= this.#unload();
  }

  async #unload(): Promise<void> {
    this.#ended.abort();
    await this.#services.close();
    await this.#parts.network.close();
    this.#pool.close();
  }

  /** Calls that end with the plugin are nobody's fault. */
  #tellKill(name: string, thrown: unknown): void {
    if (!(thrown instanceof SoundproofError) || this.#ended.signal.aborted) return;
    const { code, message } = thrown;
    if (code !== "guest.deadline" && code !== "guest.lost") return;
    this.#parts.onKill({ code, export: name, reason: message });
  }

  #answer(
    name: string,
    request: Uint8Array,
    signal: AbortSignal,
    told: CallTelemetry,
  ): Uint8Array | Promise<Uint8Array> {
    if (name === FILES) return this.#session(signal).answer(request);
    return told.hostCall(name, () => {
      if (name === BUILT_IN_HTTP) return this.#parts.network.sendBuiltIn(request, signal);
      this.#insideCalls.add(signal);
      return this.#functions.call(name, request, signal);
    });
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
    const options = signal === undefined ? {} : { signal };
    try {
      if (nested) return await this.#run(name, input, options, true);
      if (this.#rests) await this.#untilEnded(signal);
      return await tracked(this.#callbacks, this.#run(name, input, options, false));
    } catch (thrown) {
      if (!(thrown instanceof SoundproofError)) throw thrown;
      throw new Error(thrown.detail || thrown.message, { cause: thrown });
    }
  }

  /** Never resolves: what a plugin that rests would do by itself, the next version does. */
  #untilEnded(signal: AbortSignal = this.#ended.signal): Promise<never> {
    const ended = AbortSignal.any([signal, this.#ended.signal]);
    return new Promise((_, reject) => {
      const end = () => reject(new Error("context canceled"));
      if (ended.aborted) end();
      else ended.addEventListener("abort", end, { once: true });
    });
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

/** A promise that is a member of a set until it is settled. */
function tracked<T>(all: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  all.add(promise);
  const forget = () => void all.delete(promise);
  promise.then(forget, forget);
  return promise;
}

function scopeOf({ generation, permissions, assignment }: PluginParts): PluginScope {
  // The older generation cannot ask for users: it is told of all, unless an administrator assigns some.
  const isOlder = generation.generation === "protobuf";
  const users = isOlder && assignment.users.length === 0 ? "all" : assignment.users;
  return {
    users: isOlder || permissions.users !== undefined ? users : [],
    libraries: permissions.library?.filesystem === true ? assignment.libraries : [],
  };
}
