import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { EgressError } from "../src/services/mod.ts";
import { FakeEgress } from "./services_cases/egress.ts";
import { Bench, type BenchOptions, settle, testCases } from "./services_cases/harness.ts";
import { WEBSOCKET_CASES } from "./services_cases/websocket.ts";

const permissions = { websocket: { allowLocalNetwork: false, allowRedirects: false } };
const EXPORTS = new Set(
  ["text_message", "binary_message", "error", "close"].map((event) => `nd_websocket_on_${event}`),
);

testCases(WEBSOCKET_CASES, { egress: new FakeEgress() });

async function connected(
  options: BenchOptions = {},
): Promise<{ bench: Bench; egress: FakeEgress }> {
  const egress = new FakeEgress();
  const bench = new Bench({ permissions, egress, exports: EXPORTS, ...options });
  const request = { url: "wss://x/", headers: { Host: "h" }, connectionId: "c" };
  deepStrictEqual(await bench.call("websocket_connect", request), { newConnectionId: "c" });
  return { bench, egress };
}

Deno.test("websocket: text and bytes go out, headers with the handshake, and an ID is made up", async () => {
  const { bench, egress } = await connected();
  await using _ = bench;
  await bench.call("websocket_sendtext", { connectionId: "c", message: "hello" });
  await bench.call("websocket_sendbinary", { connectionId: "c", data: "AP8=" });
  deepStrictEqual(egress.sockets[0]?.sent, ["hello", new Uint8Array([0, 255])]);
  deepStrictEqual(egress.sockets[0]?.request.headers, new Map([["Host", "h"]]));
  match((await bench.call("websocket_connect", { url: "ws://x" })).newConnectionId, /^\w{22}$/);
});

Deno.test("websocket: frames reach the plugin one after another, and it can answer from inside", async () => {
  const { bench, egress } = await connected();
  await using _ = bench;
  const events = egress.sockets[0]!.events;
  const running: string[] = [];
  let release = () => {};
  bench.guest = async (_name, input) => {
    const { message } = input as { message: string };
    running.push(message ?? "bytes");
    await bench.call("websocket_sendtext", { connectionId: "c", message: `echo:${message}` });
    await new Promise<void>((resolve) => release = resolve);
  };
  void events.text("one");
  void events.binary(new Uint8Array([0, 255]));
  await settle();
  deepStrictEqual(running, ["one"]);
  release();
  await settle();
  deepStrictEqual(running, ["one", "bytes"]);
  deepStrictEqual(bench.calls.map(({ input }) => input), [
    { connectionId: "c", message: "one" },
    { connectionId: "c", data: "AP8=" },
  ]);
  strictEqual(egress.sockets[0]?.sent[0], "echo:one");
  release();
});

const CLOSES: [code: number, reason: string, name: string, input: object][] = [
  [1000, "bye", "close", { code: 1000, reason: "bye" }],
  [1001, "", "close", { code: 1001, reason: "" }],
  [1005, "", "close", { code: 1005, reason: "" }],
  [4004, "no", "error", { error: "websocket: close 4004: no" }],
  [1006, "", "error", { error: "websocket: close 1006 (abnormal closure): unexpected EOF" }],
  [1011, "x", "error", { error: "websocket: close 1011 (internal server error): x" }],
];

for (const [code, reason, name, input] of CLOSES) {
  Deno.test(`websocket: a remote close with ${code} is told as ${name}, and the ID lives until then`, async () => {
    const { bench, egress } = await connected();
    await using _ = bench;
    let inside: unknown;
    bench.guest = async () => {
      inside = await bench.call("websocket_connect", { url: "ws://x", connectionId: "c" });
    };
    await egress.sockets[0]!.events.closed(code, reason);
    deepStrictEqual(bench.calls, [{
      name: `nd_websocket_on_${name}`,
      input: { connectionId: "c", ...input },
    }]);
    deepStrictEqual(inside, { error: 'connection ID "c" already exists' });
    const again = { url: "ws://x", connectionId: "c" };
    deepStrictEqual(await bench.call("websocket_connect", again), { newConnectionId: "c" });
  });
}

Deno.test("websocket: closing calls the plugin back before it answers, with its own code, ID gone", async () => {
  const { bench, egress } = await connected();
  await using _ = bench;
  let inside: unknown;
  bench.guest = async () => {
    inside = await bench.call("websocket_sendtext", { connectionId: "c", message: "x" });
  };
  const request = { connectionId: "c", code: 4000, reason: "mine" };
  await bench.call("websocket_closeconnection", request);
  deepStrictEqual(egress.sockets[0]?.closes, [[4000, "mine"]]);
  deepStrictEqual(bench.calls, [{ name: "nd_websocket_on_close", input: request }]);
  deepStrictEqual(inside, { error: 'connection ID "c" not found' });
});

Deno.test("websocket: a plugin closes from inside its own callback, and later frames are dropped", async () => {
  const { bench, egress } = await connected();
  await using _ = bench;
  const request = { connectionId: "c", code: 1000, reason: "" };
  bench.guest = (name) =>
    name === "nd_websocket_on_text_message"
      ? bench.call("websocket_closeconnection", request)
      : undefined;
  const { events } = egress.sockets[0]!;
  await Promise.all([events.text("close"), events.text("late"), events.closed(1000, "")]);
  deepStrictEqual(bench.calls.map(({ name }) => name), [
    "nd_websocket_on_text_message",
    "nd_websocket_on_close",
  ]);
});

Deno.test("websocket: events without a callback are dropped, a failing callback is logged and the next comes", async () => {
  const { bench, egress } = await connected({
    exports: new Set(["nd_websocket_on_text_message"]),
  });
  await using _ = bench;
  bench.guest = () => Promise.reject(new Error("no"));
  const { events } = egress.sockets[0]!;
  await events.binary(new Uint8Array(1));
  await events.text("one");
  await events.text("two");
  strictEqual(bench.calls.length, 2);
  strictEqual(bench.logs[0], "error nd_websocket_on_text_message: no");
});

Deno.test("websocket: two connects with one ID at once: one wins", async () => {
  const egress = new FakeEgress();
  let open = () => {};
  egress.handshake = () => new Promise<void>((resolve) => open = resolve);
  await using bench = new Bench({ permissions, egress });
  const request = { url: "ws://x", connectionId: "c" };
  const first = bench.call("websocket_connect", request);
  await settle();
  strictEqual(
    (await bench.call("websocket_connect", request)).error,
    'connection ID "c" already exists',
  );
  strictEqual(
    (await bench.call("websocket_sendtext", { connectionId: "c" })).error,
    'connection ID "c" not found',
  );
  open();
  deepStrictEqual(await first, { newConnectionId: "c" });
});

const FAULTS: [error: Error, text: string][] = [
  [new EgressError("host", "x"), 'host "x:80" is not allowed'],
  [new EgressError("private", "x"), 'host "x:80" is not allowed'],
  [
    new EgressError("transport", "websocket: bad handshake"),
    "failed to connect: websocket: bad handshake",
  ],
  [new Error("refused"), "failed to connect: refused"],
];

for (const [error, text] of FAULTS) {
  Deno.test(`websocket: a connect that fails with "${text}" leaves its ID free`, async () => {
    const egress = new FakeEgress();
    egress.handshake = () => Promise.reject(error);
    await using bench = new Bench({ permissions, egress });
    const request = { url: "ws://x:80/", connectionId: "c" };
    deepStrictEqual(await bench.call("websocket_connect", request), { error: text });
    egress.handshake = () => Promise.resolve();
    deepStrictEqual(await bench.call("websocket_connect", request), { newConnectionId: "c" });
  });
}

Deno.test("websocket: a handshake has thirty seconds, and one that comes too late is closed", async () => {
  const egress = new FakeEgress();
  let open = () => {};
  egress.handshake = () => new Promise<void>((resolve) => open = resolve);
  await using bench = new Bench({ permissions, egress });
  let answer: unknown;
  const call = bench.call("websocket_connect", { url: "ws://x" });
  void call.then((value) => answer = value);
  await bench.clock.advance(29_999);
  strictEqual(answer, undefined);
  await bench.clock.advance(1);
  deepStrictEqual(answer, { error: "failed to connect: context deadline exceeded" });
  open();
  await settle();
  strictEqual(egress.sockets[0]?.closes.length, 1);
});

Deno.test("websocket: connections and message sizes are bounded", async () => {
  const { bench, egress } = await connected({ limits: { connections: 1, messageBytes: 4 } });
  await using _ = bench;
  strictEqual(
    (await bench.call("websocket_connect", { url: "ws://x" })).error,
    "failed to connect: maximum of 1 connections reached",
  );
  strictEqual(
    (await bench.call("websocket_sendtext", { connectionId: "c", message: "\u00E4\u00E4x" })).error,
    "failed to send text message: message size 5 exceeds maximum of 4 bytes",
  );
  match(
    (await bench.call("websocket_sendbinary", { connectionId: "c", data: "AAAAAAA=" })).error,
    /^failed to send binary message: /,
  );
  strictEqual(egress.sockets[0]?.request.maxMessageBytes, 4);
});

Deno.test("websocket: a callback that hangs is given up after thirty seconds, and the next frame comes", async () => {
  const { bench, egress } = await connected();
  await using _ = bench;
  bench.guest = () => new Promise(() => {});
  const { events } = egress.sockets[0]!;
  void events.text("one");
  void events.text("two");
  await bench.clock.advance(30_000);
  strictEqual(bench.calls.length, 2);
});

Deno.test("websocket: unloading closes every connection with 1001 and calls nobody back", async () => {
  const { bench, egress } = await connected();
  await bench.call("websocket_connect", { url: "ws://y" });
  await bench[Symbol.asyncDispose]();
  const closes = egress.sockets.map((socket) => socket.closes);
  deepStrictEqual(closes, [[[1001, "plugin unloaded"]], [[1001, "plugin unloaded"]]]);
  deepStrictEqual(bench.calls, []);
  strictEqual(bench.clock.waiting, 0);
  const { error } = await bench.call("websocket_connect", { url: "ws://y" });
  strictEqual(error, "failed to connect: plugin unloaded");
});

Deno.test("websocket: two plugins with equal IDs do not meet", async () => {
  const one = await connected();
  const two = await connected();
  await using _one = one.bench;
  await using _two = two.bench;
  await one.bench.call("websocket_sendtext", { connectionId: "c", message: "x" });
  strictEqual(two.egress.sockets[0]?.sent.length, 0);
});
