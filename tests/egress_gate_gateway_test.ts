import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Gate, Gateway } from "../src/egress/mod.ts";
import type { GatewayRefusal } from "../src/egress/gateway_policy.ts";
import { gateRequest, NEVER, refused } from "./support/gate_fixture.ts";

const LIMITS = {
  connections: 8,
  bytesUp: 1e6,
  bytesDown: 1e6,
  connectsPerMinute: 100,
  idleMs: 60_000,
  totalMs: 60_000,
  handshakeMs: 5_000,
};
const ANSWERS: Record<string, string[]> = {
  "named.example.com": ["127.0.0.1"],
  "rebound.example.com": ["93.184.215.14", "10.0.0.1"],
  "mapped.example.com": ["::ffff:169.254.169.254"],
  "nobody.example.com": [],
};

Deno.test("through the real gateway: a granted host answers, a private answer of DNS is refused", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hi"),
  );
  const refusals: GatewayRefusal[] = [];
  const gateway = await Gateway.listen({
    resolver: { resolve: (name) => Promise.resolve(ANSWERS[name] ?? []) },
    onRefusal: (refusal) => refusals.push(refusal),
  });
  const pass = gateway.admit({
    pluginId: "test",
    allowsHostPort: (host) => host.endsWith(".example.com") && host !== "ungranted.example.com",
    addresses: { localNetwork: false, named: ["named.example.com"] },
    limits: LIMITS,
  });
  const gate = new Gate({
    rules: { http: { hosts: ["*.example.com"] } },
    gateway: { port: gateway.port, username: pass.username, password: pass.password },
  });
  const get = (host: string) =>
    gate.send(gateRequest(`http://${host}:${server.addr.port}/`), NEVER);

  strictEqual((await get("named.example.com")).status, 200);
  strictEqual(pass.counters.connections, 1);
  for (const host of ["rebound", "mapped", "ungranted"]) {
    await refused(get(`${host}.example.com`), "egress.address_refused");
  }
  await refused(get("nobody.example.com"), "egress.transport");
  deepStrictEqual(refusals.map(({ host }) => host.split(".")[0]), [
    "rebound",
    "mapped",
    "ungranted",
    "nobody",
  ]);
  pass.revoke();
  await refused(get("named.example.com"), "egress.transport");
  await gate.close();
  await gateway.close();
  await server.shutdown();
});
