import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Gateway, type GatewayOptions } from "../src/egress/gateway.ts";
import type { GatewayPass, GatewayPolicy, GatewayRefusal } from "../src/egress/gateway_policy.ts";
import type { GatewayLimits } from "../src/egress/gateway_policy.ts";
import type { Resolver } from "../src/egress/resolver.ts";

const ROOMY: GatewayLimits = {
  connections: 100,
  bytesUp: Infinity,
  bytesDown: Infinity,
  connectsPerMinute: 1_000,
  idleMs: 5_000,
  totalMs: Infinity,
  handshakeMs: 2_000,
};

type PolicyChanges = Partial<Omit<GatewayPolicy, "limits">> & { limits?: Partial<GatewayLimits> };

/** A policy that covers every host and port and has the loopback open. */
function policy({ limits, ...changes }: PolicyChanges = {}): GatewayPolicy {
  return {
    pluginId: "plugin",
    allowsHostPort: () => true,
    addresses: { localNetwork: true, named: [] },
    limits: { ...ROOMY, ...limits },
    ...changes,
  };
}

/** A resolver that answers from a table, counts, and takes the next answer at each call. */
function tableResolver(table: Record<string, readonly (readonly string[])[]>) {
  const calls: string[] = [];
  const resolver: Resolver = {
    resolve: (name) => {
      const answers = table[name] ?? [[]];
      const index = Math.min(calls.filter((call) => call === name).length, answers.length - 1);
      calls.push(name);
      return Promise.resolve(answers[index]!);
    },
  };
  return { resolver, calls };
}

interface Place {
  gateway: Gateway;
  refusals: GatewayRefusal[];
  /** A target server on 127.0.0.1; its handler may be replaced. */
  port: number;
  accepted: Socket[];
}

/** A gateway and a target server, closed after the test. */
async function place(
  options: GatewayOptions & { onTarget?: (socket: Socket) => void },
  run: (place: Place) => Promise<void>,
): Promise<void> {
  const refusals: GatewayRefusal[] = [];
  const accepted: Socket[] = [];
  const gateway = await Gateway.listen({
    onRefusal: (refusal) => refusals.push(refusal),
    resolver: tableResolver({}).resolver,
    ...options,
  });
  const target: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
    (options.onTarget ?? ((echo) => echo.pipe(echo)))(socket);
  });
  await new Promise<void>((done) => target.listen(0, "127.0.0.1", done));
  try {
    await run({ gateway, refusals, port: (target.address() as { port: number }).port, accepted });
  } finally {
    await gateway.close();
    accepted.forEach((socket) => socket.destroy());
    await new Promise((done) => target.close(done));
  }
}

/** A raw client that can wait for bytes and for the end. */
class Client {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      this.socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** The next `count` bytes, or what came before the end. */
  async take(count: number): Promise<number[]> {
    while (this.#bytes.length < count && !this.#ended) {
      await new Promise<void>((done) => this.#wake = done);
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return [...taken];
  }

  /** Everything until the end. */
  async rest(): Promise<Buffer> {
    return Buffer.from(await this.take(Infinity));
  }

  async logIn({ username, password }: Pick<GatewayPass, "username" | "password">) {
    this.socket.write(Buffer.from([5, 2, 0, 2]));
    deepStrictEqual(await this.take(2), [5, 2]);
    const name = Buffer.from(username);
    const word = Buffer.from(password);
    this.socket.write(
      Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([word.length]), word]),
    );
    return (await this.take(2))[1];
  }

  /** Asks for a host by name; returns the reply code, or -1 if there was none. */
  async ask(host: string, port: number, command = 1): Promise<number> {
    const name = Buffer.from(host, "latin1");
    this.socket.write(Buffer.concat([
      Buffer.from([5, command, 0, 3, name.length]),
      name,
      Buffer.from([port >> 8, port & 255]),
    ]));
    return (await this.take(10))[1] ?? -1;
  }

  close(): Promise<void> {
    this.socket.destroy();
    return new Promise((done) => this.socket.closed ? done() : this.socket.once("close", done));
  }
}

/** Logs in, asks, and returns the reply code with the client. */
async function through(gateway: Gateway, pass: GatewayPass, host: string, port: number) {
  const client = new Client(gateway.port);
  strictEqual(await client.logIn(pass), 0);
  return { client, code: await client.ask(host, port) };
}

/** Waits until something holds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    ok(tries < 400, `waited too long for ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

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
      for (const hostname of ["127.0.0.1", "localhost", "0.0.0.0", "::", "LOCALHOST."]) {
        own = [{ hostname, port }];
        strictEqual(await reply("own.example", port), 2, hostname);
        own = [{ hostname, port: port - 1 }];
        strictEqual(await reply("own.example", port), 0, hostname);
      }
      strictEqual(accepted.length, 6);
      ok(refusals.length === 8 && refusals.every(({ code }) => code === "egress.own_address"));
    },
  );
});

Deno.test("gateway: limits: connections at once, and a place is free again after a close", async () => {
  await place({}, async ({ gateway, refusals, port }) => {
    const pass = gateway.admit(policy({ limits: { connections: 2 } }));
    const open = [
      await through(gateway, pass, "127.0.0.1", port),
      await through(gateway, pass, "127.0.0.1", port),
    ];
    const third = await through(gateway, pass, "127.0.0.1", port);
    strictEqual(third.code, 2);
    strictEqual(refusals[0]?.code, "egress.connection_limit");
    const other = await through(gateway, gateway.admit(policy()), "127.0.0.1", port);
    strictEqual(other.code, 0);
    await open[0]!.client.close();
    await until(() => pass.counters.open === 1, "a place");
    const fourth = await through(gateway, pass, "127.0.0.1", port);
    strictEqual(fourth.code, 0);
    for (const { client } of [...open, third, fourth, other]) await client.close();
    await until(() => pass.counters.open === 0, "no connection");
    strictEqual(pass.counters.connections, 3);
  });
});

Deno.test("gateway: limits: connects a minute, by the gateway's clock", async () => {
  let now = 1_000_000;
  await place({ now: () => now }, async ({ gateway, port }) => {
    const pass = gateway.admit(policy({ limits: { connectsPerMinute: 2, idleMs: Infinity } }));
    const codes: number[] = [];
    for (const later of [0, 0, 0, 59_000, 2_000]) {
      now += later;
      const { client, code } = await through(gateway, pass, "127.0.0.1", port);
      codes.push(code);
      await client.close();
    }
    deepStrictEqual(codes, [0, 0, 2, 2, 0]);
    strictEqual(pass.counters.refusals["egress.rate_limit"], 2);
  });
});

for (const direction of ["bytesUp", "bytesDown"] as const) {
  Deno.test(`gateway: limits: ${direction} ends the connection and refuses the next, for an hour`, async () => {
    let now = 1_000_000;
    await place({ now: () => now }, async ({ gateway, refusals, port }) => {
      const pass = gateway.admit(policy({ limits: { [direction]: 1_000, idleMs: Infinity } }));
      const first = await through(gateway, pass, "127.0.0.1", port);
      first.client.socket.write(Buffer.alloc(1_000));
      strictEqual((await first.client.take(1_000)).length, 1_000);
      first.client.socket.write(Buffer.alloc(1));
      strictEqual((await first.client.rest()).length, 0);
      strictEqual(refusals.at(-1)?.code, "egress.byte_limit");
      strictEqual(pass.counters[direction], 1_000);
      const second = await through(gateway, pass, "127.0.0.1", port);
      strictEqual(second.code, 2);
      now += 3_600_000;
      const third = await through(gateway, pass, "127.0.0.1", port);
      strictEqual(third.code, 0);
      for (const { client } of [first, second, third]) await client.close();
    });
  });
}

Deno.test("gateway: limits: an idle connection and one that lasts too long are ended", async () => {
  await place({}, async ({ gateway, port }) => {
    const idle = gateway.admit(policy({ limits: { idleMs: 40 } }));
    const total = gateway.admit(policy({ limits: { totalMs: 80 } }));
    const quiet = await through(gateway, idle, "127.0.0.1", port);
    const busy = await through(gateway, total, "127.0.0.1", port);
    const talk = setInterval(() => busy.client.socket.write("x"), 10);
    await Promise.all([quiet.client.rest(), busy.client.rest()]);
    clearInterval(talk);
    await until(() => idle.counters.open + total.counters.open === 0, "no connection");
    await Promise.all([quiet.client.close(), busy.client.close()]);
  });
});

Deno.test("gateway: revoking a pass ends its connections and no others", async () => {
  await place({}, async ({ gateway, port, accepted }) => {
    const [one, two] = [gateway.admit(policy()), gateway.admit(policy())];
    const first = await through(gateway, one, "127.0.0.1", port);
    const second = await through(gateway, two, "127.0.0.1", port);
    one.revoke();
    await first.client.rest();
    await until(
      () => accepted[0]!.destroyed || accepted[0]!.readableEnded,
      "the end at the target",
    );
    second.client.socket.write("still");
    strictEqual(Buffer.from(await second.client.take(5)).toString(), "still");
    strictEqual(one.counters.open, 0);
    await Promise.all([first.client.close(), second.client.close()]);
  });
});

Deno.test("gateway: several megabytes arrive unchanged both ways, and are counted", async () => {
  await place({}, async ({ gateway, port }) => {
    const pass = gateway.admit(policy());
    const { client } = await through(gateway, pass, "127.0.0.1", port);
    const sent = Buffer.alloc(6 * 1024 * 1024);
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE((at * 2654435761) >>> 0, at);
    const received: Buffer[] = [];
    client.socket.on("data", (chunk) => received.push(chunk));
    const end = new Promise((done) => client.socket.once("end", done));
    client.socket.end(sent);
    await end;
    ok(Buffer.concat(received).equals(sent));
    strictEqual(pass.counters.bytesUp, sent.length);
    strictEqual(pass.counters.bytesDown, sent.length);
    await until(() => pass.counters.open === 0, "the end of the connection");
    await client.close();
  });
});

Deno.test("gateway: half-close: an ended request still gets its answer, and an ended answer its rest of the request", async () => {
  const got: Buffer[] = [];
  const onTarget = (socket: Socket) => {
    socket.on("data", (chunk) => got.push(chunk));
    socket.end("answer");
  };
  await place({ onTarget }, async ({ gateway, port, accepted }) => {
    const pass = gateway.admit(policy());
    const { client } = await through(gateway, pass, "127.0.0.1", port);
    // The target has ended its side; ours is still open.
    strictEqual((await client.rest()).toString(), "answer");
    client.socket.write("late ");
    client.socket.end("request");
    await until(() => accepted[0]!.readableEnded, "the end at the target");
    strictEqual(Buffer.concat(got).toString(), "late request");
    await until(() => pass.counters.open === 0, "the end of the connection");
    await client.close();
  });
});

Deno.test("gateway: a reader that stalls holds its sender back", async () => {
  let target: Socket | undefined;
  const onTarget = (socket: Socket) => {
    target = socket;
    socket.pause();
  };
  await place({ onTarget }, async ({ gateway, port }) => {
    const pass = gateway.admit(policy());
    const { client } = await through(gateway, pass, "127.0.0.1", port);
    const total = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent < total; sent += chunk.length) client.socket.write(chunk);
    let before = -1;
    await until(() => {
      const same = before === pass.counters.bytesUp && before > 0;
      before = pass.counters.bytesUp;
      return same;
    }, "a standstill");
    ok(pass.counters.bytesUp < total / 2, `${pass.counters.bytesUp} bytes were taken`);
    target!.destroy();
    await client.close();
  });
});

Deno.test("gateway: a target that refuses connections is told as such", async () => {
  const { resolver } = tableResolver({ "down.example": [["127.0.0.8", "127.0.0.9"]] });
  await place({ resolver }, async ({ gateway, refusals, port }) => {
    const { client, code } = await through(gateway, gateway.admit(policy()), "down.example", port);
    strictEqual(code, 5);
    strictEqual(refusals[0]?.code, "egress.connect_failed");
    await client.close();
  });
});

Deno.test("gateway: after close nothing listens and nothing is open", async () => {
  const gateway = await Gateway.listen({});
  const client = new Client(gateway.port);
  strictEqual(await client.logIn(gateway.admit(policy())), 0);
  await gateway.close();
  await client.rest();
  await client.close();
  await rejects(Deno.connect({ hostname: "127.0.0.1", port: gateway.port }));
});
