import {
  type Connect,
  Gateway,
  type GatewayLimits,
  type GatewayRefusal,
  type OwnAddress,
  type Resolver,
} from "../egress/mod.ts";

/** What the network of a host is made with. */
export interface HostNetworkOptions {
  /** Where the process listens; never reachable for a plugin. Asked at every request. */
  readonly ownAddresses?: () => readonly OwnAddress[];
  /** For tests: another resolver than the system's. */
  readonly resolver?: Resolver;
  /** For tests: opens connections to judged addresses otherwise than directly. */
  readonly connect?: Connect;
  /** For tests: certificates (PEM) trusted beside the system's. */
  readonly caCerts?: readonly string[];
}

/** Ceilings of each plugin at the gateway. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = Object.freeze({
  connections: 64,
  bytesUp: 1024 ** 3,
  bytesDown: 4 * 1024 ** 3,
  connectsPerMinute: 600,
  idleMs: 120_000,
  totalMs: 24 * 3_600_000,
  handshakeMs: 10_000,
});

/** The one gateway of a host, started when a plugin first needs the network. */
export class HostNetwork {
  readonly options: HostNetworkOptions;
  readonly #onRefusal: (refusal: GatewayRefusal) => void;
  #gateway: Promise<Gateway> | undefined;

  constructor(options: HostNetworkOptions, onRefusal: (refusal: GatewayRefusal) => void) {
    this.options = options;
    this.#onRefusal = onRefusal;
  }

  /** The gateway, listening. */
  gateway(): Promise<Gateway> {
    const { ownAddresses, resolver, connect } = this.options;
    return this.#gateway ??= Gateway.listen({
      ...(ownAddresses !== undefined && { ownAddresses }),
      ...(resolver !== undefined && { resolver }),
      ...(connect !== undefined && { connect }),
      onRefusal: this.#onRefusal,
    });
  }

  /** Ends the gateway, if it was ever started. */
  async close(): Promise<void> {
    await (await this.#gateway)?.close();
  }
}
