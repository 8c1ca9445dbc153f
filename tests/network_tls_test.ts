import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { authority } from "./support/certificates.ts";
import { type Dns, loopbackServer, networkHost } from "./support/network_host.ts";

const SECRET = "the-secret-of-this-request";
const DNS: Dns = { "api.example.com": ["127.0.0.1"], "other.example.com": ["127.0.0.1"] };
const ASKED = { p: { http: { requiredHosts: ["*.example.com"] } } };
const ca = await authority();
const stranger = await authority();

/** A relay on loopback that keeps every byte: where the gateway connects to, in the server's place. */
function wiretap(
  to: number,
): AsyncDisposable & { readonly port: number; readonly bytes: number[] } {
  const bytes: number[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const tap = async (from: Deno.Conn, into: Deno.Conn) => {
    try {
      for await (const chunk of from.readable) {
        bytes.push(...chunk);
        for (let sent = 0; sent < chunk.length;) sent += await into.write(chunk.subarray(sent));
      }
    } catch { /* the other side is gone */ }
  };
  const accept = async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
      connections.push(client, server);
      void tap(client, server);
      void tap(server, client);
    }
  };
  const accepting = accept();
  return {
    port: listener.addr.port,
    bytes,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch { /* closed already */ }
      }
      await accepting.catch(() => {});
    },
  };
}

Deno.test("TLS goes end to end, and nothing between reads a word", async () => {
  await using server = loopbackServer(
    () => new Response(SECRET, { headers: { "x-answer": SECRET } }),
    await ca.leaf("api.example.com"),
  );
  await using tap = wiretap(server.port);
  await using use = await networkHost(ASKED, DNS, { network: { caCerts: [ca.cert] } });
  const url = `https://api.example.com:${tap.port}/${SECRET}`;
  const { status, body } = await use.send("p", { url, method: "POST", headers: { x: SECRET } });
  deepStrictEqual([status, body], [200, SECRET]);
  strictEqual(server.seen[0]?.headers.get("x"), SECRET);
  const text = new TextDecoder("latin1").decode(new Uint8Array(tap.bytes));
  ok(text.includes("api.example.com"), "the tap hears the handshake");
  ok(!text.includes(SECRET));
  strictEqual(text.charCodeAt(0), 22, "the first record is a handshake");
});

/** The certificate's name, the host that is asked, and who is trusted. */
const REFUSED = [
  ["a certificate of another name", "other.example.com", ca, [ca.cert]],
  ["a certificate of the parent domain", "example.com", ca, [ca.cert]],
  ["a certificate of an unknown authority", "api.example.com", stranger, [ca.cert]],
  ["no authority known at all", "api.example.com", ca, []],
] as const;

for (const [what, name, issuer, caCerts] of REFUSED) {
  Deno.test(`${what} is refused before anything is sent`, async () => {
    await using server = loopbackServer(undefined, await issuer.leaf(name));
    await using use = await networkHost(ASKED, DNS, { network: { caCerts } });
    const { text } = await use.refused("p", `https://api.example.com:${server.port}/${SECRET}`);
    match(text, /certificate|UnknownIssuer/i);
    strictEqual(server.seen.length, 0);
  });
}

Deno.test("plain text on the port of https is refused, and so is the way back to http", async () => {
  await using plain = loopbackServer();
  await using server = loopbackServer(
    () => Response.redirect(`http://api.example.com:${plain.port}/?${SECRET}`),
    await ca.leaf("api.example.com"),
  );
  await using use = await networkHost(ASKED, DNS, { network: { caCerts: [ca.cert] } });
  await use.refused("p", `https://api.example.com:${plain.port}/`);
  const { codes, text } = await use.refused("p", `https://api.example.com:${server.port}/`);
  deepStrictEqual(codes, ["egress.redirect_refused"]);
  match(text, /from https to http/);
  strictEqual(plain.seen.length, 0);
});
