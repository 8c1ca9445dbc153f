import {
  type CellLimits,
  DEFAULT_CELL_LIMITS,
  DEFAULT_MODULE_LIMITS,
  DEFAULT_POOL_LIMITS,
  type LogLevel,
  type ModuleLimits,
  type PoolLimits,
} from "../cell/mod.ts";
import type { PluginLimits } from "../configuration/mod.ts";
import type { Json } from "../manifest/mod.ts";
import type { Clock, MusicServer } from "../services/mod.ts";
import type { CapabilityOrder } from "./capability_host.ts";
import type { HostNetworkOptions } from "./host_network.ts";
import type { LogSink } from "./log.ts";

/** Ceilings of a host and its plugins. */
export interface HostLimits {
  /** Of each call and its cell. */
  readonly cell: CellLimits;
  /** Of each plugin's cells. */
  readonly pool: PoolLimits;
  /** Of each module before it is compiled. */
  readonly module: ModuleLimits;
  /** WebAssembly whose compiled form is kept for all plugins. Bytes. */
  readonly compiledBytes: number;
  /** Memory of the process above which no idle cell is kept. Bytes. */
  readonly pressureBytes: number;
}

/** The ceilings that hold where nothing else is configured. */
export const DEFAULT_HOST_LIMITS: HostLimits = Object.freeze({
  cell: DEFAULT_CELL_LIMITS,
  pool: DEFAULT_POOL_LIMITS,
  module: DEFAULT_MODULE_LIMITS,
  compiledBytes: 200_000_000,
  pressureBytes: 2 * 1024 * 1024 * 1024,
});

/** Some of {@link HostLimits}; the others keep their defaults. */
export type SomeLimits = {
  readonly [Part in keyof HostLimits]?: HostLimits[Part] extends number ? number
    : Partial<HostLimits[Part]>;
};

/** What an administrator sets for one plugin besides its configuration. */
export interface PluginSettings {
  /** `false` keeps it from running, whatever was decided before; `true`, as absence, grants nothing. */
  readonly enabled?: boolean;
  /** Where they differ from {@link PluginHostOptions.pluginLimits}. */
  readonly limits?: PluginLimits;
}

/** How a host is opened. */
export interface PluginHostOptions {
  /** Folder for everything that must survive a restart; made with mode 0700 where it is missing. */
  readonly dataDir: string;
  /** Folder of the packages; `plugins` in the data folder unless given. */
  readonly pluginsDir?: string;
  /** Settings of each plugin, by its id. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Whether plugins run at all; they do unless this is `false`. */
  readonly enabled?: boolean;
  /** Whether the plugins folder is followed: what comes, goes or changes there is looked at by itself. */
  readonly autoReload?: boolean;
  /** What is set for each plugin, by its id. */
  readonly settings?: Readonly<Record<string, PluginSettings>>;
  /** Ceilings of every plugin that has none of its own. */
  readonly pluginLimits?: PluginLimits;
  /** The music server that plugins look at. One that needs a part it lacks is refused at its load. */
  readonly musicServer?: MusicServer;
  /** For tests: another clock than the machine's for schedules, tasks and times to live. */
  readonly clock?: Clock;
  /** Which plugins answer a music server's questions, and in which order; all, by id, unless given. */
  readonly order?: CapabilityOrder;
  /** Ceilings other than the defaults. */
  readonly limits?: SomeLimits;
  /** Log lines of plugins below this level are dropped. */
  readonly logLevel?: LogLevel;
  /** Where log entries go; nowhere unless given. */
  readonly log?: LogSink;
  /** The network of plugins: where the process itself listens, above all. */
  readonly network?: HostNetworkOptions;
  /** Loads these plugins alone, without telling them so: for a command that runs once. */
  readonly only?: readonly string[];
}

/** What of it can change while a host is open; what is absent is as if nothing were set. */
export type HostSettings = Pick<
  PluginHostOptions,
  "config" | "enabled" | "settings" | "pluginLimits" | "order" | "logLevel"
>;

const CHANGEABLE: readonly (keyof HostSettings)[] = [
  "config",
  "enabled",
  "settings",
  "pluginLimits",
  "order",
  "logLevel",
];

/** The options of an open host, which everything in it reads anew whenever it needs them. */
export class LiveOptions {
  /** As they are now. */
  readonly now: PluginHostOptions;

  constructor(options: PluginHostOptions) {
    this.now = { ...options };
  }

  /** Takes on other settings. */
  change(settings: HostSettings): void {
    for (const key of CHANGEABLE) {
      if (settings[key] === undefined) Reflect.deleteProperty(this.now, key);
      else Object.assign(this.now, { [key]: settings[key] });
    }
  }

  /** The settings that concern one plugin, to be compared. */
  of(id: string): unknown {
    const { config, enabled, settings, pluginLimits, logLevel } = this.now;
    return [config?.[id], enabled, settings?.[id], pluginLimits, logLevel];
  }
}

/** A host's ceilings as they are for a plugin with limits of its own. */
export function limitsOfPlugin(limits: HostLimits, plugin: PluginLimits): HostLimits {
  const { callTimeoutMs, memoryBytes } = plugin;
  return {
    ...limits,
    cell: {
      ...limits.cell,
      ...(callTimeoutMs !== undefined && { callTimeoutMs }),
      ...(memoryBytes !== undefined && { memoryBytes }),
    },
  };
}

/** The ceilings with every default filled in. */
export function fullLimits(some: SomeLimits = {}): HostLimits {
  const { cell, pool, module, ...numbers } = some;
  return {
    ...DEFAULT_HOST_LIMITS,
    ...numbers,
    cell: { ...DEFAULT_CELL_LIMITS, ...cell },
    pool: { ...DEFAULT_POOL_LIMITS, ...pool },
    module: { ...DEFAULT_MODULE_LIMITS, ...module },
  };
}
