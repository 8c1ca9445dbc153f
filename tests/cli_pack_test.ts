import assert from "node:assert/strict";
import { runTask } from "./support/launcher.ts";
import { TestData } from "./support/plugins_folder.ts";

Deno.test("pack makes the same package of the same folder, which is sound", async () => {
  using data = new TestData();
  const folder = data.folder("sample", {}, data.beside("sample"));
  const [first, second] = [data.beside("first.ndp"), data.beside("second.ndp")];
  const { code, stdout, stderr } = await runTask("plugin", ["pack", folder, "--out", first]);
  assert.equal(code, 0, stderr);
  const [path, facts = ""] = stdout.trimEnd().split("\n");
  assert.equal(path, first);
  assert.match(facts, /^[0-9a-f]{64} {2}\d+ bytes$/);
  const json = await runTask("plugin", ["pack", folder, "--out", second, "--json"]);
  assert.deepEqual(JSON.parse(json.stdout), {
    path: second,
    bytes: Deno.statSync(second).size,
    sha256: facts.slice(0, 64),
  });
  assert.deepEqual(Deno.readFileSync(first), Deno.readFileSync(second));
  const sound = await runTask("plugin", ["validate", second]);
  assert.deepEqual([sound.code, sound.stdout], [0, "Test 1.0.0 is sound\n"]);
  const again = await runTask("plugin", ["pack", folder, "--out", first]);
  assert.equal(again.code, 0, "one of the same name is replaced");
  assert.deepEqual(
    Array.from(Deno.readDirSync(data.beside(".")), ({ name }) => name).sort(),
    ["first.ndp", "sample", "second.ndp"],
  );
});

/** Folders and places that pack refuses. SAMPLE is a good folder. */
const REFUSED: readonly [string, (data: TestData) => string[], RegExp][] = [
  [
    "a folder without a module",
    (data) => {
      Deno.mkdirSync(data.beside("empty"), { recursive: true });
      Deno.writeTextFileSync(`${data.beside("empty")}/manifest.json`, "{}");
      return [data.beside("empty"), "--out", data.beside("x.ndp")];
    },
    /missing plugin\.wasm \(package\.file_missing\)/,
  ],
  [
    "a package that is not sound",
    (
      data,
    ) => [
      data.folder("bad", { manifest: {} }, data.beside("bad")),
      "--out",
      data.beside("x.ndp"),
    ],
    /\(manifest\.invalid\)/,
  ],
  [
    "a place that cannot be written to",
    (data) => [data.folder("a", {}, data.beside("a")), "--out", data.beside("none/x.ndp")],
    /Cannot write ".*none\/x\.ndp": .*\(cli\.file_unwritable\)/,
  ],
  [
    "a place among Soundproof's own code",
    (data) => [data.folder("a", {}, data.beside("a")), "--out", "src/x.ndp"],
    /lies in Soundproof's own code/,
  ],
];
for (const [name, line, wanted] of REFUSED) {
  Deno.test(`pack refuses ${name} and leaves nothing behind`, async () => {
    using data = new TestData();
    const { code, stdout, stderr } = await runTask("plugin", ["pack", ...line(data)]);
    assert.match(stderr, wanted);
    assert.deepEqual([code, stdout], [1, ""]);
    for (const { name } of Deno.readDirSync(data.beside("."))) assert.doesNotMatch(name, /ndp/);
  });
}
