/**
 * The host room: finds, loads, runs and unloads plugins, and wires the rooms below together.
 *
 * @module
 */
import { type ErrorCode, type Problem, SoundproofError } from "../errors.ts";
import type { Json, Manifest } from "../manifest/mod.ts";

/** Ceilings from the configuration. */
export type Limits = Record<string, number>;
/** One line of a log. */
export interface LogEntry {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly plugin?: string;
  readonly message: string;
}
/** A plugin as lists and reviews show it. */
export interface PluginSummary {
  readonly id: string;
  readonly state: "running" | "disabled" | "failed";
  readonly kind: "file" | "folder" | "link";
  readonly path: string;
  readonly sha256: string;
  readonly manifest?: Manifest;
  readonly capabilities: readonly string[];
  readonly exports: readonly string[];
  readonly error?: { code: ErrorCode; message: string; problems: readonly Problem[] };
  readonly warnings: readonly Problem[];
  readonly cells: number;
}
/** What a host is opened with. */
export interface PluginHostOptions {
  dataDir: string;
  pluginsDir?: string;
  config?: Record<string, Record<string, Json>>;
  limits?: Partial<Limits>;
  only?: readonly string[];
  log?: (entry: LogEntry) => void;
}
/** Options of one call. */
export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}
/** A running plugin. */
export interface Plugin {
  readonly id: string;
  call(exportName: string, input: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
}
/** Stand-in until the real host is merged: a host with no plugin. */
export class PluginHost {
  static open(_options: PluginHostOptions): Promise<PluginHost> {
    return Promise.resolve(new PluginHost());
  }
  list(): PluginSummary[] {
    return [];
  }
  info(id: string): PluginSummary {
    throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
  }
  plugin(id: string): Plugin {
    throw new SoundproofError("plugin.unknown", `Cannot find plugin "${id}": none has this id`);
  }
  enable(id: string): Promise<PluginSummary> {
    return Promise.resolve(this.info(id));
  }
  disable(id: string): Promise<PluginSummary> {
    return Promise.resolve(this.info(id));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
/** Reads and checks a package that is not installed. */
export function inspectPackage(path: string): Promise<PluginSummary> {
  throw new SoundproofError("plugin.unknown", `Cannot read "${path}": not built yet`);
}
