import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Gateway } from "../src/egress/gateway.ts";
import { Client, place, policy, tableResolver, through, until } from "./support/gateway_place.ts";

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

Deno.test("gateway: limits: clients that log in and ask for nothing are bounded", async () => {
  await place({}, async ({ gateway, refusals }) => {
    const pass = gateway.admit(policy({ limits: { connections: 2 } }));
    const clients = Array.from({ length: 21 }, () => new Client(gateway.port));
    const answers = await Promise.all(clients.map((client) => client.logIn(pass)));
    strictEqual(answers.filter((answer) => answer === 0).length, 20);
    deepStrictEqual(refusals.map(({ code }) => code), ["egress.connection_limit"]);
    pass.revoke();
    await Promise.all(clients.map((client) => client.rest()));
    await Promise.all(clients.map((client) => client.close()));
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
