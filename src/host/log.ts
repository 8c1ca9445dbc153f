import type { LogLevel } from "../cell/mod.ts";

/** One line of the log. */
export interface LogEntry {
  /** When it was written, in ISO 8601. */
  readonly time: string;
  /** How bad it is. */
  readonly level: LogLevel;
  /** The plugin it is of or about; absent for the host itself. */
  readonly plugin?: string;
  /** What happened; from a plugin, with control characters made visible. */
  readonly message: string;
}

/** Takes log entries. Must not throw. */
export type LogSink = (entry: LogEntry) => void;

/** Writes log entries about one plugin. */
export type PluginLog = (level: LogLevel, message: string) => void;

/** The log of one plugin within the host's. */
export function pluginLog(sink: LogSink, plugin: string): PluginLog {
  return (level, message) => sink({ time: new Date().toISOString(), level, plugin, message });
}
