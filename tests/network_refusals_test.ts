import { deepStrictEqual, match, ok, throws } from "node:assert/strict";
import { ERROR_CODES } from "../src/errors.ts";
import type { HostNetworkOptions } from "../src/host/mod.ts";
import { readBuiltInRequest } from "../src/host/built_in_http.ts";
import {
  type Asked,
  type Dns,
  type GuestRequest,
  loopbackServer,
  networkHost,
} from "./support/network_host.ts";

const YES = new URL("./support/gate_workers/yes.ts", import.meta.url);
const ESCAPE = new URL("./support/gate_workers/escape.ts", import.meta.url);
const SECRET = "s3cret";
const DNS: Dns = { "api.example.com": ["127.0.0.1"], "private.example.com": ["10.0.0.1"] };
const HOSTS: Asked = { requiredHosts: ["*.example.com"] };

const bomb = new Uint8Array(
  await new Response(
    new Blob([new Uint8Array(50 * 1024 * 1024 + 1)]).stream()
      .pipeThrough(new CompressionStream("gzip")),
  ).arrayBuffer(),
);

/** How a request comes to be refused. */
interface Row {
  readonly code: string;
  readonly asked?: Asked;
  readonly network?: HostNetworkOptions;
  readonly request: Partial<GuestRequest>;
  /** A request that is under way already, or was before. */
  readonly first?: string;
  /** The refusal is the enemy's in the gate, who answers the guest as he likes. */
  readonly hostile?: true;
}

const at = (path: string) => `http://user:${SECRET}@api.example.com:PORT${path}?key=${SECRET}`;

const ROWS: readonly Row[] = [
  { code: "egress.address_refused", request: { url: at("/").replace("api", "private") } },
  { code: "egress.body_too_large", request: { url: at("/bomb") } },
  {
    code: "egress.busy",
    network: { gateLimits: { requests: 1 } },
    request: { url: at("/") },
    first: "/never",
  },
  {
    code: "egress.byte_limit",
    network: { gatewayLimits: { bytesDown: 2_000 } },
    request: { url: at("/large") },
  },
  {
    code: "egress.connection_limit",
    network: { gatewayLimits: { connections: 1 } },
    request: { url: at("/") },
    first: "/never",
  },
  {
    code: "egress.credentials",
    network: { gateWorker: ESCAPE },
    request: { url: at("/"), headers: { "x-act": "socks", "x-argument": '{"password":"x"}' } },
    hostile: true,
  },
  { code: "egress.header_refused", request: { url: at("/"), headers: { a: "b\r\nc: d" } } },
  {
    code: "egress.host_not_allowed",
    asked: { requiredHosts: ["b?example*"] },
    network: { gateWorker: YES },
    request: { url: at("/") },
  },
  {
    code: "egress.malformed",
    network: { gateWorker: ESCAPE },
    request: { url: at("/"), headers: { "x-act": "socks", "x-argument": '{"command":2}' } },
    hostile: true,
  },
  {
    code: "egress.method_not_allowed",
    asked: { allowedUrls: { "http://api.example.com:*/*": ["GET"] } },
    request: { url: at("/"), method: "DELETE" },
  },
  {
    code: "egress.own_address",
    network: { ownAddresses: () => [{ hostname: "127.0.0.1", port }] },
    request: { url: at("/") },
  },
  {
    code: "egress.rate_limit",
    network: { gateLimits: { requestsPerMinute: 1 } },
    request: { url: at("/") },
    first: "/",
  },
  { code: "egress.redirect_refused", request: { url: at("/away") } },
  { code: "egress.response_headers_too_large", request: { url: at("/headers") } },
  { code: "egress.scheme_not_allowed", request: { url: `ftp://a:${SECRET}@b.example.com/` } },
  { code: "egress.too_many_redirects", request: { url: at("/loop") } },
  { code: "egress.url_not_allowed", request: { url: `http://evil.test/?key=${SECRET}` } },
];

/** Codes that no `http_request` can end with, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "egress.cancelled": "no refusal: the caller gave up",
  "egress.close_refused": "WebSockets",
  "egress.connect_failed": "no refusal of ours: nobody listens",
  "egress.handshake_timeout": "tests/egress_gateway_test.ts, with a clock",
  "egress.message_too_large": "WebSockets",
  "egress.resolution_failed": "no refusal of ours; tests/network_dns_test.ts",
  "egress.socket_closed": "WebSockets",
  "egress.timeout": "no refusal: the far end",
  "egress.transport": "no refusal: the far end; tests/network_tls_test.ts",
};

let port = 0;

function server() {
  return loopbackServer((request) => {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/bomb":
        return new Response(bomb, { headers: { "content-encoding": "gzip" } });
      case "/never":
        return new Promise<Response>((resolve) =>
          request.signal.addEventListener("abort", () => resolve(new Response()))
        );
      case "/large":
        return new Response("x".repeat(10_000));
      case "/away":
        return new Response(null, {
          status: 302,
          headers: { location: `http://user:${SECRET}@evil.test/?key=${SECRET}` },
        });
      case "/headers":
        return new Response("x", {
          headers: Array.from({ length: 150 }, (_, index) => [`x-${index}`, "x"]),
        });
      case "/loop":
        return new Response(null, { status: 302, headers: { location: `/loop?key=${SECRET}` } });
      default:
        return new Response("hi");
    }
  });
}

Deno.test("every refusal is told by its code, to everyone it concerns, without secrets", async (t) => {
  await using far = server();
  port = far.port;
  for (const row of ROWS) {
    await t.step(row.code, async () => {
      const { asked = HOSTS, network = {} } = row;
      await using use = await networkHost({ p: { http: asked } }, DNS, { network });
      const url = (text: string) => text.replace("PORT", `${far.port}`);
      if (row.first === "/") await use.send("p", url(at("/")));
      if (row.first === "/never") {
        const before = far.seen.length;
        use.send("p", url(at("/never"))).catch(() => {});
        while (far.seen.length === before) await new Promise((done) => setTimeout(done, 5));
      }
      const request = { ...row.request, url: url(row.request.url ?? "") };
      if (row.hostile) await use.send("p", request);
      else match((await use.refused("p", request)).text, /^Cannot call .*: it trapped: .+/);

      const events = use.host.audit().filter(({ code }) => code.startsWith("egress."));
      deepStrictEqual([...new Set(events.map(({ code }) => code))], [row.code]);
      deepStrictEqual([...use.host.refusals], [[row.code, 1]]);
      const lines = use.log.filter(({ message }) => message.startsWith(`${row.code}: `));
      ok(lines.length > 0, "nothing in the log");
      if (row.code !== "egress.credentials") {
        ok(events.every(({ plugin }) => plugin === "p"));
        ok(lines.every(({ plugin }) => plugin === "p"));
      }
      for (const { subject, reason } of events) {
        match(reason, /\w/);
        ok(!`${subject} ${reason}`.includes(SECRET), `${subject} ${reason}`);
      }
      ok(!JSON.stringify(use.log).includes(SECRET));
    });
  }
});

Deno.test("no code of a refusal is left out", () => {
  const known = Object.keys(ERROR_CODES).filter((code) => code.startsWith("egress."));
  const shown = [...ROWS.map(({ code }) => code), ...Object.keys(ELSEWHERE)].sort();
  deepStrictEqual(shown, known);
});

Deno.test("what a guest reads of a refusal has neither query nor credentials", async () => {
  await using use = await networkHost({ p: { http: HOSTS } }, DNS);
  const url = `http://user:${SECRET}@evil.test/path?key=${SECRET}`;
  const { text } = await use.refused("p", url);
  match(text, /HTTP request to 'http:\/\/evil\.test\/path' is not allowed: Cannot request/);
  ok(!text.includes(SECRET));
});

Deno.test("a hostile cell's message in the place of a request is refused before it is sent", async (t) => {
  const json = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const message = new Uint8Array(4 + bytes.length);
    new DataView(message.buffer).setUint32(0, bytes.length);
    message.set(bytes, 4);
    return message;
  };
  const messages: readonly (readonly [string, Uint8Array])[] = [
    ["nothing", new Uint8Array()],
    ["half a length", new Uint8Array(3)],
    ["a length beyond the end", new Uint8Array([255, 255, 255, 255, 123])],
    ["no JSON", json("{")],
    ["null", json("null")],
    ["no URL", json("{}")],
    ["a URL that is no text", json('{"url":1}')],
    ["a method that is no text", json('{"url":"http://a/","method":1}')],
    ["headers that are no object", json('{"url":"http://a/","headers":1}')],
    ["a header that is no text", json('{"url":"http://a/","headers":{"a":{}}}')],
  ];
  for (const [what, message] of messages) {
    await t.step(what, () => throws(() => readBuiltInRequest(message, 1)));
  }
});
