import {
  type CellLimits,
  DEFAULT_CELL_LIMITS,
  DEFAULT_MODULE_LIMITS,
  DEFAULT_POOL_LIMITS,
  type LogLevel,
  type ModuleLimits,
  type PoolLimits,
} from "../cell/mod.ts";
import type { Json } from "../manifest/mod.ts";
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

/** How a host is opened. */
export interface PluginHostOptions {
  /** Folder for everything that must survive a restart; made with mode 0700 where it is missing. */
  readonly dataDir: string;
  /** Folder of the packages; `plugins` in the data folder unless given. */
  readonly pluginsDir?: string;
  /** Settings of each plugin, by its id. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
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
