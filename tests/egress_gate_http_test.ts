import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { gateFixture, refused } from "./support/gate_fixture.ts";

Deno.test("a request arrives as it was made and its answer comes back", async () => {
  await using use = gateFixture(() => new Response("made", { status: 201 }));
  const response = await use.get("/a?b=c#d", {
    method: "post",
    headers: [["X-One", "1"]],
    body: new TextEncoder().encode("hello"),
  });
  strictEqual(response.status, 201);
  strictEqual(response.url, `${use.origin}/a?b=c`);
  strictEqual(new TextDecoder().decode(response.body), "made");
  const [seen] = use.seen;
  strictEqual(`${seen?.method} ${seen?.path} ${seen?.body}`, "POST /a?b=c hello");
  strictEqual(seen?.headers.get("x-one"), "1");
  match(seen?.headers.get("user-agent") ?? "", /^Soundproof\/\d/);
  deepStrictEqual(use.relay.asked, [`api.example.com:${use.port}`]);
});

Deno.test("an error status is an answer", async () => {
  await using use = gateFixture(() => new Response("no", { status: 503 }));
  strictEqual((await use.get("/")).status, 503);
});

Deno.test("what the rules refuse is refused before anything is sent", async () => {
  await using use = gateFixture(() => new Response());
  const cases: [string, string, string][] = [
    ["http://other.example.com/", "GET", "egress.url_not_allowed"],
    ["http://127.0.0.1/", "GET", "egress.url_not_allowed"],
    ["not a url", "GET", "egress.url_not_allowed"],
    ["ftp://api.example.com/", "GET", "egress.scheme_not_allowed"],
    ["file:///etc/passwd", "GET", "egress.scheme_not_allowed"],
    ["data:,x", "GET", "egress.scheme_not_allowed"],
    ["ws://api.example.com/", "GET", "egress.scheme_not_allowed"],
    [use.origin, "TRACE", "egress.method_not_allowed"],
    [use.origin, "connect", "egress.method_not_allowed"],
    [use.origin, "GET X", "egress.method_not_allowed"],
    [use.origin, "", "egress.method_not_allowed"],
  ];
  for (const [url, method, code] of cases) await refused(use.get(url, { method }), code);
  strictEqual(use.relay.asked.length, 0);
});

Deno.test("a method that the rule does not list is refused", async () => {
  await using use = gateFixture(() => new Response(), {
    rules: (port) => ({ http: { urls: { [`http://api.example.com:${port}/*`]: ["GET"] } } }),
  });
  strictEqual((await use.get("/x")).status, 200);
  await refused(use.get("/x", { method: "DELETE" }), "egress.method_not_allowed");
});

Deno.test("a service without rules reaches nothing", async () => {
  await using use = gateFixture(() => new Response(), {
    rules: () => ({ websocket: { hosts: ["*.example.com"] } }),
  });
  await refused(use.get("/"), "egress.url_not_allowed", /not granted/);
});

const HEADERS: [string, string, string | null][] = [
  // name, value, what the server sees (null: the guest's value did not arrive)
  ["Host", "evil.example", null],
  ["Content-Length", "9999", null],
  ["Transfer-Encoding", "chunked", null],
  ["Connection", "close", null],
  ["Keep-Alive", "timeout=1", null],
  ["Proxy-Authorization", "Basic eA==", null],
  ["proxy-connection", "x", null],
  ["Sec-Fetch-Site", "none", null],
  ["Sec-WebSocket-Key", "x", null],
  ["Upgrade", "h2c", null],
  ["TE", "trailers", null],
  ["Trailer", "x", null],
  ["Expect", "100-continue", null],
  ["Accept-Encoding", "zstd", null],
  ["User-Agent", "Mine/1", "Mine/1"],
  ["Authorization", "Bearer t", "Bearer t"],
  ["Cookie", "a=1", "a=1"],
  ["Referer", "http://x/", "http://x/"],
  ["Origin", "http://x", "http://x"],
  ["X-Latin", "caf\xe9", "caf\xe9"],
  ["X-Tab", "a\tb", "a\tb"],
];

Deno.test("headers of a guest arrive, but for those the gate sets itself", async () => {
  await using use = gateFixture(() => new Response());
  await use.get("/", { headers: HEADERS.map(([name, value]) => [name, value]) });
  for (const [name, value, arrives] of HEADERS) {
    const got = use.seen[0]?.headers.get(name) ?? null;
    if (arrives === null) ok(got !== value, `${name} arrived`);
    else strictEqual(got, arrives, name);
  }
  strictEqual(use.seen[0]?.host, `api.example.com:${use.port}`);
});

Deno.test("headers that could split a request are refused", async () => {
  await using use = gateFixture(() => new Response());
  const bad: [string, string][] = [
    ["X", "a\r\nHost: evil"],
    ["X", "a\nb"],
    ["X", "a\rb"],
    ["X", "a\0b"],
    ["X", "snowman ☃"],
    ["X\r\nY", "a"],
    ["X Y", "a"],
    ["", "a"],
    ["X:", "a"],
    ["Host", "a\r\nb"],
    ["X", "a".repeat(70_000)],
  ];
  for (const header of bad) {
    await refused(use.get("/", { headers: [header] }), "egress.header_refused");
  }
  strictEqual(use.relay.asked.length, 0);
});

Deno.test("a body on GET or HEAD does not go out, on other methods it does", async () => {
  await using use = gateFixture(() => new Response());
  const body = new TextEncoder().encode("x");
  for (const method of ["GET", "HEAD", "DELETE", "PUT", "PATCH", "REPORT"]) {
    await use.get("/", { method, body });
  }
  deepStrictEqual(use.seen.map(({ method, body }) => `${method} ${body}`), [
    "GET ",
    "HEAD ",
    "DELETE x",
    "PUT x",
    "PATCH x",
    "REPORT x",
  ]);
});

Deno.test("credentials in the URL become basic authentication and leave the URL", async () => {
  await using use = gateFixture(() => new Response());
  const url = `http://me%40x:p%C3%A9@api.example.com:${use.port}/`;
  const response = await use.get(url);
  const basic = use.seen[0]?.headers.get("authorization") ?? "";
  strictEqual(basic, `Basic ${new TextEncoder().encode("me@x:pé").toBase64()}`);
  strictEqual(response.url, `${use.origin}/`);
});

Deno.test("no cookie is kept between requests", async () => {
  await using use = gateFixture(() => new Response(null, { headers: { "set-cookie": "a=1" } }));
  await use.get("/");
  await use.get("/");
  strictEqual(use.seen[1]?.headers.get("cookie"), null);
});

Deno.test("set-cookie stays apart and bytes beyond ASCII survive", async () => {
  await using use = gateFixture(() =>
    new Response(null, {
      headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x", "caf\xe9"]],
    })
  );
  const { headers } = await use.get("/");
  deepStrictEqual(headers.filter(([name]) => name === "set-cookie"), [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  strictEqual(headers.find(([name]) => name === "x")?.[1], "caf\xe9");
});

Deno.test("a refusal of the gateway is told from other faults", async () => {
  for (
    const [reply, code] of [
      [1, "egress.transport"],
      [2, "egress.address_refused"],
      [3, "egress.transport"],
      [4, "egress.transport"],
      [5, "egress.transport"],
    ] as const
  ) {
    await using use = gateFixture(() => new Response(), { reply: () => reply });
    await refused(
      use.get("/Connection%20not%20allowed%20by%20ruleset?key=secret"),
      code,
      /^(?!.*secret)/,
    );
    await refused(
      use.gate.connect({ url: `ws://api.example.com:${use.port}/`, headers: [], timeoutMs: 5000 }, {
        onMessage() {},
        onClose() {},
        onError() {},
      }),
      code,
    );
  }
});

Deno.test("one host has one answer, however it is written", async () => {
  await using use = gateFixture(() => new Response());
  for (
    const host of ["API.Example.COM", "api.example.com.", "ａｐｉ.example.com", "%61pi.example.com"]
  ) {
    strictEqual((await use.get(`http://${host}:${use.port}/`)).status, 200, host);
  }
});
