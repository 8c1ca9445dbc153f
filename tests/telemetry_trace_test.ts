import assert from "node:assert/strict";
import { startService } from "./support/launcher.ts";
import { networkGuest } from "./support/network_guest.ts";
import { TestData } from "./support/plugins_folder.ts";

/** What OTLP tells of a span, as far as it matters. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

/** Serves until it is disposed. */
function listen(handler: Deno.ServeHandler): { readonly url: string } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("a request to the API, the call it makes, its host call and the request of that are one trace", async () => {
  const spans: Span[] = [];
  const headers: string[] = [];
  await using collector = listen(async (request) => {
    const { resourceSpans = [] } = await request.json();
    for (const { scopeSpans } of resourceSpans) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    return Response.json({});
  });
  await using site = listen((request) => {
    headers.push(...request.headers.keys());
    return new Response("hello");
  });
  using data = new TestData();
  data.archive("asks.ndp", {
    manifest: {
      name: "Asks",
      author: "Test",
      version: "1.0.0",
      permissions: { http: { reason: "test", requiredHosts: ["127.0.0.1"] } },
    },
    guest: networkGuest(["http"]),
  });
  const service = await startService(["--data", data.path], {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  });
  const ask = async (path: string, body: object) => {
    const response = await fetch(`${service.url}/api/v1/plugins/asks/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${service.token}`, connection: "close" },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return await response.json();
  };
  await ask("enable", { addresses: ["127.0.0.1"] });
  const answer = await ask("call/http_send", { request: { url: site.url, method: "GET" } });
  assert.equal(answer.result?.statusCode, 200, JSON.stringify(answer));
  assert.equal(await service.stop(), 0);

  const named = (name: string) => spans.find((span) => span.name === name);
  const request = named("http GET");
  const hostCall = named("http_send");
  const call = named("call http_send");
  const served = spans.find(({ spanId }) => spanId === call?.parentSpanId);
  assert.equal(request?.parentSpanId, hostCall?.spanId, JSON.stringify(spans));
  assert.equal(hostCall?.parentSpanId, call?.spanId);
  assert.match(served?.name ?? "", /^POST/);
  assert.equal(new Set([request, hostCall, call, served].map((span) => span?.traceId)).size, 1);
  assert.ok(!headers.includes("traceparent"), "what we trace is no site's business");
});
