/** Needs `--allow-run=go` and `--allow-write=tests/guests/dist` beside the usual. */

import assert from "node:assert/strict";
import { MetadataAgent, Scrobbler } from "../src/capabilities/mod.ts";
import { EXPORT_TYPES } from "../src/cell/abi/go_plugin.ts";
import { buildGuest } from "./guests/build.ts";
import { EnvHost } from "./support/env_host.ts";
import { GuestUnderTest } from "./support/guests.ts";
import { inOwnProcess } from "./support/own_process.ts";
import { measured, promise, residentMb } from "./support/promises.ts";

/** A Go guest needs its time on a machine where other tests run. */
const TIMEOUT_MS = 20_000;
const IMPORTS = ["get_int", "get_string", "set_int"];
const CAPABILITIES = ["MetadataAgent", "Scrobbler", "LifecycleManagement"];

const built = await buildGuest("go_plugin");
if ("skipped" in built) Deno.test({ name: `older: ${built.skipped}`, ignore: true, fn() {} });
else testGuest(built.wasm);

function testGuest(wasm: Uint8Array<ArrayBuffer>): void {
  const open = (options = {}) =>
    EnvHost.open({
      p: { guest: wasm, permissions: { cache: {} }, capabilities: CAPABILITIES },
    }, options);
  const agentOf = (stage: EnvHost, timeoutMs = TIMEOUT_MS) =>
    new MetadataAgent(stage.host.plugin("p"), { timeoutMs });
  const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

  Deno.test("older: the Go guest exports all that plugins of that generation do, and imports what it can reach", async () => {
    const module = await WebAssembly.compile(wasm);
    const exports = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
    for (const name of [...EXPORT_TYPES.keys(), "memory"]) assert.ok(exports.has(name), name);
    const imports = WebAssembly.Module.imports(module).filter(({ module }) => module === "env");
    assert.deepEqual([...new Set(imports.map(({ name }) => name))].sort(), IMPORTS);
  });

  promise("older: the worked bytes, through a guest", [
    {
      name: "a name",
      input: "0a 02 69 64 12 07 42 65 61 74 6c 65 73",
      output: "0a 0a 31 32 33 34 35 36 37 38 39 30",
    },
    { name: "no name", input: "0a 02 69 64", error: "plugin:not_found" },
    { name: "an empty request", input: "", error: "plugin:not_found" },
    { name: "what cannot be decoded is an empty success", input: "ff ff", output: "" },
  ], async ({ input, output = "", error }: { input: string; output?: string; error?: string }) => {
    using guest = await GuestUnderTest.start(wasm, {
      abi: "go_plugin",
      functions: IMPORTS,
      pool: { cells: 1 },
    });
    const call = () => guest.call("metadata_agent_get_artist_mbid", hex(input), TIMEOUT_MS);
    // The second one on an instance that was made ahead.
    for (const { outcome } of [await call(), await call()]) {
      assert.ok(outcome.kind === "returned");
      assert.deepEqual([outcome.output, outcome.error], [hex(output), error]);
    }
  });

  Deno.test("older: a Go guest answers as one of today's would", async () => {
    await using stage = await open();
    const agent = agentOf(stage);
    const artist = { id: "1", name: "Björk" };
    assert.deepEqual(stage.host.info("p").capabilities, [
      "MetadataAgent",
      "Scrobbler",
      "Lifecycle",
    ]);
    assert.deepEqual(await agent.artistMbid(artist), { kind: "found", value: "1234567890" });
    assert.equal((await agent.artistMbid({ id: "1", name: "" })).kind, "not_found");
    assert.equal((await agent.artistUrl(artist)).kind, "not_found");
    assert.deepEqual(await agent.artistBiography(artist), { kind: "found", value: "About Björk" });
    assert.match(stage.data.messages("p").join("\n"), /biography of Björk$/m);
    assert.deepEqual(await agent.artistImages(artist), {
      kind: "found",
      value: [{ url: "u", size: 300 }, { url: "v", size: -1 }],
    });
    assert.equal((await agent.albumInfo({ name: "", artist: "a" })).kind, "not_found");
    assert.deepEqual(await agent.albumInfo({ name: "n", artist: "a" }), {
      kind: "found",
      value: { name: "n", mbid: "", description: "é", url: "" },
    });
    assert.equal((await agent.albumImages({ name: "n", artist: "a" })).kind, "not_found");
    const scrobbler = new Scrobbler(stage.host.plugin("p"), { timeoutMs: TIMEOUT_MS });
    assert.equal(await scrobbler.authorization("ann"), "yes");
  });

  Deno.test("older: a Go guest makes many host calls in one call", async () => {
    await using stage = await open();
    const answer = await agentOf(stage).similarArtists({ id: "1", name: "n" }, 300);
    assert.deepEqual(answer.kind === "found" && answer.value.map(({ name }) => name), [
      "Artist 1",
      "Artist 2",
    ]);
  });

  Deno.test("older: a panic and a loop are faults, and the next call has an instance of its own", async () => {
    await using stage = await open();
    const ask = (name: string, timeoutMs?: number) =>
      agentOf(stage, timeoutMs).artistMbid({ id: "1", name });
    for (
      const [name, code, timeoutMs] of [["!panic", /guest\.(?:trap|exit)/], [
        "!loop",
        /guest\.deadline/,
        500,
      ]] as const
    ) {
      const answer = await ask(name, timeoutMs);
      assert.match(answer.kind === "fault" ? answer.error.code : answer.kind, code);
      assert.deepEqual(await ask("!count"), { kind: "found", value: "1" });
    }
    assert.match(stage.data.messages("p").join("\n"), /panic: no luck/);
  });

  inOwnProcess(import.meta.url)(
    "older: 500 calls of a Go guest that keeps 64 KiB of each leave memory as it was",
    async () => {
      const value = "v".repeat(64 * 1024);
      // Nobody but a guest fills the cache, so the host function is answered for it.
      using guest = await GuestUnderTest.start(wasm, {
        abi: "go_plugin",
        functions: IMPORTS,
        handle: () => Uint8Array.of(8, 1, 0x12, 0x80, 0x80, 4, ...new TextEncoder().encode(value)),
      });
      const rounds = async (count: number) => {
        for (let i = 0; i < count; i++) {
          const { outcome } = await guest.call(
            "metadata_agent_get_artist_top_songs",
            hex("12 01 6e"),
            TIMEOUT_MS,
          );
          assert.ok(outcome.kind === "returned" && outcome.output.length > value.length);
        }
      };
      await rounds(200);
      const startMb = residentMb();
      await rounds(500);
      measured(`resident memory: ${startMb} MB after 200 calls, ${residentMb()} MB after 700`);
      assert.ok(residentMb() < startMb + 250, `${startMb} MB, then ${residentMb()} MB`);
    },
  );
}
