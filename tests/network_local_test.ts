import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { Decision } from "../src/grants/mod.ts";
import {
  type Dns,
  LOOPBACK,
  loopbackServer,
  networkHost,
  NOTHING,
} from "./support/network_host.ts";

const DNS: Dns = {
  "nas.lan": ["127.0.0.1"],
  "mixed.lan": ["127.0.0.1", "10.0.0.1"],
  "meta.lan": ["169.254.169.254"],
  "shared.lan": ["127.0.0.1", "100.64.0.1"],
};
const HOSTS = { requiredHosts: ["*"] };
const ASKING = { ...HOSTS, allowLocalNetwork: true };
const named = (...addresses: string[]): Decision => ({ addresses });
const GRANTED: Decision = { localNetwork: true };

/** What the manifest asks, what the administrator opens, a host, and whether it is reached. */
const ROWS: readonly (readonly [string, typeof HOSTS, Decision, string, boolean])[] = [
  ["asked for and granted", ASKING, GRANTED, "nas.lan", true],
  ["asked for and granted, an address in the URL", ASKING, GRANTED, "127.0.0.1", true],
  ["asked for, not granted", ASKING, NOTHING, "nas.lan", false],
  ["neither", HOSTS, NOTHING, "nas.lan", false],
  ["an address named", HOSTS, LOOPBACK, "nas.lan", true],
  ["an address named, another answer beside it", HOSTS, LOOPBACK, "mixed.lan", false],
  ["both addresses named", HOSTS, named("127.0.0.1", "10.0.0.1"), "mixed.lan", true],
  ["a CIDR named", HOSTS, named("127.0.0.0/30"), "nas.lan", true],
  ["another CIDR named", HOSTS, named("192.168.0.0/16"), "nas.lan", false],
  ["the host named", HOSTS, named("nas.lan"), "nas.lan", true],
  ["another host named", HOSTS, named("other.lan"), "nas.lan", false],
  ["the host named, not its address", HOSTS, named("nas.lan"), "127.0.0.1", false],
  ["carrier NAT is not the local network", ASKING, GRANTED, "shared.lan", false],
  ["carrier NAT of a named host", HOSTS, named("shared.lan"), "shared.lan", true],
];

Deno.test("the local network opens when manifest and grant both say so, or by name", async (t) => {
  await using server = loopbackServer();
  const plugins = Object.fromEntries(
    ROWS.map(([, http, local], index) => [`p${index}`, { http, local }]),
  );
  await using use = await networkHost(plugins, DNS);
  for (const [index, [what, , , host, reached]] of ROWS.entries()) {
    await t.step(what, async () => {
      const url = `http://${host}:${server.port}/`;
      if (reached) strictEqual((await use.send(`p${index}`, url)).body, "hi");
      else {
        deepStrictEqual((await use.refused(`p${index}`, url)).codes, ["egress.address_refused"]);
      }
      await use.host.disable(`p${index}`);
    });
  }
});

/** Grants under which a metadata service must stay out of reach, and by which names it is asked for. */
const METADATA: readonly (readonly [string, typeof HOSTS, Decision, string])[] = [
  ["the local network granted", ASKING, GRANTED, "meta.lan"],
  ["its host named", HOSTS, named("meta.lan"), "meta.lan"],
  ["its block named", HOSTS, named("169.254.0.0/16"), "meta.lan"],
  ["everything named", HOSTS, named("0.0.0.0/0"), "meta.lan"],
  ["its block named, the address in the URL", HOSTS, named("169.254.0.0/16"), "169.254.169.254"],
  ["its block named, Alibaba's", HOSTS, named("100.64.0.0/10"), "100.100.100.200"],
  ["its block named, Oracle's", HOSTS, named("192.0.0.0/24"), "192.0.0.192"],
  ["its block named, mapped into IPv6", HOSTS, named("169.254.0.0/16"), "[::ffff:a9fe:a9fe]"],
  ["its block named, AWS over IPv6", HOSTS, named("fd00::/8"), "[fd00:ec2::254]"],
];

Deno.test("metadata services stay refused unless named one by one", async (t) => {
  const plugins = Object.fromEntries(
    METADATA.map(([, http, local], index) => [`p${index}`, { http, local }]),
  );
  await using use = await networkHost(plugins, DNS);
  for (const [index, [what, , , host]] of METADATA.entries()) {
    await t.step(what, async () => {
      const { codes } = await use.refused(`p${index}`, `http://${host}/latest/meta-data`);
      deepStrictEqual(codes, ["egress.address_refused"]);
      await use.host.disable(`p${index}`);
    });
  }
});

Deno.test("a metadata service that is named is no longer what a request is refused for", async () => {
  // A second answer is refused, so that nothing is connected to.
  const dns: Dns = { "meta.lan": ["169.254.169.254", "10.0.0.1"] };
  const local = named("169.254.169.254");
  await using use = await networkHost({ p: { http: HOSTS, local } }, dns);
  deepStrictEqual((await use.refused("p", "http://meta.lan/")).codes, ["egress.address_refused"]);
  const [event] = use.host.audit().filter(({ subject }) => subject.endsWith("(gateway)"));
  match(event?.reason ?? "", /^10\.0\.0\.1 is private-use/);
});

Deno.test("a grant of what the manifest does not ask for is refused", async (t) => {
  await using use = await networkHost({ none: {}, p: { http: HOSTS } });
  const rows = [["none", named("10.0.0.1")], ["none", GRANTED], ["p", GRANTED]] as const;
  for (const [plugin, local] of rows) {
    await t.step(`${plugin} ${JSON.stringify(local)}`, async () => {
      const refused = await use.host.enable(plugin, local).catch((error) => error.code);
      strictEqual(refused, "grant.invalid");
    });
  }
});

Deno.test("the host's own addresses stay refused, whatever was granted", async (t) => {
  await using server = loopbackServer();
  let own: { hostname: string; port: number }[] = [];
  await using use = await networkHost({ p: { http: ASKING, local: GRANTED } }, DNS, {
    network: { ownAddresses: () => own },
  });
  for (const hostname of ["127.0.0.1", "localhost", "0.0.0.0", "::"]) {
    for (const host of ["127.0.0.1", "nas.lan"]) {
      await t.step(`it listens on ${hostname}, ${host} is asked for`, async () => {
        own = [{ hostname, port: server.port }];
        const { codes } = await use.refused("p", `http://${host}:${server.port}/`);
        deepStrictEqual(codes, ["egress.own_address"]);
      });
    }
  }
  own = [];
  strictEqual((await use.send("p", `http://nas.lan:${server.port}/`)).body, "hi");
});
