/** `http_send` through a guest, a gate, a gateway and real sockets; `extism-abi.md` 2.2, 6.2 and 7. */

import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { connect } from "node:net";
import { loopbackServer } from "./support/network_host.ts";
import { ServiceHost } from "./support/service_host.ts";

/** A public address that every name has; what is connected to is the server of the test. */
const PUBLIC = "93.184.215.14";
const ADDRESSES: Readonly<Record<string, string>> = {
  localhost: "127.0.0.1",
  "private.example.com": "10.0.0.1",
};

/** A plugin `p` that may reach these hosts; every connection leads to this server. */
async function reaching(
  server: { readonly port: number },
  requiredHosts: readonly string[] = ["x.test", "*.example.com"],
): Promise<ServiceHost> {
  const place = new ServiceHost();
  place.install("p", { permissions: { http: { requiredHosts } } });
  await place.start({
    network: {
      resolver: {
        resolve: (name) => Promise.resolve([ADDRESSES[name] ?? PUBLIC]),
      },
      connect: () => Promise.resolve(connect(server.port, "127.0.0.1")),
    },
  });
  await place.host.enable("p");
  return place;
}

const send = (place: ServiceHost, request: object) => place.call("p", "http_send", { request });

/** Tells what it was asked in a body, with the status that the path names. */
function echo(request: Request): Response {
  const status = Number(new URL(request.url).pathname.slice(1)) || 200;
  const headers = { "x-first": "1", "content-type": "text/plain" };
  return new Response([204, 304].includes(status) ? null : "answered", { status, headers });
}

const SENT: readonly [
  request: Record<string, unknown>,
  line: string,
  body: string,
  status: number,
][] = [
  [{ url: "http://x.test/201" }, "GET /201", "", 201],
  [{ url: "http://x.test/", method: "" }, "GET /", "", 200],
  [{ url: "http://x.test/?a=b%20c", method: "get" }, "GET /?a=b%20c", "", 200],
  [{ url: "http://x.test/", method: "POST", body: btoa("post\0") }, "POST /", "post\0", 200],
  [{ url: "http://x.test/", method: "Put", body: btoa("put") }, "PUT /", "put", 200],
  [{ url: "http://x.test/", method: "patch", body: btoa("patch") }, "PATCH /", "patch", 200],
  [{ url: "http://x.test/", method: "DELETE", body: btoa("gone") }, "DELETE /", "gone", 200],
  [{ url: "http://x.test/204", method: "DELETE" }, "DELETE /204", "", 204],
  [{ url: "http://x.test/", method: "HEAD" }, "HEAD /", "", 200],
  [{ url: "http://x.test/404" }, "GET /404", "", 404],
  [{ url: "http://x.test/503" }, "GET /503", "", 503],
  [{ url: "http://x.test/", body: [112], method: "POST" }, "POST /", "p", 200],
];

Deno.test("http_send: methods and bodies go out, every status is an answer", async (t) => {
  await using server = loopbackServer(echo);
  await using place = await reaching(server);
  for (const [request, line, body, statusCode] of SENT) {
    await t.step(`${line} ${JSON.stringify(request["body"] ?? "")}`, async () => {
      const { result, error } = await send(place, request);
      strictEqual(error, undefined);
      const seen = server.seen.at(-1);
      deepStrictEqual([seen?.line, seen?.body, seen?.host], [line, body, "x.test"]);
      strictEqual(result.statusCode, statusCode);
      strictEqual(result.headers["X-First"], "1");
      const bodiless = statusCode === 204 || request["method"] === "HEAD";
      strictEqual(result.body, bodiless ? undefined : btoa("answered"));
    });
  }
});

Deno.test("http_send: headers go out, come back with their first value, and have upstream's capitals", async () => {
  await using server = loopbackServer(() => {
    const headers = new Headers({ "x-one-more": "1" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response("", { headers });
  });
  await using place = await reaching(server);
  const headers = { "X-Own": "value", Host: "other.test", "content-length": "99" };
  const { result } = await send(place, { url: "http://x.test/", headers });
  strictEqual(result.headers["X-One-More"], "1");
  strictEqual(result.headers["Set-Cookie"], "a=1");
  const seen = server.seen[0];
  deepStrictEqual([seen?.headers.get("x-own"), seen?.host], ["value", "x.test"]);
});

const FORBIDDEN: readonly [requiredHosts: readonly string[], url: string, error: RegExp][] = [
  ...[
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost",
    "LOCALHOST:8080",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "169.254.169.254",
    "[::1]",
    "[::1]:8080",
    "[fc00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "224.0.0.1",
  ].map((host): [string[], string, RegExp] => [
    [],
    `http://${host}/`,
    /not allowed: private\/loopback addresses require explicit requiredHosts in manifest$/,
  ]),
  [["x.test"], "http://y.test/", /^host "y\.test" is not allowed$/],
  [["x.test"], "http://y.test:81/", /^host "y\.test:81" is not allowed$/],
  [["*.example.com"], "http://example.com/", /^host "example\.com" is not allowed$/],
  [["*.example.com"], "http://badexample.com/", /is not allowed$/],
  [["*.example.com"], "http://a.example.com.evil.test/", /is not allowed$/],
  [["x.test"], "ftp://x.test/", /^invalid URL scheme "ftp": must be http or https$/],
  [["x.test"], "http://x test/", /^invalid URL: /],
];

for (const [requiredHosts, url, error] of FORBIDDEN) {
  Deno.test(`http_send: ${url} is refused where ${JSON.stringify(requiredHosts)} is declared`, async () => {
    await using server = loopbackServer(echo);
    await using place = await reaching(server, requiredHosts);
    match((await send(place, { url })).error, error);
    strictEqual(server.seen.length, 0);
  });
}

const ALLOWED: readonly [requiredHosts: readonly string[], url: string][] = [
  [[], "http://93.184.215.14/"],
  [[], "http://172.32.0.1/"],
  [[], "http://anything.test/"],
  [["*.example.com"], "http://a.example.com/"],
  [["*.example.com"], "http://a.b.example.com:8080/"],
  [["*"], "http://anything.test/"],
];

for (const [requiredHosts, url] of ALLOWED) {
  Deno.test(`http_send: ${url} answers where ${JSON.stringify(requiredHosts)} is declared`, async () => {
    await using server = loopbackServer(echo);
    await using place = await reaching(server, requiredHosts);
    strictEqual((await send(place, { url })).result?.statusCode, 200);
  });
}

/** Redirects `/302?URL` to the URL, and answers everything else. */
function redirecting(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  if (pathname !== "/302") return new Response(`end ${pathname}`);
  const location = decodeURIComponent(search.slice(1));
  return new Response("moved", { status: 302, headers: { location } });
}

function chain(hops: number): string {
  let url = "http://x.test/end";
  for (let hop = 0; hop < hops; hop++) url = `http://x.test/302?${encodeURIComponent(url)}`;
  return url;
}

Deno.test("http_send: redirects are followed, handed back, or refused with nothing of the answer", async (t) => {
  await using server = loopbackServer(redirecting);
  await using place = await reaching(server);
  await t.step("to a declared host", async () => {
    const { result } = await send(place, {
      url: `http://x.test/302?${encodeURIComponent("http://a.example.com/there")}`,
    });
    strictEqual(atob(result.body), "end /there");
    strictEqual(server.seen.at(-1)?.host, "a.example.com");
  });
  await t.step("handed back where the plugin wants that", async () => {
    const { result } = await send(place, { url: chain(1), noFollowRedirects: true });
    deepStrictEqual([result.statusCode, result.headers["Location"], atob(result.body)], [
      302,
      "http://x.test/end",
      "moved",
    ]);
  });
  await t.step("four are followed, the fifth is the answer", async () => {
    strictEqual((await send(place, { url: chain(4) })).result.statusCode, 200);
    const { result } = await send(place, { url: chain(5) });
    deepStrictEqual([result.statusCode, result.headers["Location"]], [302, "http://x.test/end"]);
  });
  const refused = [
    ["http://y.test/", /^Get "http:\/\/y\.test\/": host "y\.test" is not allowed$/],
    ["http://y.test:81/p", /^Get "http:\/\/y\.test:81\/p": host "y\.test:81" is not allowed$/],
    ["http://10.0.0.1/", /^Get "http:\/\/10\.0\.0\.1\/": host "10\.0\.0\.1" is not allowed$/],
    ["http://127.0.0.1/", /^Get ".*": host "127\.0\.0\.1" is not allowed$/],
    [
      "http://private.example.com/",
      /^Get ".*": host "private\.example\.com" is not allowed: private/,
    ],
    ["file:///etc/passwd", /scheme/],
  ] as const;
  for (const [location, error] of refused) {
    await t.step(`to ${location}: refused`, async () => {
      const before = server.seen.length;
      const answer = await send(place, {
        url: `http://x.test/302?${encodeURIComponent(location)}`,
      });
      deepStrictEqual(Object.keys(answer), ["error"]);
      match(answer.error, error);
      strictEqual(server.seen.length, before + 1);
    });
  }
});

Deno.test("http_send: a body larger than the cap is cut to exactly the cap, without an error", async () => {
  await using server = loopbackServer(() => new Response(new Uint8Array(10_485_760 + 5).fill(97)));
  await using place = await reaching(server);
  const { result } = await send(place, { url: "http://x.test/" });
  const body = Uint8Array.fromBase64(result.body);
  deepStrictEqual([body.length, body.at(-1)], [10_485_760, 97]);
});

/** A server that answers when it is told to. */
function slow() {
  const told = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const server = loopbackServer(async () => {
    asked.resolve();
    await told.promise;
    return new Response("late");
  });
  return Object.assign(server, { asked: asked.promise, answer: told.resolve });
}

for (const [timeoutMs, ms] of [[1, 1], [0, 10_000], [20_000, 20_000]] as const) {
  Deno.test(`http_send: a timeout of ${timeoutMs} ends a slow request after ${ms} ms`, async () => {
    await using server = slow();
    await using place = await reaching(server);
    const answer = send(place, { url: "http://x.test/", timeoutMs });
    await server.asked;
    let over = false;
    void answer.then(() => over = true);
    await place.clock.advance(ms - 1);
    strictEqual(over, false);
    await place.clock.advance(1);
    const { error } = await answer;
    strictEqual(error, 'Get "http://x.test/": context deadline exceeded');
    server.answer();
  });
}

Deno.test("http_send: a caller that goes away ends the request and the call", async () => {
  await using server = slow();
  await using place = await reaching(server);
  const caller = new AbortController();
  const input = new TextEncoder().encode('{"request":{"url":"http://x.test/"}}');
  const call = place.host.plugin("p").call("http_send", input, { signal: caller.signal });
  const ended = rejects(call, { code: "call.cancelled" });
  await server.asked;
  caller.abort();
  await ended;
  server.answer();
  ok(await place.call("p", "config_keys", {}));
});
