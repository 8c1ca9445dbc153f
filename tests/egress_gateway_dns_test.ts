import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Resolver } from "../src/egress/resolver.ts";
import { Client, place, policy, tableResolver, through } from "./support/gateway_place.ts";

const REFUSED_ANSWERS: readonly (readonly [what: string, answers: readonly string[]])[] = [
  ["one private answer", ["10.0.0.1"]],
  ["a public and a private answer", ["93.184.215.14", "192.168.1.1"]],
  ["a private answer last of many", ["93.184.215.14", "8.8.8.8", "2606:4700::1", "169.254.1.1"]],
  ["a mapped loopback", ["::ffff:127.0.0.1"]],
  ["a mapped metadata address beside a public one", ["8.8.8.8", "::ffff:a9fe:a9fe"]],
  ["6to4 of a private address", ["2002:c0a8:101::1"]],
  ["NAT64 of the metadata service", ["64:ff9b::169.254.169.254"]],
  ["the unspecified address", ["0.0.0.0"]],
  ["an answer that is no address", ["8.8.8.8", "fe80::1%eth0"]],
  ["what a CNAME to localhost gives", ["127.0.0.1", "::1"]],
  ["carrier NAT", ["100.100.100.200"]],
];

for (const [what, answers] of REFUSED_ANSWERS) {
  Deno.test(`gateway: DNS: a name is refused for ${what}`, async () => {
    const { resolver, calls } = tableResolver({ "a.example": [answers] });
    await place({ resolver }, async ({ gateway, refusals }) => {
      const pass = gateway.admit(policy({ addresses: { localNetwork: false, named: [] } }));
      const { client, code } = await through(gateway, pass, "A.example.", 80);
      strictEqual(code, 2);
      deepStrictEqual(refusals.map(({ code, host, port }) => ({ code, host, port })), [
        { code: "egress.address_refused", host: "a.example", port: 80 },
      ]);
      strictEqual(pass.counters.refusals["egress.address_refused"], 1);
      strictEqual(calls.length, 1);
      await client.close();
    });
  });
}

Deno.test("gateway: DNS: an answer that changes is judged anew, and judged answers are what is connected to", async () => {
  const { resolver, calls } = tableResolver({
    "a.example": [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]],
  });
  await place({ resolver }, async ({ gateway, port, accepted, refusals }) => {
    const pass = gateway.admit(
      policy({ addresses: { localNetwork: false, named: ["127.0.0.1"] } }),
    );
    for (const [wanted, lookups] of [[0, 1], [2, 2], [0, 3]]) {
      const { client, code } = await through(gateway, pass, "a.example", port);
      strictEqual(code, wanted);
      // One lookup a request: nothing between judging and connecting asks again.
      strictEqual(calls.length, lookups);
      await client.close();
    }
    strictEqual(accepted.length, 2);
    strictEqual(refusals[0]?.code, "egress.address_refused");
  });
});

Deno.test("gateway: DNS: the next judged address is tried when a connection fails", async () => {
  const { resolver } = tableResolver({ "a.example": [["127.0.0.9", "127.0.0.1"]] });
  await place({ resolver }, async ({ gateway, port, accepted }) => {
    const { client, code } = await through(gateway, gateway.admit(policy()), "a.example", port);
    strictEqual(code, 0);
    strictEqual(accepted.length, 1);
    await client.close();
  });
});

Deno.test("gateway: DNS: no answer, a failure and a slow answer are refused with their code", async () => {
  const resolver: Resolver = {
    resolve: (name, signal) =>
      name === "none.example"
        ? Promise.resolve([])
        : name === "fails.example"
        ? Promise.reject(new Error("SERVFAIL"))
        : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  await place({ resolver }, async ({ gateway, refusals }) => {
    const pass = gateway.admit(policy({ limits: { handshakeMs: 50 } }));
    for (const host of ["none.example", "fails.example", "slow.example"]) {
      const { client, code } = await through(gateway, pass, host, 80);
      strictEqual(code, 4, host);
      await client.close();
    }
    strictEqual(pass.counters.refusals["egress.resolution_failed"], 3);
    deepStrictEqual(refusals.map(({ reason }) => reason), [
      "name has no address",
      "SERVFAIL",
      "handshake is slow",
    ]);
  });
});

Deno.test("gateway: literals, as names and as addresses, are judged without a resolver", async () => {
  const { resolver, calls } = tableResolver({});
  await place({ resolver }, async ({ gateway, refusals, port }) => {
    const closed = gateway.admit(policy({ addresses: { localNetwork: false, named: [] } }));
    for (const host of ["127.0.0.1", "::1", "[::ffff:7f00:1]", "10.1.2.3"]) {
      const { client, code } = await through(gateway, closed, host, port);
      strictEqual(code, 2, host);
      await client.close();
    }
    const frames = [[1, 127, 0, 0, 1], [4, ...new Array(15).fill(0), 1]];
    for (const frame of frames) {
      const client = new Client(gateway.port);
      await client.logIn(closed);
      client.socket.write(Buffer.from([5, 1, 0, ...frame, port >> 8, port & 255]));
      strictEqual((await client.take(10))[1], 2);
      await client.close();
    }
    ok(refusals.length === 6 && refusals.every(({ code }) => code === "egress.address_refused"));
    const { client, code } = await through(gateway, gateway.admit(policy()), "127.0.0.1", port);
    strictEqual(code, 0);
    strictEqual(calls.length, 0);
    await client.close();
  });
});

Deno.test("gateway: the host's own addresses are refused, with the local network open too", async () => {
  let own: { hostname: string; port: number }[] = [];
  const { resolver } = tableResolver({
    "own.example": [["127.0.0.1"]],
    "mixed.example": [["93.184.215.14", "127.0.0.1"]],
  });
  await place(
    { resolver, ownAddresses: () => own },
    async ({ gateway, refusals, port, accepted }) => {
      const pass = gateway.admit(
        policy({ addresses: { localNetwork: true, named: ["127.0.0.1"] } }),
      );
      const reply = async (host: string, at: number) => {
        const { client, code } = await through(gateway, pass, host, at);
        await client.close();
        return code;
      };
      strictEqual(await reply("own.example", port), 0);
      for (const host of ["own.example", "127.0.0.1", "mixed.example"]) {
        strictEqual(await reply(host, gateway.port), 2);
      }
      for (const hostname of ["127.0.0.1", "localhost", "0.0.0.0", "::", "LOCALHOST.", "box.lan"]) {
        own = [{ hostname, port }];
        strictEqual(await reply("own.example", port), 2, hostname);
        own = [{ hostname, port: port - 1 }];
        strictEqual(await reply("own.example", port), 0, hostname);
      }
      strictEqual(accepted.length, 7);
      ok(refusals.length === 9 && refusals.every(({ code }) => code === "egress.own_address"));
    },
  );
});
