import assert from "node:assert/strict";
import { createApi, MAX_INPUT_BYTES, ownNames } from "../src/api/mod.ts";
import { type Answer, fakeHost, fakeTokens } from "./support/fake_host.ts";

const TOKEN = "t".repeat(43);
const CALL = "/api/v1/plugins/echo/call/echo";

/** Serves a fake host on a socket of its own while `use` runs. */
async function withServer(
  use: (address: Deno.NetAddr, url: string) => Promise<void>,
  answer?: Answer,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, connection) => app.fetch(request, connection),
  );
  const { addr } = server;
  const app = createApi(fakeHost(undefined, answer), {
    tokens: fakeTokens({ [TOKEN]: "admin" }),
    names: ownNames("127.0.0.1", addr.port),
  });
  try {
    await use(addr, `http://127.0.0.1:${addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("bytes go in and come out over a socket", async () => {
  await withServer(async (_, url) => {
    const body = crypto.getRandomValues(new Uint8Array(65_536));
    const response = await fetch(url + CALL, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.bytes(), body);
  });
});

Deno.test("a body without a length is counted while it arrives, and cut off at the cap", async () => {
  let called = false;
  await withServer(async (_, url) => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        if (sent > MAX_INPUT_BYTES * 8) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
    });
    const status = await fetch(url + CALL, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${TOKEN}` },
    }).then(async (response) => (await response.body?.cancel(), response.status), () => 413);
    assert.equal(status, 413);
    assert.ok(sent < MAX_INPUT_BYTES * 4, `${sent} bytes were taken`);
  }, (_, input) => (called = true, input));
  assert.equal(called, false);
});

/** Head of a raw request, and the status line that answers it. */
const HEADS: readonly [string, (port: number) => string, RegExp][] = [
  ["our address", (port) => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}`, /^HTTP\/1\.1 200/],
  ["our name", (port) => `GET /healthz HTTP/1.1\r\nHost: LOCALHOST:${port}`, /^HTTP\/1\.1 200/],
  [
    "a rebound name",
    (port) => `GET /healthz HTTP/1.1\r\nHost: evil.example:${port}`,
    /^HTTP\/1\.1 421/,
  ],
  [
    "our name without the port",
    () => "GET /healthz HTTP/1.1\r\nHost: localhost",
    /^HTTP\/1\.1 421/,
  ],
  [
    "our name as user",
    (port) => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}@evil.example`,
    /^HTTP\/1\.1 4/,
  ],
  ["no host, which no browser sends", () => "GET /healthz HTTP/1.1", /^HTTP\/1\.1 200/],
  [
    "a foreign absolute target",
    (port) => `GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example:${port}`,
    /^HTTP\/1\.1 421/,
  ],
  [
    "an escaped path",
    (port) => `GET /%2e%2e/api/v1/plugins HTTP/1.1\r\nHost: 127.0.0.1:${port}`,
    /^HTTP\/1\.1 401/,
  ],
];
for (const [name, head, wanted] of HEADS) {
  Deno.test(`a raw request with ${name} is answered ${wanted.source}`, async () => {
    await withServer(async ({ port }) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(
        new TextEncoder().encode(`${head(port)}\r\nConnection: close\r\n\r\n`),
      );
      const answer = await new Response(connection.readable).text();
      assert.match(answer, wanted);
    });
  });
}

Deno.test("a caller that leaves cancels its call", async () => {
  const cancelled = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await withServer(async (_, url) => {
    const abort = new AbortController();
    const asked = fetch(url + CALL, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: abort.signal,
    });
    await started.promise;
    abort.abort();
    await assert.rejects(asked);
    await cancelled.promise;
  }, async (_, input, { signal }) => {
    started.resolve();
    await new Promise((resolve) => signal?.addEventListener("abort", resolve));
    cancelled.resolve();
    return input;
  });
});
