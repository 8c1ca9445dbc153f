/** The gateway with a name for loopback, for the benchmark. */
import { Gateway, type GatewayAddress } from "../../src/egress/mod.ts";

export async function benchGateway(): Promise<GatewayAddress> {
  const gateway = await Gateway.listen({
    resolver: { resolve: () => Promise.resolve(["127.0.0.1"]) },
  });
  const pass = gateway.admit({
    pluginId: "bench",
    allowsHostPort: (host) => host === "localhost",
    addresses: { localNetwork: true, named: ["localhost"] },
    limits: {
      connections: 64,
      bytesUp: Infinity,
      bytesDown: Infinity,
      connectsPerMinute: Infinity,
      idleMs: 60_000,
      totalMs: 600_000,
      handshakeMs: 5_000,
    },
  });
  return { port: gateway.port, username: pass.username, password: pass.password };
}
