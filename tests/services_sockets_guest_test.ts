/** WebSockets through a guest, a gate, a gateway and real sockets; `extism-abi.md` 2.8, 6.3 and 7. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { connect } from "node:net";
import { until } from "./support/gate_fixture.ts";
import { loopbackServer } from "./support/network_host.ts";
import { type Ending, endingServer } from "./support/raw_socket_server.ts";
import type { CallbackBehaviour, CallbackSettings } from "./support/service_guest.ts";
import { ServiceHost } from "./support/service_host.ts";

const HOSTS = ["*.example.com", "localhost:*", "exact.test"];

/** A plugin `p` that may reach {@link HOSTS}; every connection leads to this port. */
async function reaching(
  port: number,
  callbacks: CallbackBehaviour = {},
  settings: CallbackSettings = {},
  requiredHosts: readonly string[] = HOSTS,
): Promise<ServiceHost> {
  const place = new ServiceHost();
  place.install("p", { permissions: { websocket: { requiredHosts } }, callbacks });
  await place.start({
    config: { p: { ...settings } },
    network: {
      resolver: { resolve: () => Promise.resolve(["93.184.215.14"]) },
      connect: () => Promise.resolve(connect(port, "127.0.0.1")),
    },
  });
  await place.host.enable("p");
  return place;
}

/** A server that keeps its sockets and what they were told. */
function listening() {
  const heard: (string | number[])[] = [];
  const sockets: WebSocket[] = [];
  const closes: string[] = [];
  const server = loopbackServer((request) => {
    const protocol = request.headers.get("sec-websocket-protocol") ?? "";
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol });
    socket.binaryType = "arraybuffer";
    socket.onopen = () => void sockets.push(socket);
    socket.onmessage = ({ data }) =>
      void heard.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
    socket.onclose = ({ code, reason }) => void closes.push(`${code} ${reason}`);
    return response;
  });
  return Object.assign(server, { heard, sockets, closes });
}

const URL_ = "ws://api.example.com/";
const open = (place: ServiceHost, connectionId = "c", url = URL_, headers = {}) =>
  place.call("p", "websocket_connect", { url, headers, connectionId });
/** What the plugin was called back with. */
const events = (place: ServiceHost) => place.heard("p").filter((line) => line.startsWith("{"));

const HOST_RULES: readonly [url: string, error: RegExp | undefined][] = [
  ["ws://api.example.com/", undefined],
  ["ws://sub.api.example.com:8080/", undefined],
  ["ws://exact.test/", undefined],
  ["ws://example.com/", /^host "example\.com" is not allowed$/],
  ["ws://notexample.com/", /^host "notexample\.com" is not allowed$/],
  ["ws://example.com.evil.test/", /is not allowed$/],
  ["ws://localhost:8080/", /^host "localhost:8080" is not allowed$/],
  ["ws://127.0.0.1/", /^host "127\.0\.0\.1" is not allowed$/],
  ["wss://evil.test/socket", /^host "evil\.test" is not allowed$/],
  ["http://api.example.com/", /^invalid URL scheme: must be ws:\/\/ or wss:\/\/$/],
];

for (const [url, error] of HOST_RULES) {
  Deno.test(`websocket_connect: ${url} is ${error === undefined ? "opened" : "refused"}`, async () => {
    await using server = listening();
    await using place = await reaching(server.port);
    const answer = await open(place, "", url);
    if (error === undefined) match(answer.newConnectionId, /^[0-9a-zA-Z]{22}$/);
    else match(answer.error, error);
    strictEqual(server.seen.length, error === undefined ? 1 : 0);
  });
}

Deno.test("websocket_connect: an empty list reaches nothing, a bare * everything", async () => {
  await using server = listening();
  for (const requiredHosts of [[], ["*"]]) {
    await using place = await reaching(server.port, {}, {}, requiredHosts);
    const answer = await open(place, "c", "ws://anything.test/");
    deepStrictEqual(
      answer,
      requiredHosts.length === 0
        ? { error: 'host "anything.test" is not allowed' }
        : { newConnectionId: "c" },
    );
  }
});

Deno.test("websocket_connect: a server that refuses the handshake leaves the ID free", async () => {
  let refuses = true;
  await using server = loopbackServer((request) =>
    refuses ? new Response("no", { status: 503 }) : Deno.upgradeWebSocket(request).response
  );
  await using place = await reaching(server.port);
  match((await open(place)).error, /^failed to connect: /);
  refuses = false;
  deepStrictEqual(await open(place), { newConnectionId: "c" });
});

Deno.test("text and bytes reach the server with the handshake's headers, and a closed ID is not found", async () => {
  await using server = listening();
  await using place = await reaching(server.port);
  const headers = { "X-Own": "1", "Sec-WebSocket-Protocol": "chat" };
  deepStrictEqual(await open(place, "d", URL_, headers), { newConnectionId: "d" });
  strictEqual(server.seen[0]?.headers.get("x-own"), "1");
  strictEqual(server.seen[0]?.headers.get("sec-websocket-protocol"), "chat");
  deepStrictEqual(
    await place.call("p", "websocket_sendtext", { connectionId: "d", message: "h\u00E9llo\0" }),
    {},
  );
  deepStrictEqual(
    await place.call("p", "websocket_sendbinary", { connectionId: "d", data: "AAH/" }),
    {},
  );
  await until(() => server.heard.length === 2);
  deepStrictEqual(server.heard, ["h\u00E9llo\0", [0, 1, 255]]);
  const request = { connectionId: "d", code: 4001, reason: "mine" };
  deepStrictEqual(await place.call("p", "websocket_closeconnection", request), {});
  // Its own callback came before the answer, with its own code.
  deepStrictEqual(events(place).map((line) => JSON.parse(line)), [request]);
  await until(() => server.closes.includes("4001 mine"));
  for (const name of ["websocket_sendtext", "websocket_sendbinary", "websocket_closeconnection"]) {
    const { error } = await place.call("p", name, { connectionId: "d" });
    strictEqual(error, 'connection ID "d" not found');
  }
});

Deno.test("bytes from the server reach the callback, which sends them back from inside", async () => {
  await using server = listening();
  const calls = {
    nd_websocket_on_binary_message: "websocket_sendbinary",
    nd_websocket_on_text_message: "websocket_sendtext",
  };
  await using place = await reaching(server.port, { calls });
  await open(place);
  await until(() => server.sockets.length === 1);
  server.sockets[0]?.send(new Uint8Array([0xde, 0xad, 0xbe, 0xef]));
  server.sockets[0]?.send("echo");
  await until(() => server.heard.length === 2);
  deepStrictEqual(server.heard, [[0xde, 0xad, 0xbe, 0xef], "echo"]);
  await place.heardTimes("p", 4);
  deepStrictEqual(place.heard("p"), [
    '{"connectionId":"c","data":"3q2+7w=="}',
    "{}",
    '{"connectionId":"c","message":"echo"}',
    "{}",
  ]);
});

Deno.test("a plugin that closes from inside its callback is called back, and hears nothing more", async () => {
  await using server = listening();
  const request = { connectionId: "c", code: 1000, reason: "closed by plugin" };
  const calls = { nd_websocket_on_text_message: "websocket_closeconnection" };
  await using place = await reaching(server.port, { calls }, { request: JSON.stringify(request) });
  await open(place);
  await until(() => server.sockets.length === 1);
  for (const message of ["close", "late", "later"]) server.sockets[0]?.send(message);
  await until(() => server.closes.length === 1);
  deepStrictEqual(server.closes, ["1000 closed by plugin"]);
  await place.heardTimes("p", 3);
  deepStrictEqual(place.heard("p"), [
    JSON.stringify(request),
    '{"connectionId":"c","message":"close"}',
    "{}",
  ]);
  deepStrictEqual(await open(place), { newConnectionId: "c" });
});

Deno.test("a callback that fails is logged, and the next message comes", async () => {
  await using server = listening();
  await using place = await reaching(server.port, {}, { error: "intentional" });
  await open(place);
  await until(() => server.sockets.length === 1);
  for (const message of ["one", "two"]) server.sockets[0]?.send(message);
  await place.heardTimes("p", 4);
  const failure = "nd_websocket_on_text_message: plugin call failed: intentional";
  deepStrictEqual(place.heard("p"), [
    '{"connectionId":"c","message":"one"}',
    failure,
    '{"connectionId":"c","message":"two"}',
    failure,
  ]);
});

const ENDINGS: readonly [ending: Ending, event: object][] = [
  [[1000, "goodbye"], { code: 1000, reason: "goodbye" }],
  [[1001, ""], { code: 1001, reason: "" }],
  ["no code", { code: 1005, reason: "" }],
  [[1011, "broken"], { error: "websocket: close 1011 (internal server error): broken" }],
  [[4004, "no"], { error: "websocket: close 4004: no" }],
  ["cut", { error: "websocket: close 1006 (abnormal closure): unexpected EOF" }],
];

for (const [ending, event] of ENDINGS) {
  Deno.test(`a server's end with ${JSON.stringify(ending)} is told as upstream tells it, and its ID is free after that`, async () => {
    await using server = await endingServer(ending);
    // From inside the callback the ID is still taken.
    const calls = {
      nd_websocket_on_close: "websocket_connect",
      nd_websocket_on_error: "websocket_connect",
    };
    const request = JSON.stringify({ url: URL_, connectionId: "c" });
    await using place = await reaching(server.port, { calls }, { request });
    deepStrictEqual(await open(place), { newConnectionId: "c" });
    await server.end();
    await place.heardTimes("p", 2);
    deepStrictEqual(place.heard("p").map((line) => JSON.parse(line)), [
      { connectionId: "c", ...event },
      { error: 'connection ID "c" already exists' },
    ]);
    const gone = async () =>
      (await place.call("p", "websocket_sendtext", { connectionId: "c" })).error;
    while (!/not found/.test(await gone())) await new Promise((done) => setTimeout(done, 5));
  });
}

Deno.test("unloading closes every connection and says why, and calls nobody back", async () => {
  await using server = listening();
  await using place = await reaching(server.port);
  for (const id of ["a", "b"]) ok(!("error" in await open(place, id)));
  await until(() => server.sockets.length === 2);
  await place.host.disable("p");
  await until(() => server.closes.length === 2);
  // The standard WebSocket can send no 1001.
  deepStrictEqual(server.closes, ["1000 plugin unloaded", "1000 plugin unloaded"]);
  deepStrictEqual(events(place), []);
});
