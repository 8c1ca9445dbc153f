import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { type Dns, loopbackServer, networkHost, NOTHING } from "./support/network_host.ts";

const ESCAPE = new URL("./support/gate_workers/escape.ts", import.meta.url);
const DNS: Dns = {
  "a.example.com": ["127.0.0.1"],
  "b.example.com": ["127.0.0.1"],
  "shared.example.com": ["127.0.0.1"],
};
const PLUGINS = {
  a: { http: { requiredHosts: ["a.example.com", "shared.example.com"] } },
  b: { http: { requiredHosts: ["b.example.com", "shared.example.com"] } },
  closed: { http: { requiredHosts: ["shared.example.com"] }, local: NOTHING },
};

Deno.test("a plugin reaches its own hosts and not its neighbour's", async (t) => {
  await using server = loopbackServer();
  await using use = await networkHost(PLUGINS, DNS);
  for (const [plugin, other] of [["a", "b"], ["b", "a"]] as const) {
    await t.step(plugin, async () => {
      const url = (host: string) => `http://${host}.example.com:${server.port}/`;
      strictEqual((await use.send(plugin, url(plugin))).body, "hi");
      const { codes } = await use.refused(plugin, url(other));
      deepStrictEqual(codes, ["egress.url_not_allowed"]);
    });
  }
  await t.step("an address opened to one is closed to the other", async () => {
    const url = `http://shared.example.com:${server.port}/`;
    strictEqual((await use.send("a", url)).body, "hi");
    deepStrictEqual((await use.refused("closed", url)).codes, ["egress.address_refused"]);
  });
});

Deno.test("a connection of one plugin is never used for the other", async () => {
  const peers = new Map<string, Set<number>>();
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, { remoteAddr }) => {
      const who = request.headers.get("x-who") ?? "";
      peers.set(who, (peers.get(who) ?? new Set()).add(remoteAddr.port));
      return new Response("hi");
    },
  );
  await using use = await networkHost(PLUGINS, DNS);
  const url = `http://shared.example.com:${server.addr.port}/`;
  for (const who of ["a", "b", "a", "b", "a", "b"]) {
    await use.send(who, { url, headers: { "x-who": who } });
  }
  const [a, b] = [peers.get("a") ?? new Set(), peers.get("b") ?? new Set()];
  strictEqual(a.size, 1, "connections are kept and used again");
  strictEqual(a.intersection(b).size, 0);
  await server.shutdown();
});

Deno.test("each gate has credentials of its own, and they open its own hosts alone", async (t) => {
  await using server = loopbackServer();
  await using use = await networkHost(PLUGINS, DNS, { network: { gateWorker: ESCAPE } });
  const act = async (plugin: string, name: string, host: string, argument: object = {}) => {
    const url = `http://${host}.example.com:${server.port}/`;
    const headers = { "x-act": name, "x-argument": JSON.stringify(argument) };
    return (await use.send(plugin, { url, headers })).body;
  };
  const a = JSON.parse(await act("a", "credentials", "a"));
  const b = JSON.parse(await act("b", "credentials", "b"));
  notStrictEqual(a.username, b.username);
  notStrictEqual(a.password, b.password);
  const { username, password } = a;
  await t.step("mixed credentials are wrong", async () => {
    const mixed = await act("b", "socks", "b", { username, password: b.password });
    strictEqual(mixed, "wrong credentials");
  });
  await t.step("whoever has them is held to their plugin's hosts", async () => {
    strictEqual(await act("b", "socks", "b", { username, password }), "reply 2");
    strictEqual(await act("b", "socks", "a", { username, password }), "reached");
  });
  await t.step("they end with their plugin", async () => {
    await use.host.disable("a");
    strictEqual(await act("b", "socks", "a", { username, password }), "wrong credentials");
  });
  await t.step("and are new when it starts again", async () => {
    await use.host.enable("a", { addresses: ["127.0.0.1"] });
    notStrictEqual(JSON.parse(await act("a", "credentials", "a")).password, password);
  });
});

Deno.test("what one plugin spends of its limits is the other's to spend still", async () => {
  await using server = loopbackServer();
  await using use = await networkHost(PLUGINS, DNS, { network: { gateWorker: ESCAPE } });
  const url = (host: string) => `http://${host}.example.com:${server.port}/`;
  const headers = { "x-act": "socks" };
  let last = "";
  for (let turn = 0; turn < 700 && last !== "reply 2"; turn++) {
    last = (await use.send("a", { url: url("a"), headers })).body;
  }
  strictEqual(last, "reply 2");
  strictEqual(use.host.refusals.get("egress.rate_limit"), 1);
  strictEqual((await use.send("b", { url: url("b"), headers })).body, "reached");
});
