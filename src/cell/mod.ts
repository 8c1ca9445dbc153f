/**
 * The cell: where guests run, and the only place where they do.
 *
 * The room promises that a module is admitted before it is compiled (`admission.ts`, wall 1), that a
 * guest runs in a worker without any permission, on a fresh instance, under a deadline and ceilings
 * (`guest.ts`, wall 2), and that nothing a cell sends is believed (`cell.ts`, `protocol.ts`). It never
 * knows what a host function does: it carries bytes. Begin with `cell_pool.ts` and follow a call down.
 *
 * @module
 */

export { admitModule } from "./admission.ts";
export type { AdmissionPolicy, AdmittedModule } from "./admission.ts";
export type { FunctionType } from "./module_parts.ts";
export { ENV_MODULE, GUEST_SERVICES } from "./abi/go_plugin.ts";
export type { GuestMethod } from "./abi/go_plugin.ts";
export type { Abi } from "./abi/guest_abi.ts";
export { GRACE_MS } from "./cell.ts";
export type { CallResult, CellProgram, HostCallHandler } from "./cell.ts";
export { CellPool, DEFAULT_POOL_LIMITS } from "./cell_pool.ts";
export type { PoolCallOptions, PoolCounters, PoolLimits } from "./cell_pool.ts";
export { deadlinesHold } from "./deadline_probe.ts";
export { ERRNO, MAX_TRANSFER_BYTES } from "./files.ts";
export type {
  Errno,
  FileEntry,
  FileKind,
  FilePlace,
  FileRequest,
  FileResponse,
  FileStat,
  MountPoint,
} from "./files.ts";
export { decodeFrame, encodeFrame } from "./frame.ts";
export { collectGarbage } from "./garbage.ts";
export { importsExtism } from "./imported_modules.ts";
export { DEFAULT_CELL_LIMITS, DEFAULT_MODULE_LIMITS } from "./limits.ts";
export type { CellLimits, ModuleLimits } from "./limits.ts";
export { ModuleCache } from "./module_cache.ts";
export type { ModuleCacheOptions } from "./module_cache.ts";
export { BUILT_IN_HTTP, FILES, LOG_LEVELS, visible } from "./protocol.ts";
export type { GuestLog, GuestLogLine, GuestOutcome, LogLevel } from "./protocol.ts";
