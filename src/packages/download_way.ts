import { type Connect, Gateway, type GatewayLimits, type Resolver } from "../egress/mod.ts";
import { MAX_PACKAGE_BYTES } from "./plugin_package.ts";

/** Of one download, whose time is bounded besides. */
const LIMITS: GatewayLimits = {
  connections: 4,
  bytesUp: 1024 * 1024,
  bytesDown: 2 * MAX_PACKAGE_BYTES,
  connectsPerMinute: 60,
  idleMs: 60_000,
  totalMs: Infinity,
  handshakeMs: 20_000,
};

/** What a way leads through. */
export interface WayOptions {
  /** Private hosts, addresses or CIDRs that are open. */
  readonly addresses?: readonly string[];
  /** For tests: certificates that are trusted beside the usual ones, PEM. */
  readonly caCerts?: readonly string[];
  /** For tests: another resolver than the system's. */
  readonly resolver?: Resolver;
  /** For tests: opens connections to judged addresses otherwise than directly. */
  readonly connect?: Connect;
}

/** A client that reaches the network through a gateway of its own, and what that has refused last. */
export interface Way extends AsyncDisposable {
  readonly client: Deno.HttpClient;
  refusal?: { readonly code: string; readonly reason: string };
}

/** Opens one. It is closed at the end of its scope. */
export async function openWay(
  { addresses = [], caCerts = [], resolver, connect }: WayOptions,
): Promise<Way> {
  const gateway = await Gateway.listen({
    ...(resolver !== undefined && { resolver }),
    ...(connect !== undefined && { connect }),
    onRefusal: (refusal) => way.refusal = refusal,
  });
  const { username, password } = gateway.admit({
    pluginId: "",
    allowsHostPort: () => true,
    addresses: { localNetwork: false, named: addresses },
    limits: LIMITS,
  });
  const client = Deno.createHttpClient({
    proxy: {
      transport: "socks5",
      // The h: names go to the gateway, which alone resolves them.
      url: `socks5h://127.0.0.1:${gateway.port}`,
      basicAuth: { username, password },
    },
    caCerts: [...caCerts],
  });
  const way: Way = {
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await gateway.close();
    },
  };
  return way;
}
