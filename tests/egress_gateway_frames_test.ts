import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Client, place, policy, tableResolver, through } from "./support/gateway_place.ts";

const ODD_HOSTS = [
  "2130706433",
  "0177.0.0.1",
  "0x7f.1",
  "127.1",
  "a\0b.example",
  "a b",
  "a/b",
  "a@b",
  "fe80::1%eth0",
  "..",
  "é",
  "a:b",
  "x".repeat(255),
];
for (const host of ODD_HOSTS) {
  Deno.test(`gateway: frames: the name ${JSON.stringify(host.slice(0, 20))} is malformed`, async () => {
    const { resolver, calls } = tableResolver({ [host]: [["127.0.0.1"]] });
    await place({ resolver }, async ({ gateway, refusals, port }) => {
      const { client, code } = await through(gateway, gateway.admit(policy()), host, port);
      ok(code !== 0);
      deepStrictEqual(refusals.map(({ code }) => code), ["egress.malformed"]);
      strictEqual(calls.length, 0);
      await client.close();
    });
  });
}

Deno.test("gateway: two passes have their own rules, and cannot use each other's credentials", async () => {
  const { resolver } = tableResolver({
    "one.example": [["127.0.0.1"]],
    "two.example": [["127.0.0.1"]],
  });
  await place({ resolver }, async ({ gateway, refusals, port }) => {
    const only = (wanted: string) => (host: string) => host === wanted;
    const one = gateway.admit(policy({ pluginId: "one", allowsHostPort: only("one.example") }));
    const two = gateway.admit(policy({ pluginId: "two", allowsHostPort: only("two.example") }));
    const tries = [[one, "one.example", 0], [one, "two.example", 2], [two, "one.example", 2], [
      two,
      "two.example",
      0,
    ]] as const;
    for (const [pass, host, wanted] of tries) {
      const { client, code } = await through(gateway, pass, host, port);
      strictEqual(code, wanted);
      await client.close();
    }
    deepStrictEqual(refusals.map(({ pluginId, code }) => [pluginId, code]), [
      ["one", "egress.host_not_allowed"],
      ["two", "egress.host_not_allowed"],
    ]);
    const mixed = new Client(gateway.port);
    strictEqual(await mixed.logIn({ username: one.username, password: two.password }), 1);
    await mixed.close();
    ok(one.username.length >= 22 && one.password.length >= 22 && one.password !== two.password);
  });
});

Deno.test("gateway: wrong, empty and revoked credentials are refused and told", async () => {
  await place({}, async ({ gateway, refusals }) => {
    const pass = gateway.admit(policy());
    const { username, password } = pass;
    const revoked = gateway.admit(policy());
    revoked.revoke();
    const wrong = [
      { username, password: `${password}x` },
      { username, password: "" },
      { username: "", password: "" },
      { username: `${username}x`, password },
      revoked,
    ];
    for (const credentials of wrong) {
      const client = new Client(gateway.port);
      strictEqual(await client.logIn(credentials), 1);
      strictEqual((await client.rest()).length, 0);
      await client.close();
    }
    const none = new Client(gateway.port);
    none.socket.write(Buffer.from([5, 1, 0]));
    deepStrictEqual([...await none.rest()], [5, 255]);
    await none.close();
    strictEqual(refusals.length, 6);
    ok(refusals.every(({ code, pluginId }) => code === "egress.credentials" && !pluginId));
  });
});

const MALFORMED: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["HTTP", [...Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ["SOCKS4", [4, 1, 0, 80, 127, 0, 0, 1, 0]],
  ["two kilobytes", new Array(2048).fill(5)],
  ["wrong version of credentials", [5, 1, 2, 5, 1, 65, 1, 65]],
];
for (const [what, bytes] of MALFORMED) {
  Deno.test(`gateway: frames: ${what} closes the connection`, async () => {
    await place({}, async ({ gateway, refusals }) => {
      const client = new Client(gateway.port);
      client.socket.write(Buffer.from(bytes));
      ok((await client.rest()).length <= 2);
      deepStrictEqual(refusals.map(({ code }) => code), ["egress.malformed"]);
      await client.close();
    });
  });
}

const BAD_REQUESTS: readonly (readonly [what: string, reply: number, bytes: readonly number[]])[] =
  [
    ["BIND", 7, [5, 2, 0, 1, 127, 0, 0, 1, 0, 80]],
    ["UDP ASSOCIATE", 7, [5, 3, 0, 1, 127, 0, 0, 1, 0, 80]],
    ["port 0", -1, [5, 1, 0, 1, 127, 0, 0, 1, 0, 0]],
    ["an unknown address type", -1, [5, 1, 0, 2, 127, 0, 0, 1, 0, 80]],
    ["a reserved byte", -1, [5, 1, 1, 1, 127, 0, 0, 1, 0, 80]],
    ["an empty name", -1, [5, 1, 0, 3, 0, 0, 80]],
  ];
for (const [what, reply, bytes] of BAD_REQUESTS) {
  Deno.test(`gateway: frames: a request with ${what} is refused`, async () => {
    await place({}, async ({ gateway, refusals }) => {
      const client = new Client(gateway.port);
      await client.logIn(gateway.admit(policy()));
      client.socket.write(Buffer.from(bytes));
      strictEqual((await client.take(10))[1] ?? -1, reply);
      deepStrictEqual(refusals.map(({ code }) => code), ["egress.malformed"]);
      await client.close();
    });
  });
}

Deno.test("gateway: frames: a handshake may come byte by byte, and bytes behind it are kept", async () => {
  await place({}, async ({ gateway, port }) => {
    const { username, password } = gateway.admit(policy());
    const client = new Client(gateway.port);
    client.socket.setNoDelay(true);
    const all = Buffer.concat([
      Buffer.from([5, 1, 2, 1, username.length]),
      Buffer.from(username),
      Buffer.from([password.length]),
      Buffer.from(password),
      Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]),
    ]);
    for (const byte of all.subarray(0, 40)) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((done) => setImmediate(done));
    }
    client.socket.write(Buffer.concat([all.subarray(40), Buffer.from("early")]));
    deepStrictEqual(await client.take(4), [5, 2, 1, 0]);
    strictEqual((await client.take(10))[1], 0);
    strictEqual(Buffer.from(await client.take(5)).toString(), "early");
    await client.close();
  });
});

Deno.test("gateway: a slow handshake is closed, and clients without credentials are bounded", async () => {
  await place({ handshakeMs: 60, maxHandshakes: 2 }, async ({ gateway, refusals }) => {
    const clients = [0, 1, 2].map(() => new Client(gateway.port));
    await Promise.all(clients.map((client) => client.rest()));
    deepStrictEqual(refusals.map(({ code }) => code).sort(), [
      "egress.connection_limit",
      "egress.handshake_timeout",
      "egress.handshake_timeout",
    ]);
    await Promise.all(clients.map((client) => client.close()));
  });
});
