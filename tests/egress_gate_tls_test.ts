import { ok, strictEqual } from "node:assert/strict";
import { Gate } from "../src/egress/mod.ts";
import { authority } from "./support/certificates.ts";
import { gateRequest, NEVER, refused } from "./support/gate_fixture.ts";
import { type SocksRelay, socksRelay } from "./support/socks_relay.ts";

const SECRET = "the-secret-of-this-request";
const ca = await authority();

interface TlsUse extends AsyncDisposable {
  readonly port: number;
  readonly relay: SocksRelay;
  readonly gate: Gate;
}

async function tlsUse(name: string, trusted: readonly string[]): Promise<TlsUse> {
  const server = Deno.serve({
    ...await ca.leaf(name),
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, (request) => {
    const to = new URL(request.url).searchParams.get("to");
    if (to !== null) return new Response(null, { status: 302, headers: { location: to } });
    if (request.headers.get("upgrade") === null) return new Response(SECRET);
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  const relay = socksRelay();
  const rules = { hosts: ["api.example.com"] };
  const gate = new Gate({
    rules: { http: rules, websocket: rules },
    gateway: relay,
    caCerts: trusted,
  });
  return {
    port: server.addr.port,
    relay,
    gate,
    async [Symbol.asyncDispose]() {
      await gate.close();
      relay.close();
      await server.shutdown();
    },
  };
}

function post(use: TlsUse) {
  const request = {
    method: "POST",
    headers: [["x-secret", SECRET] as const],
    body: new TextEncoder().encode(SECRET),
  };
  return use.gate.send(
    gateRequest(`https://api.example.com:${use.port}/${SECRET}`, request),
    NEVER,
  );
}

function connect(use: TlsUse, onMessage: (data: string | Uint8Array) => void) {
  const request = { url: `wss://api.example.com:${use.port}/`, headers: [], timeoutMs: 5_000 };
  return use.gate.connect(request, {
    onMessage: (_kind, data) => onMessage(data),
    onClose() {},
    onError() {},
  });
}

Deno.test("https and wss end in the gate: the gateway sees no plain text", async () => {
  await using use = await tlsUse("api.example.com", [ca.cert]);
  strictEqual(new TextDecoder().decode((await post(use)).body), SECRET);
  const heard = Promise.withResolvers<string | Uint8Array>();
  const socket = await connect(use, heard.resolve);
  await socket.sendText(SECRET);
  strictEqual(await heard.promise, SECRET);
  ok(use.relay.sent().length > 500);
  ok(use.relay.sent().includes("api.example.com")); // the name in the ClientHello, and no more
  strictEqual(use.relay.sent().includes(SECRET), false);
});

Deno.test("a certificate for another name is refused", async () => {
  await using use = await tlsUse("other.example.com", [ca.cert]);
  await refused(post(use), "egress.transport", /certificate not valid for name/);
  await refused(connect(use, () => {}), "egress.transport", /certificate not valid for name/);
  strictEqual(use.relay.sent().includes(SECRET), false);
});

Deno.test("a certificate of an unknown issuer is refused", async () => {
  await using use = await tlsUse("api.example.com", []);
  await refused(post(use), "egress.transport", /UnknownIssuer/);
  await refused(connect(use, () => {}), "egress.transport", /UnknownIssuer/);
});

Deno.test("a redirect from https to http is refused, from http to https it is followed", async () => {
  await using use = await tlsUse("api.example.com", [ca.cert]);
  const get = (url: string) => use.gate.send(gateRequest(url), NEVER);
  const https = `https://api.example.com:${use.port}/`;
  const down = `${https}?to=http://api.example.com/`;
  await refused(get(down), "egress.redirect_refused", /from https to http/);
  strictEqual(use.relay.asked.length, 1);
  const plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(null, { status: 301, headers: { location: https } }),
  );
  const response = await get(`http://api.example.com:${plain.addr.port}/`);
  strictEqual(`${response.status} ${response.url} ${response.hops}`, `200 ${https} 1`);
  await plain.shutdown();
});
