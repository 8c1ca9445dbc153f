/** Needs `--allow-run=go,cargo,rustc` and `--allow-write=tests/guests/dist` beside the usual. */

import assert from "node:assert/strict";
import { MetadataAgent } from "../src/capabilities/mod.ts";
import type { PluginHost } from "../src/host/mod.ts";
import { buildGuest, type GuestName } from "./guests/build.ts";
import { TestData } from "./support/plugins_folder.ts";

/** A Go guest needs its time on a machine where other tests run. */
const TIMEOUT_MS = 10_000;

interface Language {
  readonly name: GuestName;
  /** Lines of `log_each_level` at level trace. */
  readonly log: readonly string[];
  /** What a panic leaves. */
  readonly panic: { readonly detail: RegExp; readonly log: RegExp };
}

const LANGUAGES: readonly Language[] = [
  {
    name: "go_agent",
    // go-pdk binds its trace function to log_error (extism-abi.md, 1.4).
    log: ["error trace: é", "debug debug: é", "info info: é", "warn warn: é", "error error: é"],
    panic: { detail: /exit_code\(2\)|unreachable/, log: /^panic: no luck/m },
  },
  {
    name: "rust_agent",
    log: ["trace trace: é", "debug debug: é", "info info: é", "warn warn: é", "error error: é"],
    panic: { detail: /unreachable/, log: /no luck/ },
  },
];

for (const language of LANGUAGES) {
  const { name } = language;
  const built = await buildGuest(name);
  if ("skipped" in built) {
    Deno.test({ name: `host: ${built.skipped}`, ignore: true, fn() {} });
    continue;
  }

  Deno.test(`host: the guest ${name} loads as a package and answers`, async (t) => {
    using data = new TestData();
    data.archive("p.ndp", { guest: built.wasm });
    const config = { p: { greeting: "Hello", empty: "", number: 3 } };
    await using host = await data.open({ config, logLevel: "trace" });
    const summary = await host.enable("p");
    const call = (export_: string, input = "", timeoutMs = TIMEOUT_MS) =>
      callText(host, export_, input, timeoutMs);
    const agent = new MetadataAgent(host.plugin("p"), { timeoutMs: TIMEOUT_MS });

    await t.step("it is a metadata agent and nothing else", () => {
      assert.deepEqual([summary.state, summary.capabilities], ["running", ["MetadataAgent"]]);
    });
    await t.step("a biography, with a setting in it", async () => {
      const answer = await agent.artistBiography({ id: "1", name: "Björk" });
      assert.deepEqual(answer, { kind: "found", value: "Hello Björk" });
    });
    await t.step("an mbid", async () => {
      assert.deepEqual(await agent.artistMbid({ id: "7", name: "n" }), {
        kind: "found",
        value: "mbid-of-7",
      });
    });
    await t.step("what it does not implement is not found", async () => {
      assert.equal((await agent.artistUrl({ id: "1", name: "n" })).kind, "not_found");
      assert.equal((await agent.albumInfo({ name: "n", artist: "a" })).kind, "not_found");
    });
    await t.step("its error is a fault with its text", async () => {
      const answer = await agent.artistBiography({ id: "1", name: "" });
      assert.equal(answer.kind === "fault" && answer.error.code, "guest.error");
      assert.match(answer.kind === "fault" ? answer.error.message : "", /artist has no name/);
      await assert.rejects(call("error_text", "ünï"), {
        code: "guest.error",
        detail: /^plugin call failed: ünï/,
      });
    });
    await t.step("settings, through the kernel", async () => {
      const seen = async (key: string) => JSON.parse(await call("config_value", key));
      assert.deepEqual(await seen("greeting"), { value: "Hello", exists: true });
      assert.deepEqual(await seen("number"), { value: "3", exists: true });
      assert.equal((await seen("empty")).exists, false);
      assert.equal((await seen("constructor")).exists, false);
    });
    await t.step("settings, through the host function", async () => {
      const seen = async (key: string) => JSON.parse(await call("host_config", key));
      assert.deepEqual(await seen("greeting"), { value: "Hello", exists: true });
      assert.deepEqual(await seen("empty"), { exists: true });
      assert.deepEqual(await seen("none"), {});
    });
    await t.step("many host calls in one call", async () => {
      const one = (await call("host_config", "greeting")).length;
      assert.equal(await call("host_calls", "100"), String(100 * one));
    });
    await t.step("variables last for one call", async () => {
      for (const kept of ["a", "é🎷".repeat(500)]) {
        assert.deepEqual(JSON.parse(await call("vars_round_trip", kept)), {
          before: "",
          after: kept,
          removed: true,
        });
      }
    });
    await t.step("every call has an instance of its own", async () => {
      for (let i = 0; i < 5; i++) assert.equal(await call("count_calls"), "1");
    });
    await t.step("lines of every level are logged", async () => {
      data.log.length = 0;
      await call("log_each_level", "é");
      assert.deepEqual(data.log.map(({ level, message }) => `${level} ${message}`), language.log);
    });
    await t.step("a panic is a fault, and what it says is logged", async () => {
      data.log.length = 0;
      await assert.rejects(call("panic_now", "no luck"), { detail: language.panic.detail });
      assert.match(data.messages("p").join("\n"), language.panic.log);
    });
    await t.step("leaving with a code is a fault, with 0 it is none", async () => {
      await assert.rejects(call("exit_with_code", "7"), {
        code: "guest.exit",
        detail: "plugin call failed: module closed with exit_code(7)",
      });
      assert.equal(await call("exit_with_code", "0"), "");
    });
    await t.step("a loop is ended at its deadline", async () => {
      const start = performance.now();
      await assert.rejects(call("loop_forever", "", 300), { code: "guest.deadline" });
      assert.ok(performance.now() - start < 2_000);
    });
    await t.step("the next call is served", async () => {
      assert.equal(await call("count_calls"), "1");
    });
    await t.step("it sleeps as long as it says, but not past its deadline", async () => {
      assert.ok(Number(await call("sleep_ms", "50")) >= 50);
      await assert.rejects(call("sleep_ms", "20000", 300), { code: "guest.deadline" });
    });
    await t.step("an output of 8 MiB comes whole", async () => {
      const size = 8 * 1024 * 1024;
      const output = await call("big_output", String(size));
      assert.equal(output, "x".repeat(size));
    });
  });

  Deno.test(`host: twenty calls of ${name} at once are answered by at most eight cells`, async () => {
    using data = new TestData();
    data.folder("p", { guest: built.wasm });
    await using host = await data.open();
    await host.enable("p");
    const agent = new MetadataAgent(host.plugin("p"));
    const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
    const answers = await Promise.all(
      names.map((name) => agent.artistBiography({ id: "1", name })),
    );
    assert.deepEqual(
      answers.map((answer) => answer.kind === "found" && answer.value),
      names.map((name) => `About ${name}`),
    );
    assert.ok(host.info("p").cells <= 8);
  });
}

async function callText(
  host: PluginHost,
  name: string,
  input: string,
  timeoutMs: number,
): Promise<string> {
  const bytes = new TextEncoder().encode(input);
  return new TextDecoder().decode(await host.plugin("p").call(name, bytes, { timeoutMs }));
}
