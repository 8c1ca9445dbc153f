import {
  type Connect,
  type GateLimits,
  Gateway,
  type GatewayLimits,
  type GatewayPass,
  type GatewayPolicy,
  type GatewayRefusal,
  type OwnAddress,
  type PlayedNetwork,
  type Resolver,
} from "../egress/mod.ts";

/** What the network of a host is made with. */
export interface HostNetworkOptions {
  /** Where the process listens; never reachable for a plugin. Asked at every request. */
  readonly ownAddresses?: () => readonly OwnAddress[];
  /** Ceilings of each plugin at the gateway, other than the defaults. */
  readonly gatewayLimits?: Partial<GatewayLimits>;
  /** Ceilings of each plugin's gate, other than the defaults. */
  readonly gateLimits?: Partial<GateLimits>;
  /** For tests: another resolver than the system's. */
  readonly resolver?: Resolver;
  /** For tests: opens connections to judged addresses otherwise than directly. */
  readonly connect?: Connect;
  /** For tests: certificates (PEM) trusted beside the system's. */
  readonly caCerts?: readonly string[];
  /** For tests: another worker than the gate's own, to take that wall down or to play an enemy. */
  readonly gateWorker?: URL;
  /** For tests of plugins: stands in the place of the internet, so that nothing is reached and nobody listens. */
  readonly play?: PlayedNetwork;
}

/** Ceilings of each plugin at the gateway. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = Object.freeze({
  connections: 64,
  bytesUp: 1024 ** 3,
  bytesDown: 4 * 1024 ** 3,
  connectsPerMinute: 600,
  idleMs: 3_600_000,
  totalMs: 24 * 3_600_000,
  handshakeMs: 10_000,
});

/** The one gateway of a host, started when a plugin first needs the network. */
export class HostNetwork {
  readonly options: HostNetworkOptions;
  readonly #onRefusal: (refusal: GatewayRefusal) => void;
  readonly #listeners = new Map<string, (refusal: GatewayRefusal) => void>();
  #gateway: Promise<Gateway> | undefined;

  constructor(options: HostNetworkOptions, onRefusal: (refusal: GatewayRefusal) => void) {
    this.options = options;
    this.#onRefusal = onRefusal;
  }

  /**
   * A place at the gateway, which is started if it does not listen yet.
   *
   * @param onRefusal Told of every refusal of this plugin, before the plugin is.
   */
  async admit(
    policy: GatewayPolicy,
    onRefusal: (refusal: GatewayRefusal) => void,
  ): Promise<{ readonly port: number; readonly pass: GatewayPass }> {
    const gateway = await this.#listen();
    this.#listeners.set(policy.pluginId, onRefusal);
    return { port: gateway.port, pass: gateway.admit(policy) };
  }

  #listen(): Promise<Gateway> {
    const { ownAddresses, resolver, connect } = this.options;
    return this.#gateway ??= Gateway.listen({
      ...(ownAddresses !== undefined && { ownAddresses }),
      ...(resolver !== undefined && { resolver }),
      ...(connect !== undefined && { connect }),
      onRefusal: (refusal) => {
        this.#onRefusal(refusal);
        this.#listeners.get(refusal.pluginId ?? "")?.(refusal);
      },
    });
  }

  /** Ends the gateway, if it was ever started. */
  async close(): Promise<void> {
    await (await this.#gateway)?.close();
  }
}
