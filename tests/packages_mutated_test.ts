import assert from "node:assert/strict";
import { SoundproofError } from "../src/errors.ts";
import { parseManifest } from "../src/manifest/mod.ts";
import { packFiles, readArchive } from "../src/packages/mod.ts";
import { randomOf } from "./support/random.ts";
import { zip } from "./support/zip.ts";

/** `deno test … -- --mutants=1000000` for a long run. */
const MUTANTS = Number(/^--mutants=(\d+)$/.exec(Deno.args.join(" "))?.[1] ?? 10_000);
const MIB = 1024 * 1024;

const manifest = JSON.stringify({
  name: "n",
  author: "a",
  version: "1",
  permissions: { http: { requiredHosts: ["a.example"], reason: "pictures" }, cache: {} },
  config: { schema: { type: "object", properties: { a: { type: "string" } } } },
});
const wasm = new Uint8Array(2_000).map((_, index) => index % 7 === 0 ? index : 0);

const SEEDS: readonly Uint8Array<ArrayBuffer>[] = [
  await packFiles(manifest, wasm),
  zip([
    { name: "assets/", data: "" },
    { name: "plugin.wasm", data: wasm, deflated: true },
    { name: "manifest.json", data: manifest, deflated: true },
  ]),
  zip([{ name: "manifest.json", data: manifest }, { name: "plugin.wasm", data: wasm }], {
    comment: "words",
  }),
];

/** A copy of an archive with a few bytes set, flipped, cut out, doubled or moved. */
function mutant(seed: Uint8Array, random: (below: number) => number): Uint8Array<ArrayBuffer> {
  let bytes = seed.slice();
  for (let count = 1 + random(4); count > 0; count--) {
    // The headers are at both ends: what lies between is hit less often.
    const near = random(3);
    const span = near === 2 ? bytes.length : Math.min(bytes.length, 160);
    const at = near === 1 ? bytes.length - 1 - random(span) : random(span);
    const length = 1 + random(8);
    const kind = random(6);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2) bytes.fill([0, 0xff, 0x7f][random(3)] ?? 0, at, at + length);
    else if (kind === 3) bytes.copyWithin(at, random(bytes.length), random(bytes.length) + length);
    else {
      const rest = bytes.subarray(kind === 4 ? at + length : Math.max(0, at - length));
      const joined = new Uint8Array(at + rest.length);
      joined.set(bytes.subarray(0, at));
      joined.set(rest, at);
      bytes = joined;
    }
  }
  return bytes;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test(`packages: ${MUTANTS} mutated archives and manifests are read or refused, within bounds`, async () => {
  const random = randomOf(5);
  const codes = new Map<string, number>();
  const memory = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  let before = memory();
  let most = 0;
  for (let index = 0; index < MUTANTS; index++) {
    // Every fourth has a sound archive around a mutated manifest, which a checksum would catch.
    const bytes = index % 4 === 3
      ? await packFiles(text(mutant(new TextEncoder().encode(manifest), random)), wasm)
      : mutant(SEEDS[index % SEEDS.length] ?? wasm, random);
    let outcome = "read";
    try {
      const content = await readArchive(bytes);
      assert.ok(content.wasm.byteLength < MIB);
      parseManifest(content.manifest, { extism: true });
    } catch (thrown) {
      if (!(thrown instanceof SoundproofError)) throw thrown;
      outcome = thrown.code;
    }
    codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    const after = memory();
    most = Math.max(most, after - before);
    before = after;
  }
  // What the next collection would free is counted too: no archive of 3 kB brings more than this.
  assert.ok(most < 16 * MIB, `${most} bytes of memory for one archive`);
  // Mutants that all fail at the first byte would show nothing.
  for (
    const outcome of [
      "read",
      "manifest.invalid",
      "package.archive_invalid",
      "package.encrypted",
      "package.file_missing",
      "package.name_refused",
    ]
  ) {
    assert.ok((codes.get(outcome) ?? 0) > 0, `${outcome} in ${JSON.stringify([...codes])}`);
  }
});
