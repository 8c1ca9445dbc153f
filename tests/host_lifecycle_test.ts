/** Needs `--allow-run=ln` beside the usual. */

import assert from "node:assert/strict";
import type { PluginHost } from "../src/host/mod.ts";
import { agentGuest, kernelGuest } from "./support/kernel_guest.ts";
import { GOOD_GUEST, PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function answerOf(host: PluginHost, id: string, name: string, input = ""): Promise<string> {
  return decoder.decode(await host.plugin(id).call(name, encoder.encode(input)));
}

Deno.test("host: a plugin that is found is disabled until it is enabled", async () => {
  using data = new TestData();
  data.folder("p");
  await using host = await data.open();
  assert.equal(host.info("p").state, "disabled");
  assert.deepEqual(host.info("p").manifest?.name, PLAIN_MANIFEST.name);
  assert.throws(() => host.plugin("p"), { code: "plugin.not_running", message: /it is disabled/ });
  const enabled = await host.enable("p");
  assert.deepEqual(
    [enabled.state, enabled.capabilities, enabled.exports],
    ["running", ["MetadataAgent"], ["nd_get_artist_mbid"]],
  );
  assert.equal(await answerOf(host, "p", "nd_get_artist_mbid"), `{"mbid":"m"}`);
});

Deno.test("host: folders, archives and links are all plugins under the names of their entries", async () => {
  using data = new TestData();
  data.folder("folder");
  data.archive("archive.ndp");
  data.folder("", {}, data.beside("dev"));
  data.link("linked", "../../dev");
  await using host = await data.open();
  assert.deepEqual(host.list().map(({ id, kind }) => `${id}: ${kind}`), [
    "archive: file",
    "folder: folder",
    "linked: link",
  ]);
  for (const { id } of host.list()) {
    await host.enable(id);
    assert.equal(await answerOf(host, id, "nd_get_artist_mbid"), `{"mbid":"m"}`);
  }
});

Deno.test("host: what was enabled runs after the host is opened again, what was disabled does not", async () => {
  using data = new TestData();
  for (const id of ["on", "off", "never"]) data.folder(id);
  {
    await using host = await data.open();
    await host.enable("on");
    await host.enable("off");
    assert.equal((await host.disable("off")).state, "disabled");
    assert.throws(() => host.plugin("off"), { code: "plugin.not_running" });
  }
  await using host = await data.open();
  const states = Object.fromEntries(host.list().map(({ id, state }) => [id, state]));
  assert.deepEqual(states, { never: "disabled", off: "disabled", on: "running" });
});

Deno.test("host: nothing is known of an id that is not there", async () => {
  using data = new TestData();
  await using host = await data.open();
  const unknown = { name: "SoundproofError", code: "plugin.unknown" };
  for (const id of ["none", "", "../p", "__proto__", "constructor"]) {
    assert.throws(() => host.info(id), unknown);
    assert.throws(() => host.plugin(id), unknown);
    await assert.rejects(host.enable(id), unknown);
    await assert.rejects(host.disable(id), unknown);
  }
});

/** What may be changed in a package behind the host's back. */
const CHANGES: readonly (readonly [string, (data: TestData) => void])[] = [
  ["its module", (data) =>
    void data.folder("p", {
      guest: agentGuest({ exports: ["nd_get_artist_mbid"], output: "evil" }),
    })],
  ["a permission in its manifest", (data) =>
    void data.folder("p", {
      manifest: { ...PLAIN_MANIFEST, permissions: { http: { requiredHosts: ["evil.example"] } } },
    })],
  [
    "a space in its manifest",
    (data) => void data.folder("p", { manifest: `${JSON.stringify(PLAIN_MANIFEST)} ` }),
  ],
  ["an archive in its place", (data) => {
    Deno.removeSync(data.entry("p"), { recursive: true });
    data.archive("p.ndp");
  }],
];

for (const [name, change] of CHANGES) {
  Deno.test(`host: a package that was changed after it was enabled is not run: ${name}`, async () => {
    using data = new TestData();
    data.folder("p");
    data.folder("other");
    {
      await using host = await data.open();
      await host.enable("p");
      await host.enable("other");
    }
    change(data);
    {
      await using host = await data.open();
      assert.deepEqual(
        [host.info("p").state, host.info("p").error?.code],
        ["failed", "plugin.changed"],
      );
      assert.throws(() => host.plugin("p"), { code: "plugin.not_running" });
      assert.equal(host.info("other").state, "running");
      // Enabled again, it is what was enabled last.
      await host.enable("p").catch(({ code }) => assert.notEqual(code, "plugin.changed"));
    }
    await using host = await data.open();
    assert.notEqual(host.info("p").error?.code, "plugin.changed");
  });
}

Deno.test("host: a changed package that is put back as it was runs again", async () => {
  using data = new TestData();
  data.folder("p");
  {
    await using host = await data.open();
    await host.enable("p");
  }
  data.folder("p", { manifest: { ...PLAIN_MANIFEST, version: "2.0.0" } });
  {
    await using host = await data.open();
    assert.equal(host.info("p").error?.code, "plugin.changed");
  }
  data.folder("p");
  await using host = await data.open();
  assert.equal(host.info("p").state, "running");
});

const INIT_GUEST = kernelGuest(`
  (func (export "nd_on_init") (result i32) (call $log_info (call $input_offset)) (i32.const 0))`);

Deno.test("host: nd_on_init is called once for each load, with {}", async () => {
  using data = new TestData();
  data.folder("p", { guest: INIT_GUEST });
  {
    await using host = await data.open();
    assert.deepEqual(data.messages("p"), []);
    await host.enable("p");
    assert.deepEqual(data.messages("p"), ["{}"]);
    await host.enable("p");
    assert.deepEqual(data.messages("p"), ["{}", "{}"]);
    await host.disable("p");
  }
  {
    await using host = await data.open();
    assert.equal(host.info("p").state, "disabled");
    assert.deepEqual(data.messages("p"), ["{}", "{}"]);
    await host.enable("p");
  }
  await using host = await data.open();
  assert.equal(host.info("p").capabilities[0], "Lifecycle");
  assert.deepEqual(data.messages("p"), ["{}", "{}", "{}", "{}"]);
});

for (
  const [name, behaviour] of [
    ["leaves an error", { error: "no luck" }],
    ["returns a code", { code: 1 }],
    ["traps", { last: "unreachable" }],
    ["loops", { last: "(loop (br 0))" }],
  ] as const
) {
  Deno.test(`host: a plugin whose nd_on_init ${name} stays loaded, and the log tells`, async () => {
    using data = new TestData();
    const more = `(func (export "run") (result i32) (i32.const 0))`;
    data.folder("p", { guest: agentGuest({ exports: ["nd_on_init"], more, ...behaviour }) });
    await using host = await data.open({ limits: { cell: { callTimeoutMs: 1_000 } } });
    assert.equal((await host.enable("p")).state, "running");
    assert.ok(data.messages("p").some((line) => line.startsWith(`Cannot call "nd_on_init"`)));
    assert.equal(await answerOf(host, "p", "run"), "");
  });
}

Deno.test("host: with `only`, those plugins alone run, and are not told", async () => {
  using data = new TestData();
  for (const id of ["a", "b"]) data.folder(id, { guest: INIT_GUEST });
  data.folder("never", { guest: INIT_GUEST });
  {
    await using host = await data.open();
    await host.enable("a");
    await host.enable("b");
  }
  data.log.length = 0;
  await using host = await data.open({ only: ["a", "never", "unknown"] });
  const states = host.list().map(({ id, state }) => `${id}: ${state}`);
  assert.deepEqual(states, ["a: running", "b: disabled", "never: disabled"]);
  assert.deepEqual(data.log, []);
});

Deno.test("host: settings reach the guest, defaults of the schema among them", async () => {
  using data = new TestData();
  const properties = {
    greeting: { type: "string", default: "Hello" },
    count: { type: "integer", default: 3 },
    list: { type: "array", default: ["a", "b"] },
  };
  data.folder("p", {
    manifest: { ...PLAIN_MANIFEST, config: { schema: { type: "object", properties } } },
    guest: kernelGuest(`(func (export "setting") (result i32) (local $value i64)
      (local.set $value (call $config_get (call $input_offset)))
      (call $output_set (local.get $value) (call $length (local.get $value)))
      (i32.const 0))`),
  });
  {
    await using host = await data.open();
    await host.enable("p");
    assert.equal(await answerOf(host, "p", "setting", "greeting"), "Hello");
  }
  await using host = await data.open({ config: { p: { count: 5 }, other: { greeting: "x" } } });
  for (
    const [key, value] of [
      ["greeting", "Hello"],
      ["count", "5"],
      ["list", `["a","b"]`],
      ["none", ""],
    ] as const
  ) {
    assert.equal(await answerOf(host, "p", "setting", key), value, key);
  }
});

Deno.test("host: unloading ends the cells, and a call that runs is told", async () => {
  using data = new TestData();
  data.folder("loop", { guest: agentGuest({ exports: ["run"], last: "(loop (br 0))" }) });
  data.folder("p", { guest: GOOD_GUEST });
  const host = await data.open({ limits: { cell: { callTimeoutMs: 30_000 } } });
  await host.enable("loop");
  await host.enable("p");
  await answerOf(host, "p", "nd_get_artist_mbid");
  assert.equal(host.info("p").cells, 1);
  const plugin = host.plugin("p");
  assert.equal((await host.disable("p")).cells, 0);
  await assert.rejects(plugin.call("nd_get_artist_mbid", new Uint8Array()), {
    code: "pool.closed",
  });
  const running = assert.rejects(answerOf(host, "loop", "run"), { code: "guest.lost" });
  await Promise.all([host.close(), host.close()]);
  await running;
  await host.close();
  assert.deepEqual(host.list(), []);
});

Deno.test("host: a plugin that its configuration switches off answers the call that runs, and takes no other", async () => {
  using data = new TestData();
  const guest = kernelGuest(`
    (func (export "quick") (result i32) (call $give (i64.const 1)) (i32.const 0))
    (func (export "slow") (result i32) (local $left i32)
      (local.set $left (i32.const 60000000))
      (loop $again
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $again (local.get $left)))
      (call $give (i64.const 1)) (i32.const 0))`);
  data.folder("p", { guest });
  await using host = await data.open();
  await host.enable("p");
  await answerOf(host, "p", "quick");
  const running = answerOf(host, "p", "slow");
  await Promise.all([running, host.reconfigure({ settings: { p: { enabled: false } } })]);
  await assert.rejects(answerOf(host, "p", "quick"), { code: "plugin.not_running" });
  assert.equal(host.info("p").state, "disabled");
  assert.equal(host.info("p").cells, 0);
});

Deno.test("host: a module that two plugins share has its own settings and log in each", async () => {
  using data = new TestData();
  for (const id of ["a", "b"]) data.folder(id, { guest: INIT_GUEST });
  await using host = await data.open();
  await Promise.all(["a", "b"].map((id) => host.enable(id)));
  assert.deepEqual([data.messages("a"), data.messages("b")], [["{}"], ["{}"]]);
  assert.equal(host.info("a").sha256, host.info("b").sha256);
});
