import assert from "node:assert/strict";
import { MetadataAgent, Scrobbler } from "../src/capabilities/mod.ts";
import { inspectPackage } from "../src/host/mod.ts";
import { EnvHost, olderManifest, type OlderPlugin } from "./support/env_host.ts";
import { goPluginGuest, packed } from "./support/go_plugin_guest.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";
import { inOwnProcess } from "./support/own_process.ts";
import { measured, promise, residentMb } from "./support/promises.ts";

const MBID = "metadata_agent_get_artist_mbid";
const INIT = "lifecycle_management_on_init";

/** A text in the guest's memory, at an address that no allocation reaches. */
const data = (text: string, at = 64) => `(data (i32.const ${at}) "${text}")`;
/** A method that fails with a text. */
const failing = (text: string) => packed(64, 0x8000_0000 + text.length);

/** A plugin whose methods do the same, with a text to point to. */
function plugin(
  methods: Readonly<Record<string, string>>,
  text = "",
  capabilities?: readonly string[],
): OlderPlugin {
  return {
    guest: goPluginGuest({ methods, more: data(text) }),
    ...(capabilities && { capabilities }),
  };
}

/** Gives mbid `m`. */
const FOUND = plugin({ [MBID]: packed(64, 3) }, "\\0a\\01m", ["MetadataAgent"]);

Deno.test("a caller cannot tell which generation answered", async () => {
  const missing = "plugin:not_found";
  await using stage = await EnvHost.make({
    "b-older": FOUND,
    "a-older": plugin({ [MBID]: failing(missing) }, missing, ["MetadataAgent"]),
  }, { order: { agents: ["a-today", "a-older", "b-older", "b-today"] } });
  const todays = (output: string) => agentGuest({ exports: ["nd_get_artist_mbid"], output });
  const both = new TestData();
  try {
    for (const id of ["a-older", "b-older"]) {
      both.folder(id, {
        manifest: Deno.readTextFileSync(`${stage.data.entry(id)}/manifest.json`),
        guest: Deno.readFileSync(`${stage.data.entry(id)}/plugin.wasm`),
      });
    }
    both.folder("a-today", { manifest: PLAIN_MANIFEST, guest: todays("{}") });
    both.folder("b-today", { manifest: PLAIN_MANIFEST, guest: todays('{"mbid":"m"}') });
    const ids = ["a-older", "b-older", "a-today", "b-today"];
    await using host = await both.open({ order: { agents: ids } });
    for (const id of ids) await host.enable(id);
    const request = { id: "1", name: "n" };
    const ask = (id: string) => new MetadataAgent(host.plugin(id)).artistMbid(request);
    assert.deepEqual(await ask("b-older"), await ask("b-today"));
    assert.deepEqual((await ask("a-older")).kind, (await ask("a-today")).kind);
    const answer = await host.metadata.artistMbid(request);
    assert.deepEqual(answer, { kind: "found", value: "m", plugin: "b-older" });
    assert.deepEqual(
      Object.keys(host.info("b-older")).sort(),
      Object.keys(host.info("b-today")).sort(),
    );
  } finally {
    both[Symbol.dispose]();
  }
});

promise(
  "metadata: an answer is found, not found, or a fault",
  [
    { name: "found", method: packed(64, 3), text: "\\0a\\01m", kind: "found" },
    {
      name: "plugin:not_found",
      method: failing("plugin:not_found"),
      text: "plugin:not_found",
      kind: "not_found",
    },
    {
      name: "plugin:not_implemented",
      method: failing("plugin:not_implemented"),
      text: "plugin:not_implemented",
      kind: "not_found",
    },
    {
      name: "another error",
      method: failing("quota"),
      text: "quota",
      kind: "fault",
      says: /quota/,
    },
    { name: "an error without a text", method: failing(""), text: "", kind: "fault" },
    { name: "nothing", method: "(i64.const 0)", text: "", kind: "not_found" },
    {
      name: "no message",
      method: packed(64, 2),
      text: "\\0a\\05",
      kind: "fault",
      says: /is not the message it should be/,
    },
    { name: "a trap", method: "(unreachable)", text: "", kind: "fault", says: /unreachable/ },
  ],
  async (
    { method, text, kind, says = /./ }: {
      method: string;
      text: string;
      kind: string;
      says?: RegExp;
    },
  ) => {
    await using stage = await EnvHost.open({
      p: plugin({ [MBID]: method }, text, ["MetadataAgent"]),
    });
    const answer = await new MetadataAgent(stage.host.plugin("p")).artistMbid({
      id: "1",
      name: "n",
    });
    assert.equal(answer.kind, kind);
    if (answer.kind === "fault") assert.match(answer.error.message, says);
  },
);

promise("a module whose service has another version, or lacks a method, is a fault of its calls", [
  {
    name: "version 2",
    parts: { version: "(i64.const 2)" },
    says: /API version mismatch, host: 1, plugin: 2/,
  },
  { name: "no malloc", parts: { without: ["malloc"] }, says: /malloc is not exported/ },
  {
    name: "a method too few",
    parts: { without: ["metadata_agent_get_album_info"] },
    says: /metadata_agent_get_album_info is not exported/,
  },
], async ({ parts, says }) => {
  await using stage = await EnvHost.open({
    p: { guest: goPluginGuest(parts), capabilities: ["MetadataAgent"] },
  });
  const answer = await new MetadataAgent(stage.host.plugin("p")).artistMbid({ id: "1", name: "n" });
  assert.ok(answer.kind === "fault");
  assert.match(answer.error.message, says);
});

promise("a plugin whose OnInit fails does not run, and is tried again", [
  { name: "by an error", method: failing("no key"), text: "no key", says: /no key/ },
  {
    name: "by an error in its response",
    method: packed(64, 8),
    text: "\\0a\\06no key",
    says: /no key/,
  },
  {
    name: "by plugin:not_found",
    method: failing("plugin:not_found"),
    text: "plugin:not_found",
    says: /plugin:not_found/,
  },
  {
    name: "by not implementing it",
    method: failing("plugin:not_implemented"),
    text: "plugin:not_implemented",
    says: /does not implement it/,
  },
  { name: "by a trap", method: "(unreachable)", text: "", says: /unreachable/ },
], async ({ method, text, says }) => {
  const p = plugin({ [INIT]: method, [MBID]: packed(64, 3) }, text);
  await using stage = await EnvHost.make({ p });
  const isGone = () => {
    const { state, error } = stage.host.info("p");
    assert.deepEqual([state, error?.code.split(".")[0]], ["failed", "guest"]);
    assert.match(error?.message ?? "", says);
    assert.throws(() => stage.host.plugin("p"), { code: "plugin.not_running", message: says });
    assert.deepEqual(stage.host.info("p").capabilities, []);
  };
  await assert.rejects(stage.host.enable("p"), says);
  isGone();
  // A start tries again: it stays enabled.
  await stage.reopen();
  isGone();
  stage.data.folder("p", {
    manifest: olderManifest(),
    guest: goPluginGuest({ methods: { [INIT]: "(i64.const 0)" } }),
  });
  const summary = await stage.host.enable("p");
  assert.equal(summary.state, "running");
});

Deno.test("OnInit is called at each load, and only where the manifest lists LifecycleManagement", async () => {
  const guest = goPluginGuest({ methods: { [INIT]: "(unreachable)" } });
  await using stage = await EnvHost.open({ p: { guest, capabilities: ["Scrobbler"] } });
  assert.equal(stage.host.info("p").state, "running");
});

Deno.test("a plugin shows what its manifest lists, and today's names for it", async () => {
  await using stage = await EnvHost.open({
    p: {
      capabilities: ["SchedulerCallback", "LifecycleManagement", "Scrobbler"],
      permissions: { scheduler: {}, cache: {} },
    },
  });
  const expected = {
    capabilities: ["Scrobbler", "Lifecycle", "Scheduler"],
    exports: [
      "nd_on_init",
      "nd_scheduler_callback",
      "nd_scrobbler_is_authorized",
      "nd_scrobbler_now_playing",
      "nd_scrobbler_scrobble",
    ],
  };
  for (
    const { capabilities, exports, manifest } of [
      stage.host.info("p"),
      await inspectPackage(stage.data.entry("p")),
    ]
  ) {
    assert.deepEqual({ capabilities, exports }, expected);
    assert.equal(manifest?.dialect, "protobuf");
  }
});

promise(
  "a function that was not granted keeps its plugin from loading, and the permission is named",
  [
    { name: "get", permission: "http" },
    { name: "get_plugin_config", permission: "config" },
    { name: "set_string", permission: "cache" },
    { name: "time_now", permission: "scheduler" },
    { name: "connect", permission: "websocket" },
    { name: "get_track_url", permission: "artwork" },
    { name: "call", permission: "subsonicapi" },
    { name: "http_send", permission: undefined },
  ],
  async ({ name, permission }) => {
    await using stage = await EnvHost.make({ p: { guest: goPluginGuest({ imports: [name] }) } });
    await assert.rejects(stage.host.enable("p"), {
      code: "module.import_refused",
      message: permission === undefined
        ? /host function "http_send" does not exist/
        : new RegExp(`host function "${name}" needs the permission "${permission}"`),
    });
  },
);

Deno.test("an administrator's list of host functions holds for this generation, too", async () => {
  const permissions = { cache: {} };
  await using stage = await EnvHost.make({
    p: {
      guest: goPluginGuest({ imports: ["get_string", "set_string"] }),
      permissions,
      capabilities: ["MetadataAgent"],
    },
    q: {
      guest: goPluginGuest({ imports: ["get_string"] }),
      permissions,
      capabilities: ["MetadataAgent"],
    },
  }, { pluginLimits: { hostFunctions: ["get_string"] } });
  await assert.rejects(stage.host.enable("p"), {
    message: /host function "set_string" is not among the host functions that the limits allow/,
  });
  assert.equal((await stage.host.enable("q")).state, "running");
});

const TRACK = {
  id: "t",
  title: "T",
  artist: "A",
  participants: [{ id: "1", name: "A", role: "artist" }],
};

promise("scrobbler: an error, wherever it stands, is one; a yes with an error is a no", [
  {
    name: "all is well",
    methods: { scrobbler_is_authorized: packed(80, 2), scrobbler_scrobble: "(i64.const 0)" },
    kind: "done",
  },
  {
    name: "not authorised",
    methods: { scrobbler_is_authorized: "(i64.const 0)" },
    kind: "skipped",
  },
  {
    name: "an error beside a yes",
    methods: { scrobbler_is_authorized: packed(80, 5) },
    kind: "skipped",
  },
  {
    name: "an error of is_authorized",
    methods: { scrobbler_is_authorized: failing("boom") },
    kind: "skipped",
  },
  {
    name: "an error of scrobble",
    methods: { scrobbler_is_authorized: packed(80, 2), scrobbler_scrobble: failing("boom") },
    kind: "unrecoverable",
  },
  {
    name: "an error in the response",
    methods: { scrobbler_is_authorized: packed(80, 2), scrobbler_scrobble: packed(96, 3) },
    kind: "unrecoverable",
  },
], async ({ methods, kind }: { methods: Record<string, string>; kind: string }) => {
  const more = `${data("boom")} ${data("\\08\\01\\12\\01x", 80)} ${data("\\0a\\01x", 96)}`;
  await using stage = await EnvHost.open({
    p: { guest: goPluginGuest({ methods, more }), capabilities: ["Scrobbler"] },
  });
  const result = await new Scrobbler(stage.host.plugin("p")).scrobble({
    username: "ann",
    track: TRACK as never,
    timestamp: 1,
  });
  assert.equal(result.kind, kind);
});

inOwnProcess(import.meta.url)(
  "2,000 calls of a guest that leaks 64 KiB an answer leave memory as it was",
  async () => {
    // As Go guests do: what the host hands over is never given back within an instance.
    await using stage = await EnvHost.open({
      p: { permissions: { cache: {} }, capabilities: ["MetadataAgent"] },
    });
    const value = "v".repeat(32 * 1024);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const set = Uint8Array.of(0x0a, 1, 0x6b, 0x12, 0x80, 0x80, 2, ...bytes(value));
    await stage.raw("p", "set_string", set);
    const get = Uint8Array.of(0x0a, 1, 0x6b);
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++) await stage.raw("p", "get_string", get);
    };
    await rounds(300);
    const startMb = residentMb();
    await rounds(2_000);
    measured(`resident memory: ${startMb} MB after 300 calls, ${residentMb()} MB after 2,300`);
    assert.ok(residentMb() < startMb + 100, `${startMb} MB, then ${residentMb()} MB`);
  },
);
