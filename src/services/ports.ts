/**
 * What services are given from outside: time, the network, the guest, the log, and their ceilings.
 *
 * @module
 */

import type { Permissions } from "../manifest/mod.ts";
import type { MusicServer } from "./music_server.ts";

/** Time, so that tests can drive it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back once after so many milliseconds, never synchronously. Gives the function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The longest delay that the runtime's timers can hold; beyond it they fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (leftMs: number): void => {
      const next = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => leftMs > next ? wait(leftMs - next) : callback(), next);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/** A failure whose text the guest reads as `error`. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
}

/** A request that a plugin wants sent, already of a known shape. Rules on where it may go are the egress room's. */
export interface EgressRequest {
  /** Upper case. */
  readonly method: string;
  /** As the guest wrote it; `http:` or `https:`. */
  readonly url: string;
  /** One value a name; names and values are well formed. */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty for none. */
  readonly body: Uint8Array;
  /** Whether a redirect is followed, each hop judged anew, or handed back. */
  readonly followRedirects: boolean;
  /** More of a body than this is cut off. */
  readonly maxBodyBytes: number;
  /** Redirects that are followed; the egress room's own number unless given. */
  readonly maxRedirects?: number;
  /** Whether a redirect that may not be followed is a fault (unless given), or itself the response. */
  readonly refusedRedirect?: "error" | "response";
}

/** What came back. */
export interface EgressResponse {
  /** Such as 200. */
  readonly status: number;
  /** Names in any letter case; a name that comes twice counts the first time. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Decoded; at most `maxBodyBytes`. */
  readonly body: Uint8Array;
}

/** What a connected WebSocket tells. Calls come one after another; the next waits for the promise of the last. */
export interface SocketEvents {
  /** A text message came. */
  text(message: string): Promise<void>;
  /** A binary message came. */
  binary(data: Uint8Array): Promise<void>;
  /**
   * The other side closed or was lost; nothing comes after it. `code` is 1005 where the close frame had
   * none, 1006 where the connection was lost without one, and then `reason` says how.
   */
  closed(code: number, reason: string): Promise<void>;
}

/** A WebSocket that is open. */
export interface Socket {
  /** Sends a message, and waits while too much is on its way. @throws when the connection is gone. */
  send(message: string | Uint8Array): void | Promise<void>;
  /** Sends a close frame (an empty one for code 1005) and ends the connection within 5 s. */
  close(code: number, reason: string): void | Promise<void>;
}

/** A connection that a plugin wants. */
export interface ConnectRequest {
  /** As the guest wrote it; `ws:` or `wss:`. */
  readonly url: string;
  /** Headers of the handshake besides its own; `Host` may be among them. */
  readonly headers: ReadonlyMap<string, string>;
  /** The largest message that is received; a larger one ends the connection with code 1009. */
  readonly maxMessageBytes: number;
}

/** Why nothing came of a request or a connection. */
export type EgressFault =
  /** The host is not among those the plugin may reach. */
  | "host"
  /** The host is, or resolves to, an address that is never public. */
  | "private"
  /** Some other rule, which the message names. */
  | "rule"
  /** No answer came: resolution, connection, TLS, handshake, protocol. */
  | "transport"
  /** The answer's body could not be read to its end. */
  | "body";

/** What {@link Egress} throws. The services turn it into the texts that guests know. */
export class EgressError extends Error {
  /** Tells this class apart. */
  override readonly name = "EgressError";
  /** What kind of fault it is. */
  readonly fault: EgressFault;
  /** The `Location` as it was written, where a redirect led to the fault. */
  readonly location: string | undefined;

  /** @param message The cause alone, without method or URL. */
  constructor(fault: EgressFault, message: string, location?: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.location = location;
  }
}

/** The way out to the network. It alone decides whether a target is allowed, on every hop. */
export interface Egress {
  /** Sends a request and reads the answer. @throws {EgressError} or, for a fault of transport, any error. */
  send(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse>;
  /** Resolves once the connection is open; `events` are called from then on. Throws as `send` does. */
  connect(request: ConnectRequest, events: SocketEvents, signal: AbortSignal): Promise<Socket>;
}

/**
 * Calls an export of the plugin. Rejects with the text of `extism-abi.md` 1.6, such as `plugin call failed: …`.
 *
 * `inside` is the signal of the guest's call that waits for this one: the cell that it holds cannot be waited for.
 */
export type CallGuest = (
  exportName: string,
  input: Uint8Array,
  signal?: AbortSignal,
  inside?: AbortSignal,
) => Promise<Uint8Array>;

/** How bad a line of the log is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Ceilings on what one plugin can make the host hold. */
export interface ServiceLimits {
  /** Entries of the cache. The oldest in use make room. */
  readonly cacheEntries: number;
  /** Bytes of the cache, keys included. */
  readonly cacheBytes: number;
  /** Keys of the kvstore, however small their values. */
  readonly kvstoreEntries: number;
  /** Bytes of one answer. */
  readonly answerBytes: number;
  /** Schedules that exist at once. */
  readonly schedules: number;
  /** How many of them may recur: finding the next time of a cron expression takes the host 0.1 ms. */
  readonly recurringSchedules: number;
  /** Bytes of the payloads of all schedules. */
  readonly scheduleBytes: number;
  /** Callbacks of the scheduler that run at once. A run beyond it is skipped and logged. */
  readonly scheduleRuns: number;
  /** Task queues, this run of the plugin. */
  readonly queues: number;
  /** Tasks in the database, finished ones included. */
  readonly tasks: number;
  /** Bytes of the payloads of all tasks that are not finished. */
  readonly taskBytes: number;
  /** WebSocket connections open at once. */
  readonly connections: number;
  /** Bytes of one WebSocket message, either way. */
  readonly messageBytes: number;
  /** Requests of `http_send` in flight at once. */
  readonly requests: number;
  /** Songs of one request to the matcher. */
  readonly matchSongs: number;
  /** Keys of all users' preferences. */
  readonly preferences: number;
  /** Bytes of all users' preferences, keys included. */
  readonly preferenceBytes: number;
}

/** Ceilings that hold where none are given. */
export const DEFAULT_LIMITS: ServiceLimits = {
  cacheEntries: 100_000,
  cacheBytes: 64 * 1024 * 1024,
  kvstoreEntries: 100_000,
  answerBytes: 32 * 1024 * 1024,
  schedules: 10_000,
  recurringSchedules: 500,
  scheduleBytes: 16 * 1024 * 1024,
  scheduleRuns: 64,
  queues: 64,
  tasks: 100_000,
  taskBytes: 256 * 1024 * 1024,
  connections: 32,
  messageBytes: 4 * 1024 * 1024,
  requests: 32,
  matchSongs: 5_000,
  preferences: 10_000,
  preferenceBytes: 4 * 1024 * 1024,
};

/** Whose rules hold where services do something by themselves: today's, or those of Navidrome 0.57 to 0.59. */
export type Generation = "extism" | "protobuf";

/** What {@link HostServices} is opened with. */
export interface HostServicesOptions {
  /** Of the plugin; `extism` unless given. */
  readonly generation?: Generation;
  /** The plugin's id. */
  readonly pluginId: string;
  /** Manifest ∩ grant ∩ limits. */
  readonly permissions: Permissions;
  /** The functions the limits allow by name; absent for all that the permissions bring. */
  readonly functions?: ReadonlySet<string>;
  /** Settings as the guest reads them. */
  readonly config: ReadonlyMap<string, string>;
  /** The plugin's own folder for data (`<data folder>/plugins/<id>`); made with mode 0700 when first needed. */
  readonly dataFolder: string;
  /** How the plugin is called back. */
  readonly callGuest: CallGuest;
  /** The names of the module's exports. */
  readonly exports: ReadonlySet<string>;
  /** Where faults go that nobody is told of otherwise. */
  readonly log: (level: LogLevel, text: string) => void;
  /** The machine's own where absent. */
  readonly clock?: Clock;
  /** The way out; without it every request fails. */
  readonly egress?: Egress;
  /** What the host offers of its music server. */
  readonly musicServer?: MusicServer;
  /** Users the plugin is assigned; `"all"` for every user of the server. */
  readonly users?: readonly string[] | "all";
  /** Ids of libraries the plugin is assigned; `"all"` for every library. */
  readonly libraries?: readonly number[] | "all";
  /** Ceilings that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<ServiceLimits>;
}

/** The same with every default filled in: what each service is made from. */
export interface ServiceContext extends HostServicesOptions {
  readonly clock: Clock;
  readonly limits: ServiceLimits;
  readonly users: readonly string[] | "all";
  readonly libraries: readonly number[] | "all";
}
