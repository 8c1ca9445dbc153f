/** What an administrator has done by a host, in its process and through its API: the same. */

import assert from "node:assert/strict";
import type { Administration } from "../src/host/mod.ts";
import { all, answerOf, versioned, WAYS } from "./support/administered.ts";
import { agentGuest, kernelGuest } from "./support/kernel_guest.ts";
import { packageOf, PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

const asksFor = (...requiredHosts: string[]) => ({
  ...PLAIN_MANIFEST,
  permissions: { http: { requiredHosts } },
});

/** What is tried both ways. */
type Scene = (admin: Administration, data: TestData) => Promise<void>;

function both(name: string, scene: Scene, options: Parameters<TestData["open"]>[0] = {}): void {
  for (const [way, reach] of WAYS) {
    Deno.test(`administration ${way}: ${name}`, async () => {
      using data = new TestData();
      await using host = await data.open(options);
      await using way = reach(host);
      await scene(way.admin, data);
    });
  }
}

const codesOf = async (admin: Administration, plugin: string) =>
  (await all(admin.follow("audit", { plugin }))).map(({ code }) => code);

both("a package is installed, enabled, updated, rolled back and removed", async (admin, data) => {
  assert.equal((await admin.install("p", versioned("1"))).state, "disabled");
  await assert.rejects(answerOf(admin, "p"), { code: "plugin.not_running" });
  assert.equal((await admin.enable("p")).state, "running");
  assert.equal(await answerOf(admin, "p"), "1");
  const updated = await admin.update("p", versioned("2"));
  assert.deepEqual([updated.state, updated.manifest?.version], ["running", "2"]);
  assert.equal(await answerOf(admin, "p"), "2");
  assert.equal((await admin.rollback("p")).manifest?.version, "1");
  assert.equal(await answerOf(admin, "p"), "1");
  assert.equal((await admin.rollback("p")).manifest?.version, "2");
  assert.equal((await admin.disable("p")).state, "disabled");
  assert.equal((await admin.update("p", versioned("3"))).state, "disabled");
  assert.equal((await admin.enable("p")).state, "running");
  assert.equal(await answerOf(admin, "p"), "3");
  await admin.remove("p", "delete");
  assert.deepEqual(await admin.list(), []);
  assert.throws(() => Deno.statSync(data.entry("p.ndp")), Deno.errors.NotFound);
  const plugin = "p";
  assert.deepEqual(await codesOf(admin, plugin), [
    "installed",
    "enabled",
    "updated",
    "rolled_back",
    "rolled_back",
    "disabled",
    "updated",
    "enabled",
    "removed",
  ]);
  const events = await all(admin.follow("event", { plugin }));
  assert.deepEqual(events.map(({ kind, state = "-" }) => `${kind} ${state}`), [
    "installed disabled",
    "state running",
    "updated running",
    "updated running",
    "updated running",
    "state disabled",
    "updated disabled",
    "state running",
    "removed -",
  ]);
});

both("what is not there, is there already or is not sound changes nothing", async (admin) => {
  await admin.install("p", versioned("1"));
  await admin.enable("p");
  const REFUSED: readonly (readonly [string, () => unknown])[] = [
    ["plugin.exists", () => admin.install("p", versioned("2"))],
    ["plugin.unknown", () => admin.update("none", versioned("2"))],
    ["plugin.unknown", () => admin.rollback("none")],
    ["plugin.unknown", () => admin.remove("none", "delete")],
    ["plugin.unknown", () => admin.refresh("none")],
    ["plugin.unknown", () => admin.approve("none")],
    ["plugin.unknown", () => admin.revoke("none")],
    ["plugin.unknown", () => admin.setConfig("none", {})],
    ["plugin.no_previous", () => admin.rollback("p")],
    ["package.archive_invalid", () => admin.update("p", Uint8Array.of(1, 2, 3))],
    ["package.archive_invalid", () => admin.install("q", Uint8Array.of(1, 2, 3))],
    ["manifest.invalid", () => admin.update("p", packageOf({ manifest: "{}" }))],
    ["module.malformed", () => admin.update("p", packageOf({ guest: Uint8Array.of(0) }))],
    ["package.id_invalid", () => admin.install("a\\b", versioned("1"))],
    ["grant.invalid", () => admin.enable("p", { http: { hosts: ["evil.example"] } })],
    ["config.invalid", () => admin.setConfig("p", { any: 1 })],
  ];
  for (const [code, act] of REFUSED) {
    await assert.rejects(async () => await act(), { name: "SoundproofError", code }, code);
    assert.deepEqual((await admin.list()).map(({ id, state }) => `${id} ${state}`), ["p running"]);
    assert.equal(await answerOf(admin, "p"), "1");
  }
  assert.deepEqual(await codesOf(admin, "p"), ["installed", "enabled"]);
});

both("a decision is taken, narrowed, kept beyond updates and taken back", async (admin) => {
  const manifest = asksFor("a.example", "b.example");
  await admin.install("p", versioned("1", { manifest }));
  const http = { hosts: ["a.example"] };
  assert.equal((await admin.approve("p", { http })).state, "disabled", "it is not enabled by that");
  assert.deepEqual((await admin.info("p")).decision, { http });
  assert.equal((await admin.enable("p")).state, "running");
  await admin.update("p", versioned("2", { manifest }));
  assert.deepEqual((await admin.info("p")).decision, { http });
  assert.equal((await admin.approve("p", { without: ["http"] })).state, "running");
  assert.deepEqual((await admin.info("p")).decision, { http, without: ["http"] });
  const revoked = await admin.revoke("p");
  assert.deepEqual([revoked.state, revoked.decision], ["disabled", undefined]);
  assert.equal((await admin.enable("p")).state, "running");
  assert.deepEqual((await admin.info("p")).decision, {}, "nothing of before is left");
});

both("what was decided on one package is granted to no other", async (admin) => {
  await admin.install("p", versioned("1", { manifest: asksFor("a.example") }));
  const { sha256 } = await admin.review("p");
  await admin.update("p", versioned("2", { manifest: asksFor("a.example", "b.example") }));
  for (const name of ["enable", "approve"] as const) {
    await assert.rejects(async () => await admin[name]("p", {}, sha256), {
      name: "SoundproofError",
      code: "plugin.changed",
    });
    const { state, decision } = await admin.info("p");
    assert.deepEqual([state, decision], ["disabled", undefined]);
  }
  const now = await admin.review("p");
  assert.notEqual(now.sha256, sha256);
  assert.equal((await admin.enable("p", {}, now.sha256)).state, "running");
  assert.equal((await admin.approve("p", {}, now.sha256)).state, "running");
  await assert.rejects(async () => await admin.approve("p", { without: ["http"] }, sha256));
  assert.equal(await answerOf(admin, "p"), "2", "what runs goes on");
});

both("what a package asks for is shown beside what was approved", async (admin) => {
  const v1 = versioned("1", { manifest: asksFor("a.example") });
  const v2 = versioned("2", { manifest: asksFor("b.example") });
  const before = await admin.review("p", v1);
  assert.deepEqual([before.grows, before.items[0]?.change], [true, "new"]);
  await admin.install("p", v1);
  await admin.enable("p");
  assert.equal((await admin.review("p")).grows, false);
  const update = await admin.review("p", v2);
  const [item] = update.items;
  assert.deepEqual([update.grows, item?.change], [true, "wider"]);
  assert.deepEqual(item?.difference, ["+ host b.example", "- host a.example"]);
  assert.equal((await admin.info("p")).manifest?.version, "1", "to look at it changes nothing");
});

both(
  "a folder whose files changed is read anew when it is refreshed, and not before",
  async (admin, data) => {
    data.folder("p", { guest: agentGuest({ exports: ["version"], output: "1" }) });
    await admin.rescan();
    await admin.enable("p");
    data.folder("p", { guest: agentGuest({ exports: ["version"], output: "2" }) });
    assert.equal(await answerOf(admin, "p"), "1");
    assert.equal((await admin.refresh("p")).state, "running");
    assert.equal(await answerOf(admin, "p"), "2");
    data.folder("p", {
      manifest: asksFor("a.example"),
      guest: agentGuest({ exports: ["version"], output: "3" }),
    });
    assert.equal((await admin.refresh("p")).state, "waiting", "it asks for more");
    await assert.rejects(answerOf(admin, "p"), { code: "plugin.not_running" });
    assert.equal((await admin.approve("p")).state, "running");
    assert.equal(await answerOf(admin, "p"), "3");
    data.folder("p", { manifest: "{" });
    await assert.rejects(async () => await admin.refresh("p"), { code: "manifest.invalid" });
    assert.equal(await answerOf(admin, "p"), "3", "what ran goes on");
  },
);

both(
  "what came, went or changed in the plugins folder is found by looking",
  async (admin, data) => {
    data.folder("stays");
    data.folder("goes");
    data.folder("changes");
    assert.equal((await admin.rescan()).length, 3);
    for (const id of ["stays", "goes", "changes"]) await admin.enable(id);
    Deno.removeSync(data.entry("goes"), { recursive: true });
    data.folder("changes", { manifest: { ...PLAIN_MANIFEST, version: "2" } });
    data.folder("comes");
    const found = await admin.rescan();
    assert.deepEqual(found.map(({ id, state, error }) => `${id} ${error?.code ?? state}`), [
      "changes plugin.changed",
      "comes disabled",
      "stays running",
    ]);
    data.folder("changes");
    await admin.rescan();
    assert.equal((await admin.info("changes")).state, "running", "put back as it was, it runs");
  },
);

const SETTINGS = {
  ...PLAIN_MANIFEST,
  config: {
    schema: {
      type: "object",
      properties: {
        key: { type: "string", format: "password" },
        count: { type: "integer", default: 3 },
        fixed: { type: "string" },
      },
    },
  },
};

const SETTING_GUEST = kernelGuest(`(func (export "setting") (result i32) (local $value i64)
  (local.set $value (call $config_get (call $input_offset)))
  (call $output_set (local.get $value) (call $length (local.get $value)))
  (i32.const 0))`);

both(
  "settings are checked, written, shown without secrets, and reach the guest at once",
  async (admin) => {
    await admin.install("p", packageOf({ manifest: SETTINGS, guest: SETTING_GUEST }));
    await admin.enable("p");
    const first = await admin.config("p");
    assert.deepEqual(first.values, { count: 3, fixed: "here" });
    assert.deepEqual(first.fixed, ["fixed"]);
    const set = await admin.setConfig("p", { key: "secret-word", count: 5 });
    assert.deepEqual(set.values, { count: 5, fixed: "here", key: "***" });
    assert.equal(await answerOf(admin, "p", "setting", "key"), "secret-word");
    await admin.setConfig("p", { key: "***", count: null });
    assert.equal(
      await answerOf(admin, "p", "setting", "key"),
      "secret-word",
      "as it is shown: kept",
    );
    assert.equal(await answerOf(admin, "p", "setting", "count"), "3");
    await assert.rejects(async () => await admin.setConfig("p", { fixed: "there" }), {
      code: "config.fixed",
    });
    await assert.rejects(
      async () => await admin.setConfig("p", { count: "many" }),
      ({ code, problems }) => {
        assert.deepEqual([code, problems[0].path], ["config.invalid", "$.count"]);
        return true;
      },
    );
    assert.equal(await answerOf(admin, "p", "setting", "count"), "3");
    const told = JSON.stringify([
      await all(admin.follow("log")),
      await all(admin.follow("audit")),
      await admin.info("p"),
    ]);
    assert.ok(!told.includes("secret-word"));
  },
  { config: { p: { fixed: "here" } } },
);

both("records are followed as they come, of one plugin or from one on", async (admin) => {
  const guest = agentGuest({ exports: ["say"], logsInput: true });
  for (const id of ["p", "q"]) {
    await admin.install(id, packageOf({ guest }));
    await admin.enable(id);
  }
  await answerOf(admin, "p", "say", "one");
  await answerOf(admin, "q", "say", "not this");
  const leaving = new AbortController();
  const { signal } = leaving;
  const following = admin.follow("log", { plugin: "p", live: true, signal })
    [Symbol.asyncIterator]();
  const next = async () => (await following.next()).value;
  const first = await next();
  assert.deepEqual([first.plugin, first.message, first.level], ["p", "one", "info"]);
  const later = next();
  await answerOf(admin, "p", "say", "two");
  assert.equal((await later).message, "two");
  await answerOf(admin, "p", "say", "three");
  const after = await all(admin.follow("log", { plugin: "p", after: first.id }));
  assert.deepEqual(after.map(({ message }) => message), ["two", "three"]);
  const silent = all(admin.follow("event", { plugin: "none", live: true, signal }));
  leaving.abort();
  assert.deepEqual(await silent, []);
  assert.equal(await next(), undefined);
});
