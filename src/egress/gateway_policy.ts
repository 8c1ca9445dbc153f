/**
 * What a gateway holds a plugin to, and what it tells about it.
 *
 * @module
 */

import type { ErrorCode } from "../errors.ts";
import type { AddressPolicy } from "./addresses.ts";

/** Why the gateway did not open, or ended, a connection. */
export type GatewayRefusalCode = Extract<
  ErrorCode,
  | "egress.address_refused"
  | "egress.byte_limit"
  | "egress.connect_failed"
  | "egress.connection_limit"
  | "egress.credentials"
  | "egress.handshake_timeout"
  | "egress.host_not_allowed"
  | "egress.malformed"
  | "egress.own_address"
  | "egress.rate_limit"
  | "egress.resolution_failed"
>;

/** One refusal, told before the client has its answer. */
export interface GatewayRefusal {
  /** The plugin; absent where the client did not prove who it is. */
  readonly pluginId?: string;
  /** Host as asked for; empty where the client did not come so far. */
  readonly host: string;
  /** Port as asked for; 0 where the client did not come so far. */
  readonly port: number;
  /** What kind of refusal it is. */
  readonly code: GatewayRefusalCode;
  /** What was wrong, in words: the reason of an address verdict, the error of a connection. */
  readonly reason: string;
}

/** Ceilings of one pass. `Infinity` is no ceiling. */
export interface GatewayLimits {
  /** Connections open at once, those being made included. */
  readonly connections: number;
  /** Bytes from the plugin to all servers in an hour. */
  readonly bytesUp: number;
  /** Bytes from all servers to the plugin in an hour. */
  readonly bytesDown: number;
  /** Connections asked for in a minute, refused ones included. */
  readonly connectsPerMinute: number;
  /** A connection without a byte either way for so long is ended. */
  readonly idleMs: number;
  /** A connection is ended after so long. */
  readonly totalMs: number;
  /** Limit of resolving a name and connecting, all addresses together. */
  readonly handshakeMs: number;
}

/** Which way bytes go: `up` from the plugin to a server. */
export type Direction = "up" | "down";

/** Who a pass is for, and what it may do. */
export interface GatewayPolicy {
  /** The plugin, as refusals name it. */
  readonly pluginId: string;
  /**
   * Whether the grant covers a host (lower case, no brackets, no root dot; an address in canonical
   * text) and a port. See `hostPortCheck` in `host_ports.ts`.
   */
  readonly allowsHostPort: (host: string, port: number) => boolean;
  /** What the grant opens beyond the public internet. */
  readonly addresses: AddressPolicy;
  /** Ceilings of the pass. */
  readonly limits: GatewayLimits;
  /** Told of bytes as they go through. */
  readonly onBytes?: (direction: Direction, bytes: number) => void;
}

/** What a pass has done so far. */
export interface GatewayCounters {
  /** Connections open now. */
  open: number;
  /** Connections made, of all times. */
  connections: number;
  /** Bytes from the plugin to servers. */
  bytesUp: number;
  /** Bytes from servers to the plugin. */
  bytesDown: number;
  /** Refusals by code. */
  readonly refusals: Partial<Record<GatewayRefusalCode, number>>;
}

/** The right to use a gateway: credentials for one gate. */
export interface GatewayPass {
  /** 128 random bits as text. */
  readonly username: string;
  /** 256 random bits as text. */
  readonly password: string;
  /** What was done so far; goes on counting. */
  readonly counters: Readonly<GatewayCounters>;
  /** Forgets the credentials and ends every connection of the pass. */
  revoke(): void;
}
