import assert from "node:assert/strict";
import type { ErrorCode } from "../src/errors.ts";
import { readPackage } from "../src/packages/mod.ts";
import { TestData } from "./support/plugins_folder.ts";
import { zip, type ZipEntry } from "./support/zip.ts";

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
const SYMLINK = (0o120777 << 16) >>> 0;

/** Archives that are refused, with the code. */
const REFUSED: readonly (readonly [name: string, bytes: Uint8Array, code: ErrorCode])[] = [
  ["no bytes", new Uint8Array(), "package.archive_invalid"],
  ["text", new TextEncoder().encode("not a zip archive"), "package.archive_invalid"],
  ["half an archive", zip(GOOD).slice(0, 60), "package.archive_invalid"],
  ["no entry", zip([]), "package.file_missing"],
  ["no manifest", zip([WASM]), "package.file_missing"],
  ["no module", zip([MANIFEST]), "package.file_missing"],
  [
    "files in a folder",
    zip(GOOD.map((entry) => ({ ...entry, name: `x/${entry.name}` }))),
    "package.file_missing",
  ],
  [
    "a folder in the place of the module",
    zip([MANIFEST, { name: "plugin.wasm/", data: "" }]),
    "package.file_missing",
  ],
  [
    "two entries of one name",
    zip([...GOOD, { ...MANIFEST, data: `{"name":"other"}` }]),
    "package.archive_invalid",
  ],
  [
    "names that differ in letter case",
    zip([...GOOD, { ...MANIFEST, name: "Manifest.json" }]),
    "package.archive_invalid",
  ],
  [
    "names that differ in Unicode form",
    zip([...GOOD, { name: "caf\u00e9", data: "" }, { name: "cafe\u0301", data: "" }]),
    "package.archive_invalid",
  ],
  ["data before it", zip(GOOD, { before: junk }), "package.archive_invalid"],
  ["data after it", zip(GOOD, { after: junk }), "package.archive_invalid"],
  [
    "an archive after an archive",
    new Uint8Array([...zip(GOOD), ...zip(GOOD)]),
    "package.archive_invalid",
  ],
  ["an encrypted entry", zip([MANIFEST, { ...WASM, flags: 1 }]), "package.archive_invalid"],
  [
    "a path out of the archive",
    zip([...GOOD, { name: "../evil", data: "x" }]),
    "package.archive_invalid",
  ],
  [
    "an absolute path",
    zip([...GOOD, { name: "/etc/evil", data: "x" }]),
    "package.archive_invalid",
  ],
  [
    "a path with backslashes",
    zip([...GOOD, { name: "..\\evil", data: "x" }]),
    "package.archive_invalid",
  ],
  [
    "a name with a NUL",
    zip([...GOOD, { name: "plugin.wasm\0.txt", data: "x" }]),
    "package.archive_invalid",
  ],
  [
    "another name in the entry than in the directory",
    zip([MANIFEST, { ...WASM, localName: "other.wasm" }]),
    "package.archive_invalid",
  ],
  ["a wrong checksum", zip([MANIFEST, { ...WASM, statedCrc: 1 }]), "package.archive_invalid"],
  [
    "both files on the same bytes",
    zip([MANIFEST, { ...MANIFEST, name: "plugin.wasm", sameDataAs: 0 }]),
    "package.archive_invalid",
  ],
  [
    "a link in the place of the module",
    zip([
      MANIFEST,
      { name: "plugin.wasm", data: "/etc/passwd", externalAttributes: SYMLINK },
    ]),
    "package.archive_invalid",
  ],
  [
    "fewer entries than are there",
    zip(GOOD, { statedEntries: 1 }),
    "package.archive_invalid",
  ],
  [
    "more entries than are looked at",
    zip([...GOOD, ...Array.from({ length: 1_000 }, (_, i) => ({ name: `f${i}`, data: "" }))]),
    "package.archive_invalid",
  ],
  [
    "a manifest of 2 MiB",
    zip([{ ...MANIFEST, data: new Uint8Array(2 * MIB), deflated: true }, WASM]),
    "package.too_large",
  ],
  [
    "a module of 65 MiB in a few kilobytes",
    zip([MANIFEST, { ...WASM, data: new Uint8Array(65 * MIB) }]),
    "package.too_large",
  ],
  [
    "a module of 65 MiB that states 10 bytes",
    zip([MANIFEST, { ...WASM, data: new Uint8Array(65 * MIB), statedSize: 10 }]),
    "package.archive_invalid",
  ],
];

for (const [name, bytes, code] of REFUSED) {
  Deno.test(`packages: an archive with ${name} is refused as ${code}`, async () => {
    using data = new TestData();
    const path = data.file("a.ndp", bytes);
    await assert.rejects(readPackage(path), { name: "SoundproofError", code });
  });
}

Deno.test("packages: a manifest that is not UTF-8 is refused as manifest.invalid", async () => {
  using data = new TestData();
  const bytes = zip([{ ...MANIFEST, data: new Uint8Array([0x22, 0xff, 0x22]) }, WASM]);
  await assert.rejects(readPackage(data.file("a.ndp", bytes)), { code: "manifest.invalid" });
});
