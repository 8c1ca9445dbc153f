import { parseDuration, parseSize } from "../services/mod.ts";

/** Ceilings of a plugin; what is absent is as it is for every plugin. Times in milliseconds, sizes in bytes. */
export interface ConfiguredLimits {
  /** `HostFunctions` */
  readonly hostFunctions?: readonly string[];
  /** `Timeout`: of one call. */
  readonly callTimeoutMs?: number;
  /** `Memory`: of its guests. */
  readonly memoryBytes?: number;
  /** `RequestTimeout`: of one request to the network. */
  readonly requestTimeoutMs?: number;
  /** `MaxRequestSize`: of the body of one request to the network. */
  readonly requestBytes?: number;
  /** `MaxResponseSize`: of the body of one response. */
  readonly responseBytes?: number;
  /** `RequestsPerMinute` */
  readonly requestsPerMinute?: number;
  /** `Schedules`, `Tasks`, `Connections`: that exist at once. */
  readonly services?: {
    readonly schedules?: number;
    readonly tasks?: number;
    readonly connections?: number;
  };
}

/** A table of limits as the schema lets it through. */
export interface LimitsTable {
  readonly HostFunctions?: readonly string[];
  readonly Timeout?: string;
  readonly RequestTimeout?: string;
  readonly Memory?: string | number;
  readonly MaxRequestSize?: string | number;
  readonly MaxResponseSize?: string | number;
  readonly RequestsPerMinute?: number;
  readonly Schedules?: number;
  readonly Tasks?: number;
  readonly Connections?: number;
}

/** Limits in units that the host counts in. */
export function readLimits(table: LimitsTable): ConfiguredLimits {
  const services = defined({
    schedules: table.Schedules,
    tasks: table.Tasks,
    connections: table.Connections,
  });
  return defined({
    hostFunctions: table.HostFunctions,
    callTimeoutMs: milliseconds(table.Timeout),
    requestTimeoutMs: milliseconds(table.RequestTimeout),
    memoryBytes: bytesOf(table.Memory),
    requestBytes: bytesOf(table.MaxRequestSize),
    responseBytes: bytesOf(table.MaxResponseSize),
    requestsPerMinute: table.RequestsPerMinute,
    services: Object.keys(services).length > 0 ? services : undefined,
  });
}

/** Bytes of a size as the schema lets it through. */
export function bytesOf(size: string | number | undefined): number | undefined {
  return typeof size === "string" ? parseSize(size) : size;
}

function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : Math.ceil(parseDuration(duration) ?? 0);
}

/** An object without those of its properties that are `undefined`. */
export function defined<T extends object>(
  value: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
