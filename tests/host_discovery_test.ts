/** What becomes of plugins when their packages change in the plugins folder. Needs `--allow-run=ln`. */

import assert from "node:assert/strict";
import type { HostEvent, PluginHost } from "../src/host/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { all, answerOf } from "./support/administered.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

const config = { schema: { type: "object", properties: { count: { type: "integer" } } } };
const versionOf = (version: string) => ({
  manifest: { ...PLAIN_MANIFEST, config, version },
  guest: agentGuest({ exports: ["version"], output: version }),
});

/** A host that follows its folder, and the time that it follows it by. */
class Followed implements AsyncDisposable {
  readonly clock = new FakeClock();
  #after = 0;

  private constructor(readonly data: TestData, readonly host: PluginHost) {}

  static async open(autoReload: boolean, prepare: (data: TestData) => void): Promise<Followed> {
    const data = new TestData();
    prepare(data);
    const clock = new FakeClock();
    const host = await data.open({ autoReload, clock });
    return Object.assign(new Followed(data, host), { clock });
  }

  /** Lets time go by until so many things have happened; tells them. */
  async happened(count: number): Promise<string[]> {
    let events: HostEvent[] = [];
    while (events.length < count) {
      await this.pass(500);
      events = await all(this.host.follow("event", { after: this.#after }));
    }
    this.#after = events.at(-1)?.id ?? this.#after;
    return events.map(({ plugin, kind, state = "-" }) => `${plugin} ${kind} ${state}`).sort();
  }

  /** Lets time go by, with what it sets off, which takes a moment of real time. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await new Promise((done) => setTimeout(done, 5));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    this.data[Symbol.dispose]();
  }
}

Deno.test("discovery: with AutoReload what comes is listed, what changes is not run, what is put back runs, what goes is gone", async () => {
  await using followed = await Followed.open(true, (data) => data.folder("p", versionOf("1")));
  const { host, data } = followed;
  await host.enable("p");
  assert.deepEqual(await followed.happened(1), ["p state running"]);
  data.archive("q.ndp", versionOf("1"));
  assert.deepEqual(await followed.happened(1), ["q installed disabled"]);
  data.folder("p", versionOf("2"));
  assert.deepEqual(await followed.happened(1), ["p updated failed"]);
  assert.equal(host.info("p").error?.code, "plugin.changed");
  await assert.rejects(answerOf(host, "p"), { code: "plugin.not_running" });
  const [told] = (await all(host.follow("audit", { plugin: "p" }))).slice(-1);
  assert.deepEqual([told?.code, told?.subject], ["plugin.changed", host.info("p").sha256]);
  data.folder("p", versionOf("1"));
  assert.deepEqual(await followed.happened(1), ["p updated running"]);
  assert.equal(await answerOf(host, "p"), "1");
  Deno.removeSync(data.entry("p"), { recursive: true });
  Deno.removeSync(data.entry("q.ndp"));
  assert.deepEqual(await followed.happened(2), ["p removed -", "q removed -"]);
  assert.deepEqual(host.list(), []);
});

Deno.test("discovery: with AutoReload what a link leads to is followed too", async () => {
  await using followed = await Followed.open(true, (data) => {
    data.folder("", versionOf("1"), data.beside("dev"));
    data.link("p", "../../dev");
  });
  const { host, data } = followed;
  await host.enable("p");
  await followed.happened(1);
  data.folder("", versionOf("2"), data.beside("dev"));
  assert.deepEqual(await followed.happened(1), ["p updated failed"]);
  await host.refresh("p");
  assert.equal(await answerOf(host, "p"), "2");
});

Deno.test("discovery: with AutoReload an update by a command is no change behind the host's back", async () => {
  await using followed = await Followed.open(true, (data) => data.archive("p.ndp", versionOf("1")));
  const { host, data } = followed;
  await host.enable("p");
  for (const version of ["2", "3"]) {
    data.archive("", versionOf(version), data.beside("next.ndp"));
    await host.update("p", Deno.readFileSync(data.beside("next.ndp")));
    for (let looks = 0; looks < 8; looks++) await followed.pass(500);
    assert.equal(await answerOf(host, "p"), version);
  }
  const told = ["p state running", "p updated running", "p updated running"];
  assert.deepEqual(await followed.happened(3), told);
});

Deno.test("discovery: without AutoReload the folder is looked at when somebody asks, and not before", async () => {
  await using followed = await Followed.open(false, (data) => data.folder("p", versionOf("1")));
  const { host, data } = followed;
  await host.enable("p");
  await followed.happened(1);
  data.folder("p", versionOf("2"));
  data.folder("q");
  for (let looks = 0; looks < 20; looks++) await followed.pass(500);
  assert.deepEqual(host.list().map(({ id }) => id), ["p"]);
  assert.equal(await answerOf(host, "p"), "1", "the bytes that were approved go on");
  await host.rescan();
  assert.deepEqual(await followed.happened(2), ["p updated failed", "q installed disabled"]);
  await host.rescan();
  assert.equal((await all(host.follow("event"))).length, 3, "nothing new, nothing told");
});

/** Ways to change what was approved, behind the host's back. */
const EDITS: readonly (readonly [string, (data: TestData) => void])[] = [
  ["a space in its manifest", (data) =>
    void data.folder("p", {
      ...versionOf("1"),
      manifest: `${JSON.stringify(versionOf("1").manifest)} `,
    })],
  ["a host more in its manifest", (data) =>
    void data.folder("p", {
      ...versionOf("1"),
      manifest: {
        ...versionOf("1").manifest,
        permissions: { http: { requiredHosts: ["evil.example"] } },
      },
    })],
  [
    "another module",
    (data) => void data.folder("p", { ...versionOf("1"), guest: versionOf("evil").guest }),
  ],
];

/** What makes a host look at a package. None of them is a decision about its bytes. */
const LOOKS: readonly (readonly [string, (host: PluginHost) => unknown])[] = [
  ["a rescan", (host) => host.rescan()],
  ["a change of its settings", (host) => host.setConfig("p", { count: 1 })],
];

for (const [edit, change] of EDITS) {
  for (const [name, look] of LOOKS) {
    Deno.test(`discovery: after ${name}, a running plugin does not run with ${edit}`, async () => {
      using data = new TestData();
      data.folder("p", versionOf("1"));
      await using host = await data.open();
      await host.enable("p");
      change(data);
      await look(host);
      assert.equal(host.info("p").error?.code, "plugin.changed");
      await assert.rejects(answerOf(host, "p"), { code: "plugin.not_running" });
    });
  }
}
