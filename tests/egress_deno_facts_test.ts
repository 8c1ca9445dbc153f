/**
 * What egress relies on in Deno 2.9.6: a version that changes one of these fails here, by name.
 *
 * Needs `--allow-net=127.0.0.1,localhost,*.wild.example,*.example,[::1]`, to hand names on to workers; nothing
 * but 127.0.0.1 is connected to.
 */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Gateway } from "../src/egress/gateway.ts";
import { hostPortCheck } from "../src/egress/host_ports.ts";
import { systemResolver } from "../src/egress/resolver.ts";

/** Runs a module in a worker that has only these permissions; returns what it posts. */
function inWorker(net: string[] | true, source: string): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, {
    type: "module",
    deno: {
      permissions: {
        net,
        read: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        write: false,
      },
    },
  });
  return new Promise<unknown>((done, fail) => {
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(new Error(event.message));
    };
  }).finally(() => {
    worker.terminate();
    URL.revokeObjectURL(url);
  });
}

const query = (...hosts: string[]) =>
  `postMessage(await Promise.all(${JSON.stringify(hosts)}.map(async (host) =>
     (await Deno.permissions.query({ name: "net", host })).state === "granted")))`;

Deno.test("deno: a worker's net list takes names, wildcards, ports and IPv6 in brackets", async () => {
  deepStrictEqual(
    await inWorker(
      ["*.wild.example", "one.example:443", "[::1]", "xn--mller-kva.example"],
      query(
        "x.wild.example:1",
        "x.y.wild.example",
        "wild.example",
        "xwild.example",
        "one.example:443",
      ),
    ),
    // A wildcard also admits the name itself and names several levels deep.
    [true, true, true, false, true],
  );
  deepStrictEqual(
    await inWorker(
      ["*.wild.example:8443", "one.example:443", "[::1]"],
      query(
        "x.wild.example:8443",
        "x.wild.example:443",
        "one.example:80",
        "[::1]:80",
        "evil.example",
      ),
    ),
    [true, false, false, true, false],
  );
});

const isNetWhole = (await Deno.permissions.query({ name: "net" })).state === "granted";
Deno.test({
  name: "deno: a worker's net list takes IPv4 CIDRs where the process has the whole network",
  ignore: !isNetWhole,
  async fn() {
    deepStrictEqual(
      await inWorker(["10.9.0.0/16:80"], query("10.9.0.1:80", "10.9.0.1:443", "10.8.0.1:80")),
      [true, false, false],
    );
  },
});

Deno.test({
  name:
    "deno: fetch through SOCKS5 sends the name unresolved with the credentials, and Deno refuses other names first",
  async fn() {
    const resolved: string[] = [];
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => new Response(`hello ${new URL(request.url).host}`),
    );
    const gateway = await Gateway.listen({
      resolver: {
        resolve: (name) => {
          resolved.push(name);
          return Promise.resolve(["127.0.0.1"]);
        },
      },
    });
    const { port } = server.addr;
    const rules = { urls: { [`http://site.example:${port}/*`]: ["*"] } };
    const pass = gateway.admit({
      pluginId: "plugin",
      allowsHostPort: hostPortCheck(rules),
      addresses: { localNetwork: true, named: [] },
      limits: {
        connections: 5,
        bytesUp: Infinity,
        bytesDown: Infinity,
        connectsPerMinute: 10,
        idleMs: 1_000,
        totalMs: 5_000,
        handshakeMs: 1_000,
      },
    });
    const { username, password } = pass;
    const proxy = {
      transport: "socks5",
      url: `socks5h://127.0.0.1:${gateway.port}`,
      basicAuth: { username, password },
    };
    const got = await inWorker(
      [`site.example:${port}`, `refused.example:${port}`, `127.0.0.1:${gateway.port}`],
      `const client = Deno.createHttpClient({ proxy: ${JSON.stringify(proxy)} });
       const get = async (url) => {
         try { return await (await fetch(url, { client })).text(); } catch (error) { return String(error); }
       };
       const got = [];
       for (const host of ["site", "site", "refused", "undeclared"]) {
         got.push(await get("http://" + host + ".example:${port}/"));
       }
       client.close();
       postMessage(got);`,
    );
    ok(Array.isArray(got));
    const [first, second, refused, undeclared] = got.map(String);
    strictEqual(first, `hello site.example:${port}`);
    strictEqual(second, first);
    match(refused ?? "", /error/i);
    match(undeclared ?? "", /NotCapable: Requires net access to "undeclared.example/);
    // The client kept its connection, so the name was resolved once, by the gateway.
    deepStrictEqual(resolved, ["site.example"]);
    strictEqual(pass.counters.connections, 1);
    deepStrictEqual(pass.counters.refusals, { "egress.host_not_allowed": 1 });
    await gateway.close();
    await server.shutdown();
  },
});

Deno.test("deno: the URL parser resolves dot segments, %2e and backslashes, and keeps %2F and %5C", () => {
  const paths = [
    "/a/../b",
    "/a/%2e%2E/b",
    "/a\\..\\b",
    "/a/..%2fb",
    "/a/..%5Cb",
    "/%61",
    "/a/..;/b",
  ];
  deepStrictEqual(paths.map((path) => new URL(`http://x${path}`).pathname), [
    "/b",
    "/b",
    "/b",
    "/a/..%2fb",
    "/a/..%5Cb",
    "/%61",
    "/a/..;/b",
  ]);
});

const isLocalhostOpen =
  (await Deno.permissions.query({ name: "net", host: "localhost" })).state === "granted";
Deno.test({
  name: "deno: the system's resolver answers localhost, and needs the permission for the name",
  ignore: !isLocalhostOpen,
  async fn() {
    const { signal } = new AbortController();
    const answers = await systemResolver().resolve("localhost", signal);
    ok(answers.includes("127.0.0.1") || answers.includes("::1"));
    // Shorthands are addresses to the system: the gateway must judge answers, whatever the name.
    if (isNetWhole) deepStrictEqual(await systemResolver().resolve("127.1", signal), ["127.0.0.1"]);
  },
});
