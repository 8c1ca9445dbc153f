/** What an update may do without an administrator, and what it may not; from the package's bytes to the guest's call. */

import assert from "node:assert/strict";
import type { PluginHost } from "../src/host/mod.ts";
import { all, answerOf } from "./support/administered.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { networkGuest } from "./support/network_guest.ts";
import { LOOPBACK, loopbackServer, networkHost } from "./support/network_host.ts";
import { packageOf, PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

/** What a version asks for. */
interface Asks {
  readonly permissions?: object;
  /** Text of its module, where it is not the version. */
  readonly answer?: string;
  readonly version?: string;
  readonly more?: object;
}

const http = (fields: object, reason = "pictures") => ({ http: { reason, ...fields } });
/** A manifest of the generation that has rules for URLs. */
const RULES = { website: "https://w.example", capabilities: ["MetadataAgent"], description: "d" };

interface Update {
  readonly name: string;
  readonly before: Asks;
  readonly after: Asks;
  /** Whether it runs without being asked for. */
  readonly runs: boolean;
  /** What the review shows as the difference. */
  readonly lines: readonly string[];
  readonly dropped?: readonly string[];
}

const A = "https://a.example/*";
const UPDATES: readonly Update[] = [
  { name: "the same permissions", before: {}, after: {}, runs: true, lines: [] },
  {
    name: "another hash only",
    before: { version: "1", answer: "before" },
    after: { version: "1", answer: "after" },
    runs: true,
    lines: [],
  },
  {
    name: "another reason only",
    before: { permissions: http({ requiredHosts: ["a.example"] }) },
    after: { permissions: http({ requiredHosts: ["a.example"] }, "telemetry") },
    runs: true,
    lines: [],
  },
  {
    name: "a host less",
    before: { permissions: http({ requiredHosts: ["a.example", "b.example"] }) },
    after: { permissions: http({ requiredHosts: ["b.example"] }) },
    runs: true,
    lines: ["- host a.example"],
  },
  {
    name: "a permission less",
    before: { permissions: { ...http({ requiredHosts: ["a.example"] }), cache: {} } },
    after: { permissions: { cache: {} } },
    runs: true,
    lines: [],
    dropped: ["http"],
  },
  {
    name: "a host more",
    before: { permissions: http({ requiredHosts: ["a.example"] }) },
    after: { permissions: http({ requiredHosts: ["a.example", "b.example"] }) },
    runs: false,
    lines: ["+ host b.example"],
  },
  {
    name: "every host instead of one",
    before: { permissions: http({ requiredHosts: ["a.example"] }) },
    after: { permissions: http({ requiredHosts: ["*"] }) },
    runs: false,
    lines: ["+ any host", "- host a.example"],
  },
  {
    name: "a method more",
    before: { permissions: http({ allowedUrls: { [A]: ["GET"] } }), more: RULES },
    after: { permissions: http({ allowedUrls: { [A]: ["GET", "POST"] } }), more: RULES },
    runs: false,
    lines: [`+ POST ${A}`],
  },
  {
    name: "a permission more",
    before: {},
    after: { permissions: { kvstore: { maxSize: "1MB" } } },
    runs: false,
    lines: ["+ 1.0 MB of storage"],
  },
];

/** A package, whose export answers its version unless it says otherwise. */
function packageThat({ permissions, more, version, answer }: Asks, number: string) {
  const output = answer ?? number;
  return packageOf({
    manifest: {
      ...PLAIN_MANIFEST,
      ...more,
      version: version ?? number,
      ...(permissions && { permissions }),
    },
    guest: agentGuest({ exports: ["nd_get_artist_mbid"], output }),
  });
}

const ask = (host: PluginHost) => answerOf(host, "p", "nd_get_artist_mbid");

for (const { name, before, after, runs, lines, dropped = [] } of UPDATES) {
  Deno.test(`updates: ${name}: ${runs ? "it runs at once" : "nothing of it runs until it is approved"}`, async () => {
    using data = new TestData();
    const [first, second] = [packageThat(before, "1"), packageThat(after, "2")];
    const answers = [before.answer ?? "1", after.answer ?? "2"];
    {
      await using host = await data.open();
      await host.install("p", first);
      await host.enable("p");
      const { items, grows, dropped: gone } = await host.review("p", second);
      assert.deepEqual(items.flatMap(({ difference }) => difference), lines);
      assert.deepEqual([grows, gone], [!runs, dropped]);
      const { state } = await host.update("p", second);
      assert.equal(state, runs ? "running" : "waiting");
      if (runs) assert.equal(await ask(host), answers[1]);
      else {await assert.rejects(ask(host), {
          code: "plugin.not_running",
          message: /more than was/,
        });}
    }
    await using host = await data.open();
    assert.equal(host.info("p").state, runs ? "running" : "waiting", "the same after a restart");
    if (!runs) {
      await assert.rejects(ask(host), { code: "plugin.not_running" });
      const [told] = (await all(host.follow("audit", { plugin: "p" }))).slice(-1);
      assert.match(told?.reason ?? "", /asks for more/);
      assert.equal((await host.approve("p")).state, "running");
    }
    assert.equal(await ask(host), answers[1]);
    assert.equal((await host.rollback("p")).state, "running", "the one before was approved too");
    assert.equal(await ask(host), answers[0]);
  });
}

Deno.test("updates: a version that waits gives way to one that asks for what was approved", async () => {
  using data = new TestData();
  await using host = await data.open();
  const asks = (...requiredHosts: string[]) => ({ permissions: http({ requiredHosts }) });
  await host.install("p", packageThat(asks("a.example"), "1"));
  await host.enable("p");
  assert.equal((await host.update("p", packageThat(asks("*"), "2"))).state, "waiting");
  assert.equal((await host.update("p", packageThat(asks("a.example"), "3"))).state, "running");
  assert.equal(await ask(host), "3");
});

Deno.test("updates: what was approved is the most, not what the version before asked for last", async () => {
  using data = new TestData();
  await using host = await data.open();
  const asks = (...requiredHosts: string[]) => ({ permissions: http({ requiredHosts }) });
  await host.install("p", packageThat(asks("a.example", "b.example"), "1"));
  await host.enable("p");
  assert.equal((await host.update("p", packageThat(asks("a.example"), "2"))).state, "running");
  // What it gave up, it has to ask for again.
  assert.equal(
    (await host.update("p", packageThat(asks("a.example", "b.example"), "3"))).state,
    "waiting",
  );
});

for (const end of ["disable", "revoke", "close"] as const) {
  Deno.test(`updates: a new version of which "${end}" is asked before the one before has ended takes nothing over`, async () => {
    using data = new TestData();
    await using host = await data.open();
    const permissions = { kvstore: { maxSize: "1MB" } };
    await host.install("p", packageThat({ permissions }, "1"));
    await host.enable("p");
    await host.update("p", packageThat({ permissions }, "2"));
    // What fails there nobody waits for: it would end the process.
    if (end !== "close") await host[end]("p");
  });
}

Deno.test("updates: a host that a version no longer asks for is refused from its first call on, and a narrowed one stays narrowed", async () => {
  await using server = loopbackServer();
  const names = ["a.example", "b.example", "c.example"];
  const dns = Object.fromEntries(names.map((name) => [name, ["127.0.0.1"]]));
  await using use = await networkHost({}, dns);
  const { host } = use;
  const version = (number: string, requiredHosts: readonly string[]) =>
    packageOf({
      manifest: {
        ...PLAIN_MANIFEST,
        version: number,
        permissions: http({ requiredHosts }),
      },
      guest: networkGuest(["http"]),
    });
  const url = (name: string) => `http://${name}:${server.port}/`;
  await host.install("p", version("1", names));
  await host.enable("p", { ...LOOPBACK, http: { hosts: ["a.example", "b.example"] } });
  for (const name of ["a.example", "b.example"]) {
    assert.equal((await use.send("p", url(name))).status, 200);
  }
  const withheld = await use.refused("p", url("c.example"));
  await host.update("p", version("2", ["b.example", "c.example"]));
  assert.equal((await use.send("p", url("b.example"))).status, 200);
  for (const name of ["a.example", "c.example"]) {
    assert.deepEqual((await use.refused("p", url(name))).codes, withheld.codes, name);
  }
});
