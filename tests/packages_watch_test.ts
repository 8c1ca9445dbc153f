/** Needs `--allow-run=ln` beside the usual. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { PluginsWatch } from "../src/packages/mod.ts";
import { FakeClock } from "./services_cases/harness.ts";
import { TestData } from "./support/plugins_folder.ts";

/** A watch on a plugins folder, with what it has told. */
class WatchBench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly data = new TestData();
  readonly told: string[] = [];
  readonly reports: string[] = [];
  watch: PluginsWatch | undefined;
  changed: (id: string) => void | Promise<void> = (id) => void this.told.push(id);

  async start(): Promise<void> {
    this.watch = await PluginsWatch.start({
      folder: this.data.entry(""),
      clock: this.clock,
      changed: (id) => this.changed(id),
      report: (message) => this.reports.push(message),
    });
  }

  /** Lets time go by, with its looks, which take a moment of real time. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.clock.advance(500);
      // A look that time has set off ends before this one; so does what that one sets off.
      await this.watch?.look();
      await new Promise((done) => setTimeout(done));
      await this.watch?.look();
    }
  }

  /** What was told since it was last asked. */
  take(): string[] {
    return this.told.splice(0).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch?.close();
    this.data[Symbol.dispose]();
  }
}

const OTHER = { manifest: { name: "Other", author: "Test", version: "2.0.0" } };

Deno.test("packages: a package that comes, changes or goes is told of once it has been still for 2 s", async () => {
  await using bench = new WatchBench();
  bench.data.folder("there");
  await bench.start();
  await bench.pass(5_000);
  assert.deepEqual(bench.take(), []);
  bench.data.archive("a.ndp");
  await bench.pass(1_000);
  assert.deepEqual(bench.take(), []);
  await bench.pass(2_500);
  assert.deepEqual(bench.take(), ["a"]);
  bench.data.archive("a.ndp", OTHER);
  bench.data.folder("there", OTHER);
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["a", "there"]);
  Deno.removeSync(bench.data.entry("a.ndp"));
  Deno.removeSync(bench.data.entry("there"), { recursive: true });
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["a", "there"]);
  await bench.pass(10_000);
  assert.deepEqual(bench.take(), []);
});

Deno.test("packages: one that is being written is told of once, after the last byte", async () => {
  await using bench = new WatchBench();
  await bench.start();
  bench.data.archive("still.ndp");
  const path = bench.data.file("a.ndp", "");
  for (let size = 1; size <= 10; size++) {
    Deno.truncateSync(path, size);
    await bench.pass(1_000);
  }
  assert.deepEqual(bench.take(), ["still"]);
  await bench.pass(1_500);
  assert.deepEqual(bench.take(), ["a"]);
});

Deno.test("packages: what a link leads to is followed, and where it leads from then on", async () => {
  await using bench = new WatchBench();
  const { data } = bench;
  data.folder("", {}, data.beside("one"));
  data.folder("", {}, data.beside("two"));
  data.archive("", {}, data.beside("thing.ndp"));
  data.link("folder", data.beside("one"));
  data.link("same", data.beside("one"));
  data.link("file", data.beside("thing.ndp"));
  data.link("dangling", data.beside("later"));
  await bench.start();
  data.folder("", OTHER, data.beside("one"));
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["folder", "same"]);
  data.archive("", OTHER, data.beside("thing.ndp"));
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["file"]);
  // As editors and builds do: another file in its place.
  data.archive("", {}, data.beside("fresh.ndp"));
  Deno.renameSync(data.beside("fresh.ndp"), data.beside("thing.ndp"));
  Deno.removeSync(data.entry("folder"));
  data.link("folder", data.beside("two"));
  data.folder("", {}, data.beside("later"));
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["dangling", "file", "folder"]);
});

Deno.test("packages: a plugins folder that is removed and made anew is followed again", async () => {
  await using bench = new WatchBench();
  await bench.start();
  bench.data.archive("a.ndp");
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["a"]);
  for (let round = 0; round < 3; round++) {
    Deno.removeSync(bench.data.entry(""), { recursive: true });
    await bench.pass(3_500);
    assert.deepEqual(bench.take(), ["a"]);
    bench.data.archive("a.ndp");
    await bench.pass(3_500);
    assert.deepEqual(bench.take(), ["a"]);
  }
  assert.deepEqual(bench.reports, []);
});

Deno.test("packages: what is there again when the time is up is told of like any other change", async () => {
  await using bench = new WatchBench();
  bench.data.archive("a.ndp");
  await bench.start();
  Deno.removeSync(bench.data.entry("a.ndp"));
  await bench.pass(1_000);
  bench.data.archive("a.ndp");
  await bench.pass(3_500);
  assert.deepEqual(bench.take(), ["a"]);
});

Deno.test("packages: files that are no packages, and names that are no ids, are not told of", async () => {
  await using bench = new WatchBench();
  await bench.start();
  bench.data.file("README.md", "words");
  bench.data.file(".soundproof-staged", "half a package");
  bench.data.file("bad .ndp", "");
  bench.data.folder(".git");
  await bench.pass(5_000);
  assert.deepEqual(bench.take(), []);
});

Deno.test("packages: a folder that cannot be looked at is reported once, and no package counts as gone for that", async () => {
  await using bench = new WatchBench();
  bench.data.archive("a.ndp");
  await bench.start();
  Deno.renameSync(bench.data.entry(""), bench.data.beside("aside"));
  Deno.writeTextFileSync(join(bench.data.path, "plugins"), "a file");
  await bench.pass(5_000);
  assert.deepEqual(bench.take(), []);
  assert.equal(bench.reports.length, 1);
  Deno.removeSync(join(bench.data.path, "plugins"));
  Deno.renameSync(bench.data.beside("aside"), bench.data.entry(""));
  await bench.pass(5_000);
  assert.deepEqual(bench.take(), []);
});

Deno.test("packages: what the one who is told throws is reported, and the watch goes on", async () => {
  await using bench = new WatchBench();
  await bench.start();
  bench.changed = (id) => Promise.reject(new Error(`no ${id}`));
  bench.data.archive("a.ndp");
  await bench.pass(3_500);
  assert.deepEqual(bench.reports, ["no a"]);
  bench.data.archive("b.ndp");
  await bench.pass(3_500);
  assert.deepEqual(bench.reports, ["no a", "no b"]);
});

Deno.test("packages: a watch that is closed leaves no timer, and waits for what it has called", async () => {
  await using bench = new WatchBench();
  await bench.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.changed = async () => {
    await promise;
    bench.told.push("ended");
  };
  bench.data.archive("a.ndp");
  await bench.pass(3_500);
  bench.data.archive("b.ndp");
  await bench.pass(1_000);
  assert.equal(bench.clock.waiting, 2);
  const closing = bench.watch?.close();
  assert.equal(bench.clock.waiting, 0);
  resolve();
  await closing;
  assert.deepEqual(bench.take(), ["ended"]);
  await bench.clock.advance(10_000);
  await bench.watch?.look();
  assert.equal(bench.clock.waiting, 0);
});
