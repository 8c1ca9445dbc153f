/** Needs `--allow-run=ln,mkfifo` beside the usual. */

import assert from "node:assert/strict";
import type { ErrorCode } from "../src/errors.ts";
import { listPackages, pack, pluginId, readArchive, readPackage } from "../src/packages/mod.ts";
import { makeLink, PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";

Deno.test("packages: a folder, an archive and links to them are read", async () => {
  using data = new TestData();
  data.folder("folder");
  data.archive("archive.ndp");
  data.folder("", {}, data.beside("elsewhere"));
  data.archive("", {}, data.beside("thing-1.0.ndp"));
  data.link("absolute", data.beside("elsewhere"));
  data.link("relative", "../../elsewhere");
  data.link("inner", "folder");
  data.link("linked.ndp", "../../thing-1.0.ndp");
  data.link("bare-name", "../../thing-1.0.ndp");
  const read = new Map<string, { kind: string; sha256: string; manifest: string }>();
  for (const { name, path } of await listPackages(data.entry(""))) {
    read.set(name, await readPackage(path));
  }
  assert.deepEqual([...read].map(([name, { kind }]) => `${name}: ${kind}`), [
    "absolute: link",
    "archive.ndp: file",
    "bare-name: link",
    "folder: folder",
    "inner: link",
    "linked.ndp: link",
    "relative: link",
  ]);
  for (const { manifest } of read.values()) {
    assert.deepEqual(JSON.parse(manifest), PLAIN_MANIFEST);
  }
  assert.equal(read.get("absolute")?.sha256, read.get("folder")?.sha256);
  assert.equal(read.get("linked.ndp")?.sha256, read.get("archive.ndp")?.sha256);
});

Deno.test("packages: the hash of a folder tells which of its files holds a byte", async () => {
  using data = new TestData();
  const manifest = JSON.stringify(PLAIN_MANIFEST);
  const bytes = new TextEncoder().encode("\0asm");
  const hashes = new Set<string>();
  for (
    const parts of [
      { manifest, guest: bytes },
      { manifest: `${manifest} `, guest: bytes },
      { manifest, guest: new Uint8Array([...bytes, 32]) },
      { manifest: `${manifest}\0asm`, guest: new Uint8Array() },
    ]
  ) {
    hashes.add((await readPackage(data.folder("p", parts))).sha256);
  }
  assert.equal(hashes.size, 4);
});

Deno.test("packages: the same two files are packed into the same bytes, wherever and whenever", async () => {
  using data = new TestData();
  const guest = new Uint8Array(100_000).map((_, index) => index % 251);
  const folder = data.folder("p", { manifest: `{"name":"\u00fc"}`, guest });
  data.file("p/README.md", "left out");
  const first = await pack(folder);
  const elsewhere = data.folder("", { manifest: `{"name":"\u00fc"}`, guest }, data.beside("later"));
  for (const name of ["plugin.wasm", "manifest.json"]) {
    Deno.utimeSync(`${elsewhere}/${name}`, 2_000_000_000, 2_000_000_000);
    Deno.chmodSync(`${elsewhere}/${name}`, 0o700);
  }
  assert.deepEqual(await pack(elsewhere), first);
  // The archive of every version of Soundproof, on every machine.
  assert.equal(
    (await readArchive(first)).sha256,
    "8890dfedf60af1043e84b2ef33bf7cc5a5de2e16bae78a899567ceef960fc2ac",
  );
});

Deno.test({
  name: "packages: the time zone of who packs is not part of a package",
  ignore: Deno.permissions.querySync({ name: "run", command: "deno" }).state !== "granted",
  async fn() {
    const hashes = new Set<string>();
    for (const zone of ["UTC", "Asia/Tokyo", "America/Los_Angeles"]) {
      const { stdout } = await new Deno.Command("deno", {
        args: ["run", "--no-prompt", "--no-check", "tests/support/pack_child.ts"],
        env: { TZ: zone },
        stderr: "inherit",
      }).output();
      hashes.add(new TextDecoder().decode(stdout));
    }
    assert.equal(hashes.size, 1);
    assert.match([...hashes].join(), /^[0-9a-f]{64}\n$/);
  },
});

Deno.test({
  name: "packages: a link that was made after the process was started is refused with that reason",
  ignore: Deno.permissions.querySync({ name: "run", command: "deno" }).state !== "granted",
  async fn() {
    using data = new TestData();
    data.folder("", {}, data.beside("elsewhere"));
    data.archive("", {}, data.beside("thing.ndp"));
    for (const target of ["../../elsewhere", "../../thing.ndp"]) {
      const link = data.link("late", target);
      const { stdout } = await new Deno.Command("deno", {
        args: [
          ...["run", "--no-prompt", "--no-check", `--allow-read=${data.entry("")}`],
          ...["tests/support/read_child.ts", link],
        ],
        stderr: "inherit",
      }).output();
      assert.match(
        new TextDecoder().decode(stdout),
        /^package\.unreadable Cannot read ".*late.*": this process may read where links led when /,
      );
      Deno.removeSync(link);
    }
  },
});

/** Entries of the plugins folder that cannot be read, and how they are made. */
const UNREADABLE: readonly (readonly [string, (data: TestData) => string, ErrorCode])[] = [
  ["a path where nothing is", (data) => data.entry("none"), "package.unreadable"],
  ["a link to nothing", (data) => data.link("p", "nowhere"), "package.unreadable"],
  ["a link to itself", (data) => data.link("p", "p"), "package.unreadable"],
  [
    "a link to a file that is no package",
    (data) => data.link("p", data.file("", "text", data.beside("notes.txt"))),
    "package.unreadable",
  ],
  [
    "a link that names itself a package and leads to a file that is none",
    (data) => data.link("p.ndp", data.file("", "text", data.beside("notes.txt"))),
    "package.unreadable",
  ],
  ["a file of another name", (data) => data.file("notes.txt", ""), "package.unreadable"],
  [
    "a folder without manifest.json",
    (data) => {
      Deno.removeSync(`${data.folder("p")}/manifest.json`);
      return data.entry("p");
    },
    "package.file_missing",
  ],
  [
    "a folder without plugin.wasm",
    (data) => {
      Deno.removeSync(`${data.folder("p")}/plugin.wasm`);
      return data.entry("p");
    },
    "package.file_missing",
  ],
  [
    "a folder whose plugin.wasm is a folder",
    (data) => {
      Deno.removeSync(`${data.folder("p")}/plugin.wasm`);
      Deno.mkdirSync(`${data.entry("p")}/plugin.wasm`);
      return data.entry("p");
    },
    "package.unreadable",
  ],
  [
    "a folder whose plugin.wasm is a link to nothing",
    (data) => {
      Deno.removeSync(`${data.folder("p")}/plugin.wasm`);
      makeLink("nowhere", `${data.entry("p")}/plugin.wasm`);
      return data.entry("p");
    },
    "package.unreadable",
  ],
  [
    "a folder whose plugin.wasm is a device",
    (data) => {
      Deno.removeSync(`${data.folder("p")}/plugin.wasm`);
      makeLink("/dev/null", `${data.entry("p")}/plugin.wasm`);
      return data.entry("p");
    },
    "package.unreadable",
  ],
  [
    "a folder whose plugin.wasm is a pipe",
    (data) => {
      const wasm = `${data.folder("p")}/plugin.wasm`;
      Deno.removeSync(wasm);
      new Deno.Command("mkfifo", { args: [wasm] }).outputSync();
      return data.entry("p");
    },
    "package.unreadable",
  ],
  [
    "a folder whose plugin.wasm is larger than 64 MiB",
    (data) => {
      Deno.truncateSync(`${data.folder("p")}/plugin.wasm`, 64 * 1024 * 1024 + 1);
      return data.entry("p");
    },
    "package.too_large",
  ],
  [
    "an archive larger than 64 MiB",
    (data) => {
      Deno.truncateSync(data.archive("p.ndp"), 64 * 1024 * 1024 + 1);
      return data.entry("p.ndp");
    },
    "package.too_large",
  ],
];

for (const [name, make, code] of UNREADABLE) {
  Deno.test(`packages: ${name} is refused as ${code}`, async () => {
    using data = new TestData();
    Deno.mkdirSync(data.entry(""), { recursive: true });
    const path = make(data);
    await assert.rejects(readPackage(path), { name: "SoundproofError", code });
  });
}

Deno.test("packages: a folder that may not be read is refused as package.unreadable", async () => {
  using data = new TestData();
  const wasm = `${data.folder("p")}/plugin.wasm`;
  Deno.chmodSync(wasm, 0o000);
  try {
    Deno.readFileSync(wasm);
    return; // the superuser may read everything
  } catch { /* as for everyone else */ }
  await assert.rejects(readPackage(data.entry("p")), { code: "package.unreadable" });
});

Deno.test("packages: of the plugins folder, files of another name and hidden folders are passed over", async () => {
  using data = new TestData();
  data.folder("b");
  data.folder(".git");
  data.archive("a.ndp");
  data.archive(".hidden.ndp");
  data.archive("upper.NDP");
  data.file("README.md", "");
  data.link(".dangling", "nowhere");
  const names = (await listPackages(data.entry(""))).map(({ name }) => name);
  assert.deepEqual(names, [".hidden.ndp", "a.ndp", "b"]);
});

Deno.test("packages: a plugins folder that does not exist has none", async () => {
  using data = new TestData();
  assert.deepEqual(await listPackages(data.entry("")), []);
});

const IDS: readonly (readonly [entry: string, id: string])[] = [
  ["hello", "hello"],
  ["hello.ndp", "hello"],
  ["hello.ndp.ndp", "hello.ndp"],
  ["hello.NDP", "hello.NDP"],
  [".hidden.ndp", ".hidden"],
  ["two words", "two words"],
  ["v1.2", "v1.2"],
  ["ünï", "ünï"],
  ["x".repeat(200), "x".repeat(200)],
];

for (const [entry, id] of IDS) {
  Deno.test(`packages: "${entry.slice(0, 20)}" has the id "${id.slice(0, 20)}"`, () => {
    assert.equal(pluginId(entry), id);
  });
}

for (
  const entry of [
    "",
    ".ndp",
    ".",
    "..",
    "...ndp",
    "a.",
    "a ",
    "a .ndp",
    "a/b",
    "a\\b",
    "a\nb",
    "a\x1b[2J",
    "x".repeat(201),
  ]
) {
  Deno.test(`packages: ${JSON.stringify(entry.slice(0, 20))} is no id`, () => {
    assert.throws(() => pluginId(entry), { code: "package.id_invalid" });
  });
}
