import { parseDuration, parseSize, type ServiceLimits } from "../services/mod.ts";

/** Ceilings of one plugin that an administrator sets; what is absent is as for every plugin. */
export interface PluginLimits {
  /** `HostFunctions`: those it may import, whatever its permissions bring. */
  readonly hostFunctions?: readonly string[];
  /** `Timeout`: wall-clock time of one call. Milliseconds. */
  readonly callTimeoutMs?: number;
  /** `Memory`: linear memory of its guests. Bytes. */
  readonly memoryBytes?: number;
  /** `RequestTimeout`: of one request to the network, redirects included. Milliseconds. */
  readonly requestTimeoutMs?: number;
  /** `MaxRequestSize`: body of one request to the network. Bytes. */
  readonly requestBytes?: number;
  /** `MaxResponseSize`: body of one response, decompressed. Bytes. */
  readonly responseBytes?: number;
  /** `RequestsPerMinute`: requests and WebSocket handshakes started in a minute. */
  readonly requestsPerMinute?: number;
  /** What the host services hold for it; `Schedules`, `Tasks` and `Connections` are of these. */
  readonly services?: Partial<ServiceLimits>;
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
export function readLimits(table: LimitsTable): PluginLimits {
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
