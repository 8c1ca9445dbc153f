// Lines for the plugin's log. What is below the host's level costs one comparison.

import * as kernel from "./kernel";
import { textToKernel } from "./memory";

/** How much a line matters. */
export enum LogLevel {
  Trace,
  Debug,
  Info,
  Warn,
  Error,
}

export namespace log {
  /** Whether lines of this level are kept; ask before composing an expensive one. */
  export function enabled(level: LogLevel): bool {
    return <i32> level >= kernel.get_log_level();
  }

  export function trace(text: string): void {
    if (enabled(LogLevel.Trace)) kernel.log_trace(textToKernel(text));
  }

  export function debug(text: string): void {
    if (enabled(LogLevel.Debug)) kernel.log_debug(textToKernel(text));
  }

  export function info(text: string): void {
    if (enabled(LogLevel.Info)) kernel.log_info(textToKernel(text));
  }

  export function warn(text: string): void {
    if (enabled(LogLevel.Warn)) kernel.log_warn(textToKernel(text));
  }

  export function error(text: string): void {
    if (enabled(LogLevel.Error)) kernel.log_error(textToKernel(text));
  }
}
