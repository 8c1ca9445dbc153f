import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { gateFixture, gateRequest, NEVER, refused, until } from "./support/gate_fixture.ts";

const KIB = 1024;
const gzipped = (body: Uint8Array) =>
  new Response(new Uint8Array(gzipSync(body)), { headers: { "content-encoding": "gzip" } });

function endless(chunk: number, gone: () => void = () => {}, everyMs = 0): Response {
  let timer = 0;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        if (everyMs > 0) {
          await new Promise((go) => timer = setTimeout(go, everyMs) as unknown as number);
        }
        controller.enqueue(new Uint8Array(chunk));
      },
      cancel() {
        clearTimeout(timer);
        gone();
      },
    }),
  );
}

Deno.test("a body of exactly the cap is given, one byte more is refused or cut", async () => {
  await using use = gateFixture((request) =>
    new Response(new Uint8Array(Number(new URL(request.url).pathname.slice(1))))
  );
  const cap = { maxBodyBytes: 100 * KIB };
  strictEqual((await use.get(`/${100 * KIB}`, cap)).body.length, 100 * KIB);
  await refused(use.get(`/${100 * KIB + 1}`, cap), "egress.body_too_large");
  const cut = await use.get(`/${100 * KIB + 1}`, { ...cap, overflow: "cut" });
  strictEqual(cut.body.length, 100 * KIB);
  strictEqual((await use.get("/0", { maxBodyBytes: 0 })).body.length, 0);
  await refused(use.get("/1", { maxBodyBytes: 0 }), "egress.body_too_large");
});

Deno.test("the cap counts decompressed bytes: a bomb of a thousand to one is refused", async () => {
  const bomb = new Uint8Array(20 * KIB * KIB);
  await using use = gateFixture(() => gzipped(bomb));
  ok(gzipSync(bomb).length * 900 < bomb.length);
  await refused(use.get("/", { maxBodyBytes: 100 * KIB }), "egress.body_too_large");
  const cut = await use.get("/", { maxBodyBytes: 100 * KIB, overflow: "cut" });
  strictEqual(cut.body.length, 100 * KIB);
});

Deno.test("a compressed body arrives plain, without the headers of its compression", async () => {
  await using use = gateFixture(() => gzipped(new TextEncoder().encode("hello")));
  const { body, headers } = await use.get("/");
  strictEqual(new TextDecoder().decode(body), "hello");
  deepStrictEqual(headers.filter(([name]) => /content-(length|encoding)/.test(name)), []);
});

Deno.test("a body without end is left at the cap", async () => {
  const gone = Promise.withResolvers<void>();
  await using use = gateFixture(() => endless(64 * KIB, gone.resolve));
  await refused(use.get("/", { maxBodyBytes: 256 * KIB }), "egress.body_too_large");
  await gone.promise;
});

Deno.test("bodies of one plugin together stay under its buffer", async () => {
  await using use = gateFixture(() => endless(64 * KIB), { limits: { responseBytes: 512 * KIB } });
  await refused(use.get("/", { maxBodyBytes: 1024 * KIB }), "egress.busy", /buffer/);
  strictEqual(
    (await use.get("/", { maxBodyBytes: 512 * KIB, overflow: "cut" })).body.length,
    512 * KIB,
  );
});

Deno.test("a slow body and a silent server end at the timeout, and the connection is let go", async () => {
  const gone = Promise.withResolvers<void>();
  const never = Promise.withResolvers<Response>();
  await using use = gateFixture((request) =>
    request.url.endsWith("/slow") ? endless(1, gone.resolve, 20) : never.promise
  );
  await refused(use.get("/slow", { timeoutMs: 1_000 }), "egress.timeout", /1000 ms/);
  // A busy machine may not have come to the request at all; then there is nothing to let go of.
  if (use.seen.length > 0) await gone.promise;
  await refused(use.get("/silent", { timeoutMs: 50 }), "egress.timeout");
  await until(() => use.gate.load.requests === 0);
  for (const timeoutMs of [0, -1, NaN]) {
    await refused(use.get("/", { timeoutMs }), "egress.timeout");
  }
  never.resolve(new Response());
});

Deno.test("a caller that gives up gets its refusal and frees its slot", async () => {
  const never = Promise.withResolvers<Response>();
  await using use = gateFixture(() => never.promise, { limits: { requests: 1 } });
  const abort = new AbortController();
  const sent = use.gate.send(gateRequest(use.origin), abort.signal);
  await until(() => use.seen.length === 1);
  await refused(use.get("/"), "egress.busy");
  abort.abort();
  await refused(sent, "egress.cancelled");
  await until(() => use.gate.load.requests === 0);
  await refused(use.gate.send(gateRequest(use.origin), abort.signal), "egress.cancelled");
  strictEqual(use.seen.length, 1);
  never.resolve(new Response());
});

Deno.test("too many requests in a minute are refused until time has passed", async () => {
  let now = 0;
  const clock = { now: () => now, after: () => () => {} };
  await using use = gateFixture(() => new Response(), { limits: { requestsPerMinute: 2 }, clock });
  await use.get("/");
  await use.get("/");
  await refused(use.get("/"), "egress.rate_limit");
  now += 30_000;
  await use.get("/");
  await refused(use.get("/"), "egress.rate_limit");
});

Deno.test("bodies that wait to go out are bounded together", async () => {
  const never = Promise.withResolvers<Response>();
  await using use = gateFixture(() => never.promise, { limits: { queuedBytes: 1000 } });
  const body = new Uint8Array(600);
  const first = use.get("/", { method: "POST", body });
  await refused(use.get("/", { method: "POST", body }), "egress.busy");
  never.resolve(new Response());
  await first;
  strictEqual((await use.get("/", { method: "POST", body })).status, 200);
});

/** A server that says exactly these bytes. */
function rawServer(answer: string): { port: number; close(): void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const bytes = Uint8Array.from(answer, (character) => character.charCodeAt(0));
  (async () => {
    for await (const conn of listener) {
      await conn.read(new Uint8Array(4096));
      const writer = conn.writable.getWriter();
      await writer.write(bytes).then(() => writer.close()).catch(() => {});
    }
  })().catch(() => {});
  return { port: listener.addr.port, close: () => listener.close() };
}

const RAW: [string, string, string | undefined][] = [
  ["10,000 headers", `${"x: y\r\n".repeat(10_000)}\r\n`, "egress.response_headers_too_large"],
  [
    "one header of a megabyte",
    `x: ${"y".repeat(1e6)}\r\n\r\n`,
    "egress.response_headers_too_large",
  ],
  ["one header of 300 KB", `x: ${"y".repeat(3e5)}\r\n\r\n`, "egress.response_headers_too_large"],
  [
    "a length and chunks that go on beyond it",
    `content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n${
      `1000\r\n${"x".repeat(4096)}\r\n`.repeat(300)
    }0\r\n\r\n`,
    "egress.body_too_large",
  ],
  ["a body that breaks off", "content-length: 9\r\n\r\nabc", "egress.transport"],
  ["headers that are not UTF-8", "content-length: 0\r\nx: \xff\xfe\r\n\r\n", undefined],
];

for (const [what, rest, code] of RAW) {
  Deno.test(`a response with ${what}: ${code ?? "is given"}`, async () => {
    const server = rawServer(`HTTP/1.1 200 OK\r\n${rest}`);
    await using use = gateFixture(() => new Response());
    const sent = use.get(`http://api.example.com:${server.port}/`);
    if (code !== undefined) await refused(sent, code);
    else strictEqual((await sent).headers.find(([name]) => name === "x")?.[1], "\xff\xfe");
    server.close();
  });
}

Deno.test("an answer that is not HTTP is a transport fault without addresses of ours", async () => {
  const server = rawServer("SSH-2.0-x\r\n");
  await using use = gateFixture(() => new Response());
  const sent = use.get(`http://api.example.com:${server.port}/?key=secret`);
  await refused(sent, "egress.transport", /^(?!.*(secret|127\.0\.0\.1)).*invalid HTTP version/);
  server.close();
});

Deno.test("two gates share neither credentials nor connections", async () => {
  await using one = gateFixture(() => new Response("one"));
  await using two = gateFixture(() => new Response("two"), {
    rules: () => ({ http: { hosts: ["b.example.net"] } }),
  });
  await one.get("/");
  await refused(two.get("/"), "egress.url_not_allowed");
  await two.get(`http://b.example.net:${one.port}/`);
  deepStrictEqual(one.relay.asked, [`api.example.com:${one.port}`]);
  deepStrictEqual(two.relay.asked, [`b.example.net:${one.port}`]);
});

Deno.test("a gate with foreign credentials is not let through", async () => {
  await using use = gateFixture(() => new Response());
  const { Gate } = await import("../src/egress/mod.ts");
  const gateway = { port: use.relay.port, username: "gate-1", password: "guess" };
  const thief = new Gate({ rules: { http: { hosts: ["api.example.com"] } }, gateway });
  await refused(thief.send(gateRequest(use.origin), NEVER), "egress.transport");
  strictEqual(use.relay.asked.length, 0);
  await thief.close();
});
