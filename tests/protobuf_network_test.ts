import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as api from "../src/protobuf/messages/api/callbacks_pb.ts";
import * as http from "../src/protobuf/messages/host/http_pb.ts";
import * as websocket from "../src/protobuf/messages/host/websocket_pb.ts";
import { bytesOf, entriesOf, mapOf, textOf } from "../src/protobuf/text.ts";
import { EnvHost } from "./support/env_host.ts";
import { LOOPBACK, loopbackServer } from "./support/network_host.ts";
import { promise } from "./support/promises.ts";

const HTTP = [http.HttpRequestSchema, http.HttpResponseSchema] as const;
const CONNECT = [websocket.ConnectRequestSchema, websocket.ConnectResponseSchema] as const;
const SEND_TEXT = [websocket.SendTextRequestSchema, websocket.SendTextResponseSchema] as const;
const SEND_BINARY = [
  websocket.SendBinaryRequestSchema,
  websocket.SendBinaryResponseSchema,
] as const;
const CLOSE = [websocket.CloseRequestSchema, websocket.CloseResponseSchema] as const;

const ADDRESSES: Readonly<Record<string, string>> = {
  "api.example.com": "127.0.0.1",
  "private.example.com": "10.0.0.1",
};
const network = {
  resolver: { resolve: (name: string) => Promise.resolve([ADDRESSES[name] ?? "127.0.0.1"]) },
};

/** A host with a plugin `p` that has these rules, as the manifest writes them. */
function open(rules: { http?: object; websocket?: object }): Promise<EnvHost> {
  return EnvHost.open({ p: { permissions: rules, decision: LOOPBACK } }, { network });
}

const openHttp = (allowedUrls: Readonly<Record<string, readonly string[]>>) =>
  open({ http: { allowedUrls } });

interface Sent {
  readonly body?: Uint8Array;
  readonly headers?: ReadonlyMap<string, string>;
  readonly timeoutMs?: number;
}

async function send(stage: EnvHost, method: string, url: string, { headers, ...more }: Sent = {}) {
  const response = await stage.call("p", method, HTTP, {
    url: bytesOf(url),
    ...more,
    ...(headers && { headers: entriesOf(headers) }),
  });
  return {
    status: response.status,
    body: textOf(response.body),
    headers: mapOf(response.headers),
    error: textOf(response.error),
  };
}

Deno.test("http: seven methods, and a body for POST, PUT and PATCH alone", async () => {
  await using server = loopbackServer((request) =>
    new Response(request.method === "HEAD" ? null : "é", { headers: { "x-test": "v" } })
  );
  await using stage = await openHttp({ [`http://api.example.com:${server.port}/*`]: ["*"] });
  for (const method of ["get", "post", "put", "delete", "patch", "head", "options"]) {
    const answer = await send(stage, method, `http://api.example.com:${server.port}/x`, {
      body: bytesOf("body"),
    });
    assert.deepEqual([answer.status, answer.error, answer.body], [
      200,
      "",
      method === "head" ? "" : "é",
    ]);
    // Names are looked up in their canonical form, and so they are given.
    assert.equal(answer.headers.get("X-Test"), "v");
    assert.ok(answer.headers.has("Content-Type") || method === "head");
    const seen = server.seen.at(-1);
    const hasBody = ["post", "put", "patch"].includes(method);
    assert.deepEqual([seen?.line, seen?.body], [
      `${method.toUpperCase()} /x`,
      hasBody ? "body" : "",
    ]);
  }
  await send(stage, "post", `http://api.example.com:${server.port}/x`);
  assert.equal(server.seen.at(-1)?.headers.get("content-length"), "0");
});

Deno.test("http: headers go out, but Host and Content-Length; an error status is an answer", async () => {
  await using server = loopbackServer(() => new Response("no", { status: 418 }));
  await using stage = await openHttp({ [`http://api.example.com:${server.port}/*`]: ["GET"] });
  const headers = new Map([["x-foo", "bar"], ["Host", "evil"], ["Content-Length", "9"]]);
  const answer = await send(stage, "get", `http://api.example.com:${server.port}/`, { headers });
  assert.deepEqual([answer.status, answer.body, answer.error], [418, "no", ""]);
  assert.equal(server.seen[0]?.headers.get("x-foo"), "bar");
  assert.equal(server.seen[0]?.host, `api.example.com:${server.port}`);
});

Deno.test("http: what may not be requested is told in the answer, by its reason", async () => {
  await using server = loopbackServer();
  const site = `http://api.example.com:${server.port}`;
  const rules = {
    [`${site}/exact`]: ["POST"],
    [`${site}/*`]: ["GET"],
    "http://private.example.com": ["*"],
    "http://10.1.2.3/*": ["*"],
  };
  await using stage = await EnvHost.open({
    p: { permissions: { http: { allowedUrls: rules } }, decision: LOOPBACK },
  }, { network });
  const cases: readonly (readonly [string, string, string])[] = [
    ["get", `${site}/exact`, `operation GET not allowed for URL pattern ${site}/exact`],
    ["put", `${site}/else`, `operation PUT not allowed for URL pattern ${site}/*`],
    [
      "get",
      "http://evil.test/?q",
      "URL http://evil.test/?q does not match any allowed URL patterns",
    ],
    [
      "get",
      "ftp://api.example.com/",
      "URL ftp://api.example.com/ does not match any allowed URL patterns",
    ],
    ["get", "/relative", "URL /relative does not match any allowed URL patterns"],
    ["get", "http://localhost:1/", "requests to localhost are not allowed"],
    ["get", "http://127.0.0.1:1/", "requests to localhost are not allowed"],
    ["get", "http://[::1]/", "requests to localhost are not allowed"],
    ["get", "http://192.168.1.1/", "requests to private IP addresses are not allowed"],
    ["get", "http://10.1.2.3/x", "requests to private IP addresses are not allowed"],
    ["get", "http://private.example.com/", "requests to private IP addresses are not allowed"],
    ["get", "http://[", 'invalid URL: parse "http://[": invalid URL'],
  ];
  for (const [method, url, says] of cases) {
    const answer = await send(stage, method, url);
    assert.deepEqual([answer.status, answer.error], [
      0,
      `Request blocked by plugin permissions: ${says}`,
    ], url);
  }
  assert.deepEqual(server.seen, []);
  assert.equal((await send(stage, "post", `${site}/exact`)).status, 200);
});

/** A server on which `/n` leads to `/n-1`, and `/0` is the end; `/to?<url>` leads there. */
function redirecting(status = 302) {
  return loopbackServer((request, port) => {
    const { pathname, search } = new URL(request.url);
    const left = Number(pathname.slice(1));
    const next = pathname === "/to"
      ? decodeURIComponent(search.slice(1))
      : `http://api.example.com:${port}/${left - 1}`;
    return left === 0
      ? new Response(`end ${request.method}`)
      : new Response("moved", { status, headers: { location: next } });
  });
}

promise("http: four redirects are followed, and the fifth is the answer", [
  { name: "1", hops: 1, status: 200 },
  { name: "4", hops: 4, status: 200 },
  { name: "5", hops: 5, status: 302 },
  { name: "6", hops: 6, status: 302 },
], async ({ hops, status }) => {
  await using server = redirecting();
  const site = `http://api.example.com:${server.port}`;
  await using stage = await openHttp({ [`${site}/*`]: ["GET"] });
  const answer = await send(stage, "get", `${site}/${hops}`);
  assert.deepEqual([answer.status, answer.error], [status, ""]);
  assert.equal(answer.body, status === 200 ? "end GET" : "moved");
  assert.equal(answer.headers.get("Location"), status === 200 ? undefined : `${site}/${hops - 5}`);
  assert.equal(server.seen.length, Math.min(hops, 4) + 1);
});

promise("http: a redirect that may not be followed is itself the answer", [
  { name: "to another host", to: "http://evil.test/" },
  { name: "to a private address by its name", to: "http://private.example.com/" },
  { name: "to another scheme", to: "file:///etc/passwd" },
  { name: "to a method that is not allowed there", to: "POST-ONLY" },
], async ({ to }) => {
  await using server = redirecting();
  const site = `http://api.example.com:${server.port}`;
  await using stage = await openHttp({
    [`${site}/to`]: ["GET"],
    [`${site}/post`]: ["POST"],
    "http://private.example.com": ["GET"],
  });
  const target = to === "POST-ONLY" ? `${site}/post` : to;
  const answer = await send(stage, "get", `${site}/to?${encodeURIComponent(target)}`);
  assert.deepEqual([answer.status, answer.body, answer.error], [302, "moved", ""]);
  assert.equal(answer.headers.get("Location"), target);
  assert.equal(server.seen.length, 1);
});

promise("http: a redirect changes the method, and the new one is what is judged", [
  { name: "303", status: 303, line: "GET /0" },
  { name: "307", status: 307, line: "POST /0" },
], async ({ status, line }) => {
  await using server = redirecting(status);
  const site = `http://api.example.com:${server.port}`;
  await using stage = await openHttp({
    [`${site}/1`]: ["POST"],
    [`${site}/0`]: [line.split(" ")[0]!],
  });
  assert.equal((await send(stage, "post", `${site}/1`, { body: bytesOf("b") })).status, 200);
  assert.equal(server.seen.at(-1)?.line, line);
});

promise("http: a request ends after its time, or after 10 s", [
  { name: "its own", timeoutMs: 50, afterMs: 50 },
  { name: "the default", timeoutMs: 0, afterMs: 10_000 },
], async ({ timeoutMs, afterMs }) => {
  const never = Promise.withResolvers<Response>();
  await using server = loopbackServer(() => never.promise);
  await using stage = await openHttp({ [`http://api.example.com:${server.port}/*`]: ["GET"] });
  const answer = send(stage, "get", `http://api.example.com:${server.port}/x`, { timeoutMs });
  await stage.until(() => server.seen.length === 1);
  await stage.clock.advance(afterMs - 1);
  await stage.clock.advance(1);
  const { status, error } = await answer;
  assert.deepEqual([status, error], [
    0,
    `Get "http://api.example.com:${server.port}/x": context deadline exceeded`,
  ]);
  never.resolve(new Response());
});

Deno.test("http: a negative time is none: the call's own is the end", async () => {
  const late = Promise.withResolvers<Response>();
  await using server = loopbackServer(() => late.promise);
  await using stage = await openHttp({ [`http://api.example.com:${server.port}/*`]: ["GET"] });
  const url = `http://api.example.com:${server.port}/x`;
  const answer = send(stage, "get", url, { timeoutMs: -1 });
  await stage.until(() => server.seen.length === 1);
  await stage.clock.advance(3_600_000);
  late.resolve(new Response("at last"));
  const { body, error } = await answer;
  assert.deepEqual([body, error], ["at last", ""]);
});

Deno.test("http: an accident on the way is told in the answer, with method and URL", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using stage = await openHttp({ [`http://api.example.com:${port}/*`]: ["*"] });
  const { status, error } = await send(stage, "delete", `http://api.example.com:${port}/x`);
  assert.equal(status, 0);
  assert.match(error, new RegExp(`^Delete "http://api\\.example\\.com:${port}/x": .*connect`));
});

/** A server whose sockets a test holds, with what each was sent. */
function sockets() {
  const open: { socket: WebSocket; headers: Headers; got: unknown[]; closed: unknown[] }[] = [];
  const server = loopbackServer((request) => {
    if (request.headers.get("upgrade") === null) return new Response("no");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    const one = { socket, headers: request.headers, got: [] as unknown[], closed: [] as unknown[] };
    socket.onmessage = ({ data }) =>
      void one.got.push(typeof data === "string" ? data : new Uint8Array(data).toHex());
    socket.onclose = ({ code, reason }) => void one.closed.push(code, reason);
    socket.onopen = () => void open.push(one);
    return response;
  });
  return Object.assign(server, { open });
}

async function withSocket(
  use: (stage: EnvHost, server: ReturnType<typeof sockets>, url: string) => Promise<void>,
): Promise<void> {
  await using server = sockets();
  const url = `ws://api.example.com:${server.port}/`;
  await using stage = await open({
    websocket: { allowedUrls: [url, `http://api.example.com:${server.port}/*`] },
  });
  await use(stage, server, url);
}

const connectionId = bytesOf("user:ann");

Deno.test("websocket: messages go both ways, and come back under the id they were opened by", async () => {
  await withSocket(async (stage, server, url) => {
    const opened = await stage.call("p", "connect", CONNECT, {
      url: bytesOf(url),
      connectionId,
      headers: entriesOf(new Map([["x-foo", "bar"]])),
    });
    assert.deepEqual([textOf(opened.connectionId), textOf(opened.error)], ["user:ann", ""]);
    await stage.until(() => server.open.length === 1);
    const [one] = server.open;
    assert.equal(one?.headers.get("x-foo"), "bar");
    assert.equal(
      textOf(
        (await stage.call("p", "send_text", SEND_TEXT, { connectionId, message: bytesOf("hé") }))
          .error,
      ),
      "",
    );
    assert.equal(
      textOf(
        (await stage.call("p", "send_binary", SEND_BINARY, {
          connectionId,
          data: Uint8Array.of(255, 0),
        })).error,
      ),
      "",
    );
    await stage.until(() => one?.got.length === 2);
    assert.deepEqual(one?.got, ["hé", "ff00"]);
    one?.socket.send("back");
    one?.socket.send(Uint8Array.of(1, 2));
    const texts = () =>
      stage.heard("p", "web_socket_callback_on_text_message", api.OnTextMessageRequestSchema);
    const binaries = () =>
      stage.heard("p", "web_socket_callback_on_binary_message", api.OnBinaryMessageRequestSchema);
    await stage.until(() => texts().length === 1 && binaries().length === 1);
    assert.deepEqual([texts()[0]?.connectionId, texts()[0]?.message], [
      connectionId,
      bytesOf("back"),
    ]);
    assert.deepEqual([binaries()[0]?.connectionId, binaries()[0]?.data], [
      connectionId,
      Uint8Array.of(1, 2),
    ]);
  });
});

Deno.test("websocket: an id that is not given is ten random characters", async () => {
  await withSocket(async (stage, _server, url) => {
    const { connectionId } = await stage.call("p", "connect", CONNECT, { url: bytesOf(url) });
    assert.match(textOf(connectionId), /^[A-Za-z0-9_-]{10}$/);
    assert.equal(
      textOf((await stage.call("p", "close", CLOSE, { connectionId, code: 1000 })).error),
      "",
    );
  });
});

Deno.test("websocket: a connection takes the place of one with its id, which is closed", async () => {
  await withSocket(async (stage, server, url) => {
    for (let i = 0; i < 2; i++) {
      await stage.call("p", "connect", CONNECT, { url: bytesOf(url), connectionId });
      await stage.until(() => server.open.length === i + 1);
    }
    await stage.until(() => server.open[0]?.closed.length === 2);
    await stage.call("p", "send_text", SEND_TEXT, { connectionId, message: bytesOf("x") });
    await stage.until(() => server.open[1]?.got.length === 1);
    // The end of the old one takes nothing from the new one, and is no news to the plugin.
    assert.deepEqual(
      stage.heard("p", "web_socket_callback_on_close", api.OnCloseRequestSchema),
      [],
    );
    assert.deepEqual(
      stage.heard("p", "web_socket_callback_on_error", api.OnErrorRequestSchema),
      [],
    );
  });
});

Deno.test("websocket: a connection that cannot be opened leaves the one with its id alone", async () => {
  await withSocket(async (stage, server, url) => {
    await stage.call("p", "connect", CONNECT, { url: bytesOf(url), connectionId });
    await stage.until(() => server.open.length === 1);
    const refused = await stage.call("p", "connect", CONNECT, {
      url: bytesOf("ws://evil.test/"),
      connectionId,
    });
    assert.match(textOf(refused.error), /does not match/);
    await stage.call("p", "send_text", SEND_TEXT, { connectionId, message: bytesOf("x") });
    await stage.until(() => server.open[0]?.got.length === 1);
  });
});

Deno.test("websocket: what may not be connected to is told in the answer", async () => {
  await withSocket(async (stage) => {
    for (
      const [url, says] of [
        ["wss://evil.test/", "URL wss://evil.test/ does not match any allowed URL patterns"],
        [
          "ws://api.example.com:1/",
          "URL ws://api.example.com:1/ does not match any allowed URL patterns",
        ],
        [
          "https://api.example.com/",
          "URL https://api.example.com/ does not match any allowed URL patterns",
        ],
        ["ws://localhost:1/", "requests to localhost are not allowed"],
        ["ws://10.0.0.1/", "requests to private IP addresses are not allowed"],
      ] as const
    ) {
      const { connectionId, error } = await stage.call("p", "connect", CONNECT, {
        url: bytesOf(url),
      });
      assert.deepEqual([connectionId.length, textOf(error)], [
        0,
        `Connection blocked by plugin permissions: ${says}`,
      ]);
    }
  });
});

promise("websocket: a dial that fails ends the call", [
  { name: "no WebSocket there", path: "plain", says: /failed to connect to WebSocket server: / },
  {
    name: "a header of the handshake",
    header: "Upgrade",
    says: /failed to connect to WebSocket server: websocket: duplicate header not allowed: Upgrade/,
  },
], async ({ header, says }: { header?: string; says: RegExp }) => {
  await using server = loopbackServer(() => new Response("no WebSocket", { status: 404 }));
  await using stage = await open({
    websocket: { allowedUrls: [`ws://api.example.com:${server.port}/*`] },
  });
  const headers = entriesOf(new Map(header === undefined ? [] : [[header, "x"]]));
  await assert.rejects(
    stage.call("p", "connect", CONNECT, {
      url: bytesOf(`ws://api.example.com:${server.port}/x`),
      headers,
    }),
    { code: "guest.trap", message: says },
  );
});

Deno.test("websocket: an unknown id is told in the answer", async () => {
  await withSocket(async (stage) => {
    const errors = [
      (await stage.call("p", "send_text", SEND_TEXT, { connectionId })).error,
      (await stage.call("p", "send_binary", SEND_BINARY, { connectionId })).error,
      (await stage.call("p", "close", CLOSE, { connectionId })).error,
    ];
    assert.deepEqual(errors.map(textOf), Array(3).fill("connection not found"));
  });
});

Deno.test("websocket: a plugin that closes is not called back, and its id is gone", async () => {
  await withSocket(async (stage, server, url) => {
    await stage.call("p", "connect", CONNECT, { url: bytesOf(url), connectionId });
    await stage.until(() => server.open.length === 1);
    const close = () =>
      stage.call("p", "close", CLOSE, { connectionId, code: 1000, reason: bytesOf("bye") });
    assert.equal(textOf((await close()).error), "");
    await stage.until(() => server.open[0]?.closed.length === 2);
    assert.deepEqual(server.open[0]?.closed, [1000, "bye"]);
    assert.equal(textOf((await close()).error), "connection not found");
    assert.deepEqual(
      stage.heard("p", "web_socket_callback_on_close", api.OnCloseRequestSchema),
      [],
    );
    assert.deepEqual(
      stage.heard("p", "web_socket_callback_on_error", api.OnErrorRequestSchema),
      [],
    );
  });
});

promise("websocket: a plugin's close succeeds with any code and reason", [
  { name: "code 0", code: 0, reason: "" },
  { name: "no status", code: 1005, reason: "" },
  { name: "a negative code", code: -1, reason: "" },
  { name: "a code beyond the frame's", code: 2 ** 31 - 1, reason: "" },
  { name: "a reason that no frame holds", code: 1000, reason: "r".repeat(124) },
], async ({ code, reason }) => {
  await withSocket(async (stage, server, url) => {
    await stage.call("p", "connect", CONNECT, { url: bytesOf(url), connectionId });
    await stage.until(() => server.open.length === 1);
    const close = () =>
      stage.call("p", "close", CLOSE, { connectionId, code, reason: bytesOf(reason) });
    assert.equal(textOf((await close()).error), "");
    await stage.until(() => server.open[0]?.closed.length === 2);
    assert.equal(textOf((await close()).error), "connection not found");
  });
});

promise("websocket: a close of the far end, whatever its code, is OnClose", [
  { name: "1000", code: 1000, reason: "bye" },
  { name: "4004", code: 4004, reason: "Authentication failed." },
  { name: "none, which is 1000", code: undefined, reason: "" },
], async ({ code, reason }) => {
  await withSocket(async (stage, server, url) => {
    await stage.call("p", "connect", CONNECT, { url: bytesOf(url), connectionId });
    await stage.until(() => server.open.length === 1);
    if (code === undefined) server.open[0]?.socket.close();
    else server.open[0]?.socket.close(code, reason);
    const heard = () => stage.heard("p", "web_socket_callback_on_close", api.OnCloseRequestSchema);
    await stage.until(() => heard().length === 1);
    const [told] = heard();
    assert.deepEqual([told?.connectionId, told?.code, textOf(told?.reason ?? new Uint8Array())], [
      connectionId,
      code ?? 1000,
      reason,
    ]);
    assert.deepEqual(
      stage.heard("p", "web_socket_callback_on_error", api.OnErrorRequestSchema),
      [],
    );
    await stage.until(() => heard().length === 1);
    const { error } = await stage.call("p", "send_text", SEND_TEXT, { connectionId });
    assert.equal(textOf(error), "connection not found");
  });
});

Deno.test("websocket: a connection that is lost without a close frame is OnError", async () => {
  const lost = createServer();
  lost.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    setTimeout(() => socket.destroy(), 50);
  });
  await new Promise<void>((listening) => lost.listen(0, "127.0.0.1", listening));
  try {
    const { port } = lost.address() as AddressInfo;
    await using stage = await open({
      websocket: { allowedUrls: [`ws://api.example.com:${port}/`] },
    });
    await stage.call("p", "connect", CONNECT, {
      url: bytesOf(`ws://api.example.com:${port}/`),
      connectionId,
    });
    const heard = () => stage.heard("p", "web_socket_callback_on_error", api.OnErrorRequestSchema);
    await stage.until(() => heard().length === 1);
    const [told] = heard();
    assert.deepEqual(told?.connectionId, connectionId);
    assert.match(
      textOf(told?.error ?? new Uint8Array()),
      /^websocket: close 1006 \(abnormal closure\)/,
    );
    assert.deepEqual(
      stage.heard("p", "web_socket_callback_on_close", api.OnCloseRequestSchema),
      [],
    );
  } finally {
    lost.close();
  }
});
