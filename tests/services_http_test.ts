import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { EgressError } from "../src/services/mod.ts";
import { FakeEgress } from "./services_cases/egress.ts";
import { Bench, settle, testCases } from "./services_cases/harness.ts";
import { HTTP_CASES } from "./services_cases/http.ts";

const permissions = { http: { allowLocalNetwork: false, allowRedirects: true } };

testCases(HTTP_CASES, { egress: new FakeEgress() });

async function send(egress: FakeEgress, request: object): Promise<Record<string, unknown>> {
  await using bench = new Bench({ permissions, egress });
  return await bench.call("http_send", { request });
}

Deno.test("http_send: method, headers and body go out; status, headers and body come back", async () => {
  const egress = new FakeEgress();
  egress.answer = () =>
    Promise.resolve({
      status: 201,
      headers: [["content-type", "text/plain"], ["x-a", "1"], ["X-A", "2"], ["etag", "e"]],
      body: new Uint8Array([1, 2]),
    });
  deepStrictEqual(
    await send(egress, {
      method: "put",
      url: "https://example.com:8443/x?y",
      headers: { "x-test": "1", host: "evil", "Content-Length": "99" },
      body: "AP8=",
    }),
    {
      result: {
        statusCode: 201,
        headers: { "Content-Type": "text/plain", "X-A": "1", Etag: "e" },
        body: "AQI=",
      },
    },
  );
  deepStrictEqual(egress.requests, [{
    method: "PUT",
    url: "https://example.com:8443/x?y",
    headers: new Map([["x-test", "1"]]),
    body: new Uint8Array([0, 255]),
    followRedirects: true,
    maxBodyBytes: 10_485_760,
  }]);
});

Deno.test("http_send: no method is GET, redirects can be handed back, 4xx and 204 are answers", async () => {
  const egress = new FakeEgress();
  egress.answer = () => Promise.resolve({ status: 404, headers: [], body: new Uint8Array(0) });
  deepStrictEqual(await send(egress, { url: "http://x/", noFollowRedirects: true }), {
    result: { statusCode: 404 },
  });
  strictEqual(egress.requests[0]?.method, "GET");
  strictEqual(egress.requests[0]?.followRedirects, false);
});

Deno.test("http_send: a manifest that says no redirects gets none", async () => {
  const egress = new FakeEgress();
  await using bench = new Bench({
    permissions: { http: { allowLocalNetwork: false, allowRedirects: false } },
    egress,
  });
  await bench.call("http_send", { request: { url: "http://x/" } });
  strictEqual(egress.requests[0]?.followRedirects, false);
});

Deno.test("http_send: a body beyond the cap is cut to exactly the cap, without an error", async () => {
  const egress = new FakeEgress();
  egress.answer = () =>
    Promise.resolve({ status: 200, headers: [], body: new Uint8Array(10_485_761) });
  const { result } = await send(egress, { url: "http://x/" });
  const { body } = result as { body: string };
  strictEqual(Uint8Array.fromBase64(body).length, 10_485_760);
});

const FAULTS: [name: string, error: Error, text: string][] = [
  [
    "a host that is not listed",
    new EgressError("host", "x"),
    'host "User.Example:8080" is not allowed',
  ],
  [
    "a private address",
    new EgressError("private", "x"),
    'host "User.Example:8080" is not allowed: private/loopback addresses require explicit requiredHosts in manifest',
  ],
  ["another rule", new EgressError("rule", "method not allowed"), "method not allowed"],
  [
    "a redirect to a host that is not listed",
    new EgressError("host", "x", "//evil.example/y"),
    'Get "//evil.example/y": host "evil.example" is not allowed',
  ],
  [
    "a redirect to a private address",
    new EgressError("private", "x", "http://127.0.0.1:1/"),
    'Get "http://127.0.0.1:1/": host "127.0.0.1:1" is not allowed: private/loopback addresses require explicit requiredHosts in manifest',
  ],
  [
    "a transport fault",
    new EgressError("transport", "connection refused"),
    'Get "http://u:p@User.Example:8080/a?b": connection refused',
  ],
  [
    "a torn body",
    new EgressError("body", "unexpected EOF"),
    "reading response body: unexpected EOF",
  ],
  ["any other fault", new Error("odd"), 'Get "http://u:p@User.Example:8080/a?b": odd'],
];

for (const [name, error, text] of FAULTS) {
  Deno.test(`http_send: ${name} has its text`, async () => {
    const egress = new FakeEgress();
    egress.answer = () => Promise.reject(error);
    deepStrictEqual(await send(egress, { url: "http://u:p@User.Example:8080/a?b" }), {
      error: text,
    });
  });
}

for (const [timeoutMs, afterMs] of [[1, 1], [0, 10_000], [null, 10_000], [500, 500]] as const) {
  Deno.test(`http_send: a timeout of ${timeoutMs} ends a slow request after ${afterMs} ms`, async () => {
    const egress = new FakeEgress();
    let aborted = false;
    egress.answer = (_request, signal) => {
      signal.addEventListener("abort", () => aborted = true);
      return new Promise(() => {});
    };
    await using bench = new Bench({ permissions, egress });
    let answer: unknown;
    const call = bench.call("http_send", { request: { url: "http://x/", timeoutMs } });
    void call.then((value) => answer = value);
    await bench.clock.advance(afterMs - 1);
    strictEqual(answer, undefined);
    await bench.clock.advance(1);
    deepStrictEqual(answer, { error: 'Get "http://x/": context deadline exceeded' });
    strictEqual(aborted, true);
    strictEqual(bench.clock.waiting, 0);
  });
}

Deno.test("http_send: a caller that goes away, a call that reaches its limit, an unloaded plugin", async () => {
  const egress = new FakeEgress();
  egress.answer = () => new Promise(() => {});
  await using bench = new Bench({ permissions, egress });
  const texts: string[] = [];
  const reasons = [new Error("gone"), new DOMException("late", "TimeoutError")];
  for (const reason of reasons) {
    const caller = new AbortController();
    const call = bench.call("http_send", { request: { url: "http://x/" } }, caller.signal);
    caller.abort(reason);
    texts.push((await call).error);
  }
  const last = bench.call("http_send", { request: { url: "http://x/" } });
  await bench.services.close();
  texts.push((await last).error);
  deepStrictEqual(texts, [
    'Get "http://x/": context canceled',
    'Get "http://x/": context deadline exceeded',
    'Get "http://x/": context canceled',
  ]);
});

Deno.test("http_send: requests at once are bounded, and one that ends makes room", async () => {
  const egress = new FakeEgress();
  let release = () => {};
  egress.answer = () =>
    new Promise((resolve) =>
      release = () => resolve({ status: 200, headers: [], body: new Uint8Array(0) })
    );
  await using bench = new Bench({ permissions, egress, limits: { requests: 1 } });
  const request = { request: { url: "http://x/" } };
  const first = bench.call("http_send", request);
  await settle();
  match((await bench.call("http_send", request)).error, /maximum of 1 requests at once$/);
  release();
  deepStrictEqual(await first, { result: { statusCode: 200 } });
  strictEqual(bench.clock.waiting, 0);
  const third = bench.call("http_send", request);
  await settle();
  release();
  deepStrictEqual(await third, { result: { statusCode: 200 } });
});

Deno.test("http_send: a host without a network says so", async () => {
  await using bench = new Bench({ permissions });
  const { error } = await bench.call("http_send", { request: { url: "http://x/" } });
  strictEqual(error, 'Get "http://x/": network is not available');
});
