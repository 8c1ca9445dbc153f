/** Needs `--allow-run=ln` beside the usual. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { ErrorCode } from "../src/errors.ts";
import { type PackageStore, readPackage } from "../src/packages/mod.ts";
import { hashOf, StoreBench, versionOf } from "./support/package_store_bench.ts";
import { makeLink } from "./support/plugins_folder.ts";
import { tempDir } from "./support/temp_dir.ts";
import { zip } from "./support/zip.ts";

const [A, B, C] = await Promise.all([versionOf("a"), versionOf("b"), versionOf("c")]);
const [a, b, c] = await Promise.all([hashOf(A), hashOf(B), hashOf(C)]);

function folderPackage(path: string): void {
  Deno.mkdirSync(path, { recursive: true });
  Deno.writeTextFileSync(join(path, "manifest.json"), `{"name":"n"}`);
  Deno.writeTextFileSync(join(path, "plugin.wasm"), "\0asm");
}

/** Every path below a folder with its mode, for what must not have changed. */
function tree(path: string): string[] {
  return Array.from(Deno.readDirSync(path)).flatMap(({ name, isDirectory }) => {
    const at = join(path, name);
    const mode = ((Deno.lstatSync(at).mode ?? 0) & 0o777).toString(8);
    return [`${at} ${mode}`, ...(isDirectory ? tree(at) : [])];
  }).sort();
}

Deno.test("packages: a plugin is installed, updated, rolled back and removed, and each change is committed once", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  await store.install("p", A, "first");
  assert.deepEqual(await bench.state("p"), { package: a, record: a });
  assert.equal((await readPackage(bench.entry("p.ndp"))).sha256, a);
  await store.update("p", B, "second");
  assert.deepEqual(await bench.state("p"), { package: b, previous: a, record: b });
  assert.equal((await store.previous("p"))?.sha256, a);
  await store.rollback("p", "back");
  assert.deepEqual(await bench.state("p"), { package: a, previous: b, record: a });
  await store.rollback("p", "forth");
  assert.deepEqual(await bench.state("p"), { package: b, previous: a, record: b });
  await store.update("p", C, "third");
  assert.deepEqual(await bench.state("p"), { package: c, previous: b, record: c });
  await store.remove("p", "gone");
  assert.deepEqual(await bench.state("p"), {});
  assert.deepEqual(bench.commits, [
    { kind: "install", id: "p", note: "first", sha256: a },
    { kind: "update", id: "p", note: "second", sha256: b, previousSha256: a },
    { kind: "rollback", id: "p", note: "back", sha256: a, previousSha256: b },
    { kind: "rollback", id: "p", note: "forth", sha256: b, previousSha256: a },
    { kind: "update", id: "p", note: "third", sha256: c, previousSha256: b },
    { kind: "remove", id: "p", note: "gone", previousSha256: c },
  ]);
  assert.deepEqual(bench.leftovers(), []);
});

Deno.test("packages: what a store makes can be read by its user alone", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  await store.install("p", A, "");
  await store.update("p", B, "");
  assert.deepEqual(tree(temp.path).filter((line) => !line.includes("records.db")), [
    `${bench.stateDir} 700`,
    `${bench.stateDir}/previous 700`,
    `${bench.stateDir}/previous/p.ndp 600`,
    `${bench.pluginsDir} 700`,
    `${bench.entry("p.ndp")} 600`,
  ]);
});

Deno.test("packages: the same version again changes nothing, and the one before it is still kept", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  await store.install("p", A, "");
  await store.update("p", B, "");
  await store.update("p", B, "");
  assert.deepEqual(await bench.state("p"), { package: b, previous: a, record: b });
});

Deno.test("packages: of a plugin that is installed anew, no version of its earlier life comes back", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  await store.install("p", A, "");
  await store.update("p", B, "");
  Deno.removeSync(bench.entry("p.ndp"));
  await store.install("p", C, "");
  assert.equal(await store.previous("p"), undefined);
  await assert.rejects(store.rollback("p", ""), { code: "plugin.no_previous" });
});

Deno.test("packages: changes that are asked for at once happen one after another", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  const changes = [
    store.install("p", A, "1"),
    store.install("p", B, "2"),
    store.update("p", B, "3"),
    store.install("q", C, "4"),
    store.rollback("p", "5"),
    store.remove("q", "6"),
  ];
  const outcomes = (await Promise.allSettled(changes)).map(({ status }) => status);
  assert.deepEqual(outcomes, [
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
  assert.deepEqual(await bench.state("p"), { package: a, previous: b, record: a });
  assert.deepEqual(await bench.state("q"), {});
});

const bomb = zip([
  { name: "manifest.json", data: `{"name":"n"}` },
  { name: "plugin.wasm", data: new Uint8Array(65 * 1024 * 1024), deflated: true },
]);
const twice = zip([
  { name: "manifest.json", data: `{"name":"n"}` },
  { name: "manifest.json", data: `{"name":"m"}` },
  { name: "plugin.wasm", data: "\0asm" },
]);

/** Changes that are refused, by what is done to a store that has `p` (with an earlier version), `folder` and `link`. */
const REFUSED: readonly (readonly [
  string,
  (store: PackageStore) => Promise<unknown>,
  ErrorCode,
])[] = [
  ["an id that is taken", (s) => s.install("p", A, ""), "plugin.exists"],
  ["the id of a folder", (s) => s.install("folder", A, ""), "plugin.exists"],
  ["the id of a link", (s) => s.install("link", A, ""), "plugin.exists"],
  ["the id of a link to nothing", (s) => s.install("dangling", A, ""), "plugin.exists"],
  ["an id that leads elsewhere", (s) => s.install("../evil", A, ""), "package.id_invalid"],
  ["an absolute id", (s) => s.install("/tmp/evil", A, ""), "package.id_invalid"],
  ["an id with control characters", (s) => s.install("a\x1b[2J", A, ""), "package.id_invalid"],
  ["no id", (s) => s.install("", A, ""), "package.id_invalid"],
  ["text", (s) => s.install("q", new Uint8Array([1, 2]), ""), "package.archive_invalid"],
  ["two manifests", (s) => s.install("q", twice, ""), "package.duplicate_entry"],
  ["a bomb", (s) => s.install("q", bomb, ""), "package.bomb"],
  ["an update to two manifests", (s) => s.update("p", twice, ""), "package.duplicate_entry"],
  ["an update to a bomb", (s) => s.update("p", bomb, ""), "package.bomb"],
  ["an update of nothing", (s) => s.update("q", A, ""), "plugin.unknown"],
  ["an update elsewhere", (s) => s.update("../p", A, ""), "package.id_invalid"],
  ["an update of a folder", (s) => s.update("folder", A, ""), "plugin.not_replaceable"],
  ["an update of a link", (s) => s.update("link", A, ""), "plugin.not_replaceable"],
  ["an update of two", (s) => s.update("two", A, ""), "package.id_taken"],
  ["a way back of nothing", (s) => s.rollback("q", ""), "plugin.unknown"],
  ["a way back of a folder", (s) => s.rollback("folder", ""), "plugin.not_replaceable"],
  ["a way back where none is", (s) => s.rollback("new", ""), "plugin.no_previous"],
  ["a way back elsewhere", (s) => s.rollback("../p", ""), "package.id_invalid"],
  ["a removal of nothing", (s) => s.remove("q", ""), "plugin.unknown"],
  ["a removal elsewhere", (s) => s.remove("..", ""), "package.id_invalid"],
  ["a removal of two", (s) => s.remove("two", ""), "package.id_taken"],
  ["a look elsewhere", (s) => s.previous("../../p"), "package.id_invalid"],
];

Deno.test("packages: a change that is refused writes nothing", async (t) => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  await store.install("p", A, "");
  await store.update("p", B, "");
  await store.install("new", A, "");
  await store.install("two", A, "");
  folderPackage(bench.entry("two"));
  folderPackage(bench.entry("folder"));
  makeLink("folder", bench.entry("link"));
  makeLink("nowhere", bench.entry("dangling"));
  let written: string[] = [];
  const watched = await bench.open((step) => void written.push(step));
  const before = tree(temp.path);
  for (const [name, act, code] of REFUSED) {
    await t.step(`${name}: ${code}`, async () => {
      written = [];
      await assert.rejects(act(watched), { name: "SoundproofError", code });
      assert.deepEqual(written, []);
      assert.deepEqual(tree(temp.path), before);
    });
  }
});

Deno.test("packages: of a link the link alone is removed, and a folder with all in it", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  folderPackage(join(temp.path, "elsewhere"));
  folderPackage(join(bench.entry("folder")));
  folderPackage(join(bench.entry("folder"), "deep", "deeper"));
  makeLink("../../elsewhere", join(bench.entry("folder"), "inner"));
  Deno.writeFileSync(join(temp.path, "thing.ndp"), A);
  makeLink("../elsewhere", bench.entry("link"));
  makeLink("../thing.ndp", bench.entry("linked.ndp"));
  makeLink("nowhere", bench.entry("dangling"));
  Deno.writeTextFileSync(bench.entry("broken.ndp"), "no archive");
  const store = await bench.open();
  for (const id of ["link", "linked", "dangling", "folder", "broken"]) await store.remove(id, "");
  assert.deepEqual([...Deno.readDirSync(bench.pluginsDir)], []);
  assert.deepEqual(Array.from(Deno.readDirSync(join(temp.path, "elsewhere"))).length, 2);
  assert.deepEqual(Deno.readFileSync(join(temp.path, "thing.ndp")), A);
  assert.equal(bench.commits.at(-1)?.previousSha256, undefined);
});

Deno.test("packages: a broken package is replaced by a sound one", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  Deno.mkdirSync(bench.pluginsDir);
  Deno.writeTextFileSync(bench.entry("p.ndp"), "no archive");
  const store = await bench.open();
  await store.update("p", A, "");
  assert.equal((await bench.state("p")).package, a);
  // And the broken one does not come back.
  await assert.rejects(store.rollback("p", ""), { code: "package.archive_invalid" });
  assert.equal((await bench.state("p")).package, a);
});

Deno.test("packages: a record that cannot be written is written at the next change, or when the store is opened again", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  let fails = false;
  const options = (step: string) => {
    if (fails && step === "before the commit") throw new Error("disk full");
  };
  const store = await bench.open(options);
  await store.install("p", A, "");
  fails = true;
  await assert.rejects(store.update("p", B, "kept"), /disk full/);
  await assert.rejects(store.install("q", C, ""), /disk full/);
  fails = false;
  await store.install("q", C, "");
  assert.deepEqual(await bench.state("p"), { package: b, previous: a, record: b });
  fails = true;
  await assert.rejects(store.update("p", C, "late"), /disk full/);
  await bench.open();
  assert.deepEqual(await bench.state("p"), { package: c, previous: b, record: c });
  assert.equal(bench.commits.at(-1)?.note, "late");
  assert.deepEqual(bench.leftovers(), []);
});

Deno.test("packages: a disk that fails leaves the old version, and nothing of the new one", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  const store = await bench.open();
  await store.install("p", A, "");
  for (const fault of ["writing plugins", "writing packages/previous", "moving plugins"]) {
    const faulty = await bench.open((step) => {
      if (step.includes(fault)) throw new Deno.errors.PermissionDenied("no");
    });
    await assert.rejects(faulty.update("p", B, ""), { code: "package.not_written" }, fault);
    await bench.open();
    assert.deepEqual(await bench.state("p"), { package: a, record: a }, fault);
    assert.deepEqual(bench.leftovers(), [], fault);
  }
});

/** Begins an update to B that goes no further than its journal. */
async function stopBeforeMoving(bench: StoreBench): Promise<void> {
  const halting = await bench.open((step) =>
    step.startsWith("before moving plugins") ? new Promise(() => {}) : undefined
  );
  void halting.update("p", B, "");
  while (!bench.leftovers().includes("journal.json")) await new Promise((done) => setTimeout(done));
}

Deno.test("packages: what somebody else put there while a change was interrupted is left alone", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  await (await bench.open()).install("p", A, "");
  await stopBeforeMoving(bench);
  Deno.writeFileSync(bench.entry("p.ndp"), C);
  await bench.open();
  // The record speaks of another package than the one that lies there, which is not run for that.
  assert.deepEqual(await bench.state("p"), { package: c, record: a });
});

Deno.test("packages: staged bytes that are not those the journal speaks of are not put in place", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  await (await bench.open()).install("p", A, "");
  await stopBeforeMoving(bench);
  Deno.writeFileSync(bench.entry(".soundproof-staged"), C);
  await bench.open();
  assert.deepEqual(await bench.state("p"), { package: a, record: a });
});

Deno.test("packages: a change waits for a plugins folder that is not there, such as of a disk that is not mounted", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  await (await bench.open()).install("p", A, "");
  const halting = await bench.open((step) =>
    step === "before the commit" ? new Promise(() => {}) : undefined
  );
  void halting.update("p", B, "");
  while ((await bench.state("p")).previous === undefined) {
    await new Promise((done) => setTimeout(done));
  }
  Deno.renameSync(bench.pluginsDir, join(temp.path, "unmounted"));
  await bench.open();
  Deno.renameSync(join(temp.path, "unmounted"), bench.pluginsDir);
  await bench.open();
  assert.deepEqual(await bench.state("p"), { package: b, previous: a, record: b });
});

Deno.test("packages: a journal of another program is not acted on", async () => {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  await (await bench.open()).install("p", A, "");
  const good = { kind: "update", id: "p", entry: "p.ndp", note: "", sha256: b, previousSha256: a };
  for (
    const text of [
      "",
      "[]",
      "null",
      JSON.stringify({ ...good, kind: "destroy" }),
      JSON.stringify({ ...good, sha256: "B" }),
      JSON.stringify({ ...good, sha256: undefined }),
      JSON.stringify({ ...good, kind: "remove" }),
      JSON.stringify({ ...good, note: 1 }),
    ]
  ) {
    Deno.writeTextFileSync(join(bench.stateDir, "journal.json"), text);
    await assert.rejects(bench.open(), /did not write it/, text);
  }
});

Deno.test({
  name:
    "packages: a plugins folder on another file system than the data folder is changed in the same way",
  ignore: Deno.build.os !== "linux" ||
    Deno.permissions.querySync({ name: "run", command: "deno" }).state !== "granted",
  async fn() {
    using temp = tempDir();
    // Of all that Linux mounts, /dev/shm is there everywhere; Deno opens it only to who may do everything.
    const { stdout } = await new Deno.Command("deno", {
      args: [
        "run",
        "--no-prompt",
        "--no-check",
        "--allow-all",
        "tests/support/package_store_elsewhere.ts",
        temp.path,
        "/dev/shm",
      ],
      stdout: "piped",
      stderr: "inherit",
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert.ok(["done\n", "no other file system\n"].includes(said), said);
  },
});
