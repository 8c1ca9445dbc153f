import assert from "node:assert/strict";
import type { ErrorCode } from "../src/errors.ts";
import { readArchive, readPackage } from "../src/packages/mod.ts";
import { TestData } from "./support/plugins_folder.ts";
import { crc32, little, zip, type ZipEntry } from "./support/zip.ts";

const MIB = 1024 * 1024;
const MANIFEST: ZipEntry = { name: "manifest.json", data: `{"name":"n"}` };
const WASM: ZipEntry = { name: "plugin.wasm", data: "\0asm", deflated: true };
const GOOD = [MANIFEST, WASM];

Deno.test("packages: an archive is read, whatever else is in it", async () => {
  using data = new TestData();
  const bytes = zip([
    { name: "README.md", data: "words" },
    { name: "assets/", data: "" },
    { name: "assets/logo.svg", data: "<svg/>" },
    ...GOOD,
  ]);
  const { kind, manifest, wasm, sha256 } = await readPackage(data.file("a.ndp", bytes));
  assert.equal(kind, "file");
  assert.equal(manifest, MANIFEST.data);
  assert.equal(new TextDecoder().decode(wasm), "\0asm");
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  assert.equal(sha256, new Uint8Array(digest).toHex());
});

const junk = new TextEncoder().encode("#!/bin/sh\nexit\n");
const mode = (bits: number) => (bits << 16) >>> 0;
const beside = (name: string | Uint8Array, more: Partial<ZipEntry> = {}) =>
  zip([...GOOD, { name, data: "x", ...more }]);
/** An extra field that carries another name, as Info-ZIP writes it. */
const otherName = (raw: string, name: string) =>
  Uint8Array.from([
    ...little([[2, 0x7075], [2, 5 + name.length]]),
    1,
    ...little([[4, crc32(new TextEncoder().encode(raw))]]),
    ...new TextEncoder().encode(name),
  ]);

const isSame = (bytes: Uint8Array, part: Uint8Array, from: number) =>
  part.every((byte, index) => bytes[from + index] === byte);

/** A copy with other bytes at a place, which counts from a record of this kind (the last one) and in it. */
function changed(
  bytes: Uint8Array<ArrayBuffer>,
  record: "directory" | "end",
  at: number,
  ...values: number[]
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const sign = Uint8Array.of(0x50, 0x4b, ...(record === "end" ? [5, 6] : [1, 2]));
  let from = bytes.length - sign.length;
  while (!isSame(bytes, sign, from)) from--;
  copy.set(values, from + at);
  return copy;
}

/** Archives that are refused, by their code. */
const REFUSED: Partial<Record<ErrorCode, Readonly<Record<string, Uint8Array>>>> = {
  "package.archive_invalid": {
    "no bytes": new Uint8Array(),
    "text": new TextEncoder().encode("not a zip archive"),
    "half an archive": zip(GOOD).slice(0, 60),
    "data before it": zip(GOOD, { before: junk }),
    "data after it": zip(GOOD, { after: junk }),
    "an archive after an archive": new Uint8Array([...zip(GOOD), ...zip(GOOD)]),
    "another name in the entry than in the directory": zip([
      MANIFEST,
      { ...WASM, localName: "other.wasm" },
    ]),
    "another size in the entry than in the directory": zip([MANIFEST, { ...WASM, localSize: 3 }]),
    "encryption told by the entry alone": zip([MANIFEST, { ...WASM, localFlags: 1 }]),
    "an entry that its directory does not list": zip([
      MANIFEST,
      { ...WASM, data: "evil", unlisted: true },
      WASM,
    ]),
    "such an entry as its first": zip([{ ...WASM, data: "evil", unlisted: true }, ...GOOD]),
    "such an entry as its last": zip([...GOOD, { ...WASM, data: "evil", unlisted: true }]),
    "another name in an entry that is not unpacked": beside("README.md", {
      localName: "plugin.wasm",
    }),
    "another name in the entry's own extra field": zip([
      MANIFEST,
      { ...WASM, localExtra: otherName("plugin.wasm", "innocent") },
    ]),
    "a size of 64 bits in the entry's own extra field": zip([
      MANIFEST,
      { ...WASM, localExtra: little([[2, 1], [2, 16], [4, 9], [4, 0], [4, 9], [4, 0]]) },
    ]),
    "an extra field that leads out of its place": zip([
      MANIFEST,
      { ...WASM, localExtra: little([[2, 9], [2, 9]]) },
    ]),
    "other sizes after the data than in the directory": zip([
      MANIFEST,
      { ...WASM, sizesAfter: "wrong" },
    ]),
    "no sizes after the data, where the flags say so": zip([MANIFEST, { ...WASM, flags: 8 }]),
    "flags that few know": zip([MANIFEST, { ...WASM, flags: 1 << 5 }]),
    "masked headers": beside("README.md", { flags: 1 << 13 }),
    "a folder with content": beside("assets/"),
    "an end in its comment": zip(GOOD, { comment: "PK\x05\x06".padEnd(22, "\0") }),
    "an end in its comment that leads to the same directory": (() => {
      const end = new TextDecoder("latin1").decode(zip(GOOD).slice(-22));
      return zip(GOOD, { comment: end });
    })(),
    "several parts": changed(zip(GOOD), "end", 4, 1),
    "a directory in another part": changed(zip(GOOD), "end", 6, 1),
    "entries in other parts": changed(zip(GOOD), "end", 8, 1),
    "an entry in another part": changed(zip(GOOD), "directory", 34, 1),
    "another length of its directory": changed(zip(GOOD), "end", 12, 1),
    "a record of its directory that is none": changed(zip(GOOD), "directory", 0, 0),
    "a wrong checksum": zip([MANIFEST, { ...WASM, statedCrc: 1 }]),
    "a packed size beyond its end": zip([MANIFEST, { ...WASM, statedPackedSize: 0x7fff_0000 }]),
    "a size of 64 bits that no field holds": zip([
      MANIFEST,
      { ...WASM, statedSize: 0xffff_ffff },
    ]),
    "a directory of 64 bits that is not there": zip(GOOD, { statedDirectory: 0xffff_ffff }),
    "a directory elsewhere": zip(GOOD, { statedDirectory: 0 }),
    "both files on the same bytes": zip([
      MANIFEST,
      { ...MANIFEST, name: "plugin.wasm", sameDataAs: 0 },
    ]),
    // As Fifield's bomb; zip.js compares only what is unpacked.
    "other entries on the bytes of one": zip([
      ...GOOD,
      { name: "a", data: "x", sameDataAs: 1 },
      { name: "b", data: "x", sameDataAs: 1 },
    ]),
    "an entry that lies inside of another": (() => {
      const inner = zip([{ name: "b", data: "bytes" }]).slice(0, 36);
      const outer = zip([...GOOD, { name: "a", data: inner }, { name: "b", data: "bytes" }]);
      const view = new DataView(outer.buffer);
      const at = (from: number) => outer.findIndex((_, i) => i >= from && isSame(outer, inner, i));
      view.setUint32(outer.byteLength - 22 - 1 - 4, at(0), true);
      return outer;
    })(),
    "fewer entries than are there": zip(GOOD, { statedEntries: 1 }),
    "more entries than are there": zip(GOOD, { statedEntries: 3 }),
    "more entries than are looked at": zip([
      ...GOOD,
      ...Array.from({ length: 1_000 }, (_, i) => ({ name: `f${i}`, data: "" })),
    ]),
    "a way of packing that few know": zip([MANIFEST, { ...WASM, method: 14 }]),
    "such a way of packing for what is not unpacked": beside("README.md", { method: 97 }),
    "a module of 65 MiB that states 10 bytes": zip([
      MANIFEST,
      { ...WASM, data: new Uint8Array(65 * MIB), statedSize: 10 },
    ]),
  },
  "package.file_missing": {
    "no entry": zip([]),
    "no manifest": zip([WASM]),
    "no module": zip([MANIFEST]),
    "files in a folder": zip(GOOD.map((entry) => ({ ...entry, name: `x/${entry.name}` }))),
    "a manifest in capital letters": zip([{ ...MANIFEST, name: "MANIFEST.JSON" }, WASM]),
    "a folder in the place of the module": zip([MANIFEST, { name: "plugin.wasm/", data: "" }]),
  },
  "package.duplicate_entry": {
    "two manifests": zip([...GOOD, { ...MANIFEST, data: `{"name":"other"}` }]),
    "two manifests and one counted": zip([MANIFEST, ...GOOD]),
    "names that differ in letter case": beside("Manifest.json"),
    "names that differ in the case of a letter outside of ASCII": zip([
      ...GOOD,
      { name: "stra\u00dfe", data: "" },
      { name: "STRASSE", data: "" },
    ]),
    "names that differ in Unicode form": zip([
      ...GOOD,
      { name: "caf\u00e9", data: "" },
      { name: "cafe\u0301", data: "" },
    ]),
    "a name in full-width letters": beside("\uff4danifest.json"),
    "a file and a folder of one name": beside("plugin.wasm/", { data: "" }),
  },
  "package.name_refused": {
    "a path out of it": beside("../evil"),
    "a path out of it and back": beside("a/../../evil"),
    "an absolute path": beside("/etc/evil"),
    "a path with backslashes": beside("..\\evil"),
    "a backslash in a name": beside("a\\b"),
    "a drive": beside("C:evil"),
    "a stream of a file": beside("manifest.json:other"),
    "a NUL in a name": beside("plugin.wasm\0.txt"),
    "a control character in a name": beside("a\u001b[2Jb"),
    "a line break in a name": beside("a\nb"),
    "a name that reads backwards": beside("a\u202egpj.exe"),
    "a letter that cannot be seen": beside("plugin\u200b.wasm"),
    "an empty step in a path": beside("a//b"),
    "a dot as a step": beside("./plugin.wasm"),
    "a name that ends in a dot": beside("plugin.wasm."),
    "a name that ends in a space": beside("manifest.json "),
    "a folder that ends in a dot": beside("a./b"),
    "a device": beside("CON"),
    "a device with an ending": beside("assets/nul.txt"),
    "a name without letters": beside(""),
    "a name longer than 1024 characters": beside("a".repeat(1_025)),
    "a name that is not UTF-8": beside(new Uint8Array([0x61, 0xff])),
    "a name that says it is UTF-8 and is not": beside(new Uint8Array([0x61, 0xff]), {
      flags: 1 << 11,
    }),
    "a mark of byte order before a name": beside("\ufeffmanifest.json"),
    "a second name in an extra field": zip([
      MANIFEST,
      { ...WASM, name: "innocent", extra: otherName("innocent", "plugin.wasm") },
    ]),
  },
  "package.symlink": {
    "a link in the place of the module": zip([
      MANIFEST,
      { name: "plugin.wasm", data: "/etc/passwd", externalAttributes: mode(0o120777) },
    ]),
    "a link beside the files": beside("assets", { externalAttributes: mode(0o120777) }),
    "a device": beside("null", { externalAttributes: mode(0o020666) }),
    "a named pipe": beside("pipe", { externalAttributes: mode(0o010644) }),
    "a socket": beside("socket", { externalAttributes: mode(0o140755) }),
  },
  "package.encrypted": {
    "an encrypted module": zip([MANIFEST, { ...WASM, flags: 1 }]),
    "an encrypted entry that is not unpacked": beside("notes", { flags: 1 }),
    "a strongly encrypted entry": beside("notes", { flags: 0x41 }),
  },
  "package.bomb": {
    "a module of 65 MiB in a few kilobytes": zip([
      MANIFEST,
      { ...WASM, data: new Uint8Array(65 * MIB) },
    ]),
    "a module of 2 MiB in two kilobytes": zip([
      MANIFEST,
      { ...WASM, data: new Uint8Array(2 * MIB) },
    ]),
  },
  "package.too_large": {
    "a manifest of 2 MiB": zip([
      { ...MANIFEST, data: new Uint8Array(2 * MIB), deflated: true },
      WASM,
    ]),
  },
};

for (const [code, archives] of Object.entries(REFUSED)) {
  for (const [name, bytes] of Object.entries(archives)) {
    Deno.test(`packages: an archive with ${name} is refused as ${code}`, async () => {
      using data = new TestData();
      const path = data.file("a.ndp", bytes);
      await assert.rejects(readPackage(path), { name: "SoundproofError", code });
      assert.deepEqual([...Deno.readDirSync(data.entry(""))].map(({ name }) => name), ["a.ndp"]);
    });
  }
}

Deno.test("packages: an archive that was written into a pipe is read", async () => {
  const { manifest } = await readArchive(
    zip([{ ...MANIFEST, sizesAfter: "right" }, { ...WASM, sizesAfter: "right" }]),
  );
  assert.equal(manifest, MANIFEST.data);
});

Deno.test("packages: what is not one of the two files is not unpacked", async () => {
  const bomb = { name: "README.md", data: new Uint8Array(65 * MIB), deflated: true };
  const wrong = { name: "LICENSE", data: "words", deflated: true, statedCrc: 1 };
  const { manifest } = await readArchive(zip([bomb, wrong, ...GOOD]));
  assert.equal(manifest, MANIFEST.data);
});

Deno.test("packages: a module that is packed as well as modules are is no bomb", async () => {
  const random = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const data = new Uint8Array(4 * MIB);
  data.set(random);
  const { wasm } = await readArchive(zip([MANIFEST, { ...WASM, data }]));
  assert.equal(wasm.byteLength, 4 * MIB);
});

Deno.test("packages: a manifest that is not UTF-8 is refused as manifest.invalid", async () => {
  using data = new TestData();
  const bytes = zip([{ ...MANIFEST, data: new Uint8Array([0x22, 0xff, 0x22]) }, WASM]);
  await assert.rejects(readPackage(data.file("a.ndp", bytes)), { code: "manifest.invalid" });
});
