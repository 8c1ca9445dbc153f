import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type Dns, loopbackServer, networkHost, NOTHING } from "./support/network_host.ts";

const YES = new URL("./support/gate_workers/yes.ts", import.meta.url);
const ESCAPE = new URL("./support/gate_workers/escape.ts", import.meta.url);
const DNS: Dns = {
  "api.example.com": ["127.0.0.1"],
  "other.example.com": ["127.0.0.1"],
  "rebound.example.com": ["127.0.0.1", "10.0.0.1"],
  "evil.test": ["127.0.0.1"],
};
const DECLARED = { http: { requiredHosts: ["api.example.com", "rebound.example.com"] } };
/** Globs that Deno's list cannot say: its part of the wall is open. */
const OPEN = { http: { requiredHosts: ["api?example*", "rebound?example*"] } };

Deno.test("with the URL rules saying yes, Deno refuses an undeclared host", async (t) => {
  await using server = loopbackServer((_, port) =>
    Response.redirect(`http://evil.test:${port}/next`)
  );
  await using use = await networkHost({ p: DECLARED }, DNS, { network: { gateWorker: YES } });
  for (const host of ["evil.test", "127.0.0.1", "[::1]", "xapi.example.com", "localhost"]) {
    await t.step(host, async () => {
      const { codes, text } = await use.refused("p", `http://${host}:${server.port}/`);
      deepStrictEqual(codes, ["egress.url_not_allowed"]);
      match(text, /not in the gate's network permission/);
    });
  }
  strictEqual(server.seen.length, 0);
  await t.step("a redirect to an undeclared host", async () => {
    const { codes, text } = await use.refused("p", `http://api.example.com:${server.port}/`);
    deepStrictEqual(codes, ["egress.url_not_allowed"]);
    match(text, /not in the gate's network permission/);
    strictEqual(server.seen.length, 1);
  });
  deepStrictEqual(use.asked, ["api.example.com"]);
});

Deno.test("with Deno's list open too, the gateway refuses an undeclared host", async (t) => {
  await using server = loopbackServer((_, port) =>
    Response.redirect(`http://evil.test:${port}/next`)
  );
  await using use = await networkHost({ p: OPEN }, DNS, { network: { gateWorker: YES } });
  for (const host of ["evil.test", "127.0.0.1", "[::1]", "xapi.example.com", "localhost"]) {
    await t.step(host, async () => {
      const { codes } = await use.refused("p", `http://${host}:${server.port}/`);
      deepStrictEqual(codes, ["egress.host_not_allowed"]);
    });
  }
  strictEqual(server.seen.length, 0);
  await t.step("a redirect to an undeclared host", async () => {
    const { codes } = await use.refused("p", `http://api.example.com:${server.port}/`);
    deepStrictEqual(codes, ["egress.host_not_allowed"]);
    strictEqual(server.seen.length, 1);
  });
  await t.step("a declared host with a private answer", async () => {
    const { codes } = await use.refused("p", `http://rebound.example.com:${server.port}/`);
    deepStrictEqual(codes, ["egress.address_refused"]);
  });
  deepStrictEqual(use.asked, ["api.example.com", "rebound.example.com"]);
});

/** What hostile code tries, where, and what comes of it. */
const TRIES: readonly (readonly [string, string, RegExp, object?])[] = [
  ...["evil.test", "127.0.0.1", "[::1]", "169.254.169.254", "xapi.example.com"].flatMap((host) =>
    ["fetch", "websocket", "connect"].map((act) =>
      [act, host, /NotCapable|Requires net access/] as const
    )
  ),
  ["dns", "evil.test", /NotCapable/],
  ["dns", "api.example.com", /NotCapable/],
  ["listen", "x.test", /NotCapable/],
  ["socks", "evil.test", /^reply 2$/],
  ["socks", "127.0.0.1", /^reply 2$/],
  ["socks", "[::1]", /^reply 2$/],
  ["socks", "localhost", /^reply 2$/],
  ["socks", "xapi.example.com", /^reply 2$/],
  ["socks", "rebound.example.com", /^reply 2$/],
  ["socks", "api.example.com", /^reply 7$/, { command: 2 }],
  ["socks", "api.example.com", /^reply 7$/, { command: 3 }],
  ["socks", "api.example.com", /^no method$/, { username: "" }],
  ["socks", "api.example.com", /^wrong credentials$/, { password: "guess" }],
  ["socks", "api.example.com", /^wrong credentials$/, { username: "guess" }],
];

Deno.test("hostile code in place of the gate's reaches declared hosts only", async (t) => {
  await using server = loopbackServer();
  await using use = await networkHost({ p: DECLARED }, DNS, { network: { gateWorker: ESCAPE } });
  const act = async (name: string, host: string, argument: object = {}) => {
    const url = `http://${host}:${server.port}/`;
    const headers = { "x-act": name, "x-argument": JSON.stringify(argument) };
    return (await use.send("p", { url, headers })).body;
  };
  for (const [name, host, result, argument] of TRIES) {
    await t.step(`${name} ${host} ${JSON.stringify(argument ?? "")}`, async () => {
      match(await act(name, host, argument), result);
    });
  }
  await t.step("the host itself, and the gateway, through the gateway", async () => {
    const { port } = JSON.parse(await act("credentials", "api.example.com"));
    const headers = { "x-act": "socks", "x-argument": "{}" };
    const url = `http://api.example.com:${port}/`;
    strictEqual((await use.send("p", { url, headers })).body, "reply 2");
    strictEqual(use.host.refusals.get("egress.own_address"), 1);
  });
  strictEqual(server.seen.length, 0);
  strictEqual(await act("socks", "api.example.com"), "reached");
  for (const code of ["egress.host_not_allowed", "egress.address_refused", "egress.credentials"]) {
    ok((use.host.refusals.get(code) ?? 0) > 0, code);
  }
});

Deno.test("no http permission, no http_request", async (t) => {
  await using server = loopbackServer();
  const url = `http://api.example.com:${server.port}/`;
  const plugins = {
    none: {},
    socket: { websocket: { requiredHosts: ["api.example.com"] } },
    empty: { http: { requiredHosts: [] } },
  };
  await using use = await networkHost(plugins, DNS);
  for (const plugin of Object.keys(plugins)) {
    await t.step(plugin, async () => {
      const { codes, subjects, text } = await use.refused(plugin, `${url}?key=secret`);
      deepStrictEqual(codes, ["egress.url_not_allowed"]);
      deepStrictEqual(subjects, [url]);
      match(text, /is not allowed: (the plugin has no http|the manifest lists no hosts)/);
    });
  }
  deepStrictEqual([use.asked, server.seen], [[], []]);
});

Deno.test("the rules of one permission are not the other's", async () => {
  await using server = loopbackServer();
  await using use = await networkHost({
    p: {
      http: { requiredHosts: ["api.example.com"] },
      websocket: { requiredHosts: ["other.example.com"] },
      local: NOTHING,
    },
  }, DNS);
  const { codes } = await use.refused("p", `http://other.example.com:${server.port}/`);
  deepStrictEqual(codes, ["egress.url_not_allowed"]);
  strictEqual(use.asked.length, 0);
});
