// `plugin new` and `plugin test`, as authors type them, under the launcher's own flags.

import assert from "node:assert/strict";
import {
  grantsOf,
  type LaunchPlan,
  parseCommand,
  permissionFlags,
  placesOf,
} from "../src/cli/mod.ts";
import { readArchive } from "../src/packages/mod.ts";
import { builtPlugin } from "./support/built.ts";
import { runTask } from "./support/launcher.ts";
import { tempDir } from "./support/temp_dir.ts";

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("plugin new makes a plugin under its own name, and never touches what is there", async (t) => {
  using folder = tempDir();
  const path = `${folder.path}/night-owl`;
  await t.step("sources, manifest, README and cases are there", async () => {
    const { code, stdout, stderr } = await runTask("plugin", ["new", path]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /plugin test .*night-owl/);
    assert.deepEqual(names(path), ["README.md", "assembly", "manifest.json", "tests"]);
    assert.equal(JSON.parse(Deno.readTextFileSync(`${path}/manifest.json`)).name, "Night Owl");
    const readme = Deno.readTextFileSync(`${path}/README.md`);
    assert.match(readme, /^# Night Owl\n/);
    assert.match(readme, /plugin test night-owl/);
    assert.doesNotMatch(readme, /my-plugin|My Plugin/);
  });
  await t.step("a folder or a file of that name is left as it is", async () => {
    Deno.writeTextFileSync(`${path}/manifest.json`, "mine");
    Deno.writeTextFileSync(`${folder.path}/taken`, "mine");
    for (const taken of [path, `${folder.path}/taken`]) {
      const { code, stderr } = await runTask("plugin", ["new", taken]);
      assert.equal(code, 1);
      assert.match(stderr, /something is there already \(cli\.path_taken\)/);
    }
    assert.equal(Deno.readTextFileSync(`${path}/manifest.json`), "mine");
    assert.equal(Deno.readTextFileSync(`${folder.path}/taken`), "mine");
  });
  await t.step("a folder that is not there is not made on the way", async () => {
    const { code, stderr } = await runTask("plugin", ["new", `${folder.path}/no/such`]);
    assert.equal(code, 1);
    assert.match(stderr, /\(cli\.file_unwritable\)/);
  });
});

Deno.test("names that make no good plugin id are refused before anything runs", () => {
  for (const name of ["Motto", "../Motto", "a b", "a--b", "-a", "a-", "a.b", "9lives", "ü", ".."]) {
    assert.equal(refusal(["plugin", "new", name]), "usage", name);
  }
  for (const name of ["motto", "../a-b-c2", "x"]) {
    assert.deepEqual(parseCommand(["plugin", "new", name]), {
      kind: "new",
      name,
      data: "data",
      json: false,
    });
  }
});

function refusal(line: string[]): string {
  try {
    parseCommand(line);
    return "none";
  } catch (thrown) {
    return (thrown as { code: string }).code === "cli.usage" ? "usage" : String(thrown);
  }
}

const CASES = {
  cases: [
    {
      name: "a known artist has a biography",
      export: "nd_get_artist_mbid",
      input: { id: "1", name: "Björk" },
      expect: { output: { mbid: "87c5dedd-371d-4a53-9f7f-80522fb7f3cb" } },
    },
    {
      name: "an unknown one has none",
      export: "nd_get_artist_mbid",
      input: { id: "1", name: "Nobody" },
      expect: { output: null },
    },
  ],
};

/** A folder with a package of `hello` without its sources, as an author of Go or Rust has it. */
async function packaged(folder: string, cases: unknown): Promise<string> {
  const path = `${folder}/hello`;
  Deno.mkdirSync(`${path}/tests`, { recursive: true });
  const bytes = await builtPlugin("hello");
  const { manifest, wasm } = await readArchive(bytes);
  Deno.writeTextFileSync(`${path}/manifest.json`, manifest);
  Deno.writeFileSync(`${path}/plugin.wasm`, wasm);
  Deno.writeTextFileSync(`${path}/tests/a.json`, JSON.stringify(cases));
  return path;
}

Deno.test("plugin test says of each case in a line how it came out, and leaves nothing behind", async (t) => {
  using folder = tempDir();
  const path = await packaged(folder.path, CASES);
  await t.step("cases that pass", async () => {
    assert.deepEqual(await runTask("plugin", ["test", path]), {
      code: 0,
      stdout:
        "ok      a known artist has a biography\nok      an unknown one has none\n2 passed, 0 failed\n",
      stderr: "",
    });
    assert.deepEqual(names(path), ["manifest.json", "plugin.wasm", "tests"]);
  });
  await t.step("a case that fails is exit code 1, and one sentence", async () => {
    const [first, second] = CASES.cases;
    const cases = [first, { ...second, expect: { output: { mbid: "" } } }];
    Deno.writeTextFileSync(`${path}/tests/a.json`, JSON.stringify({ cases }));
    const { code, stdout } = await runTask("plugin", ["test", path]);
    assert.deepEqual([code, stdout.split("\n").slice(1)], [1, [
      'FAILED  an unknown one has none: wanted output {"mbid":""}, got none',
      "1 passed, 1 failed",
      "",
    ]]);
    const json = await runTask("plugin", ["test", path, "--json"]);
    assert.equal(json.code, 1);
    const { passed, failed, cases: [, { file, faults }] } = JSON.parse(json.stdout);
    assert.deepEqual([passed, failed, file, faults.length], [1, 1, "tests/a.json", 1]);
    assert.deepEqual(names(path), ["manifest.json", "plugin.wasm", "tests"]);
  });
  await t.step("cases with a mistake are refused with its place", async () => {
    const cases = [{ ...CASES.cases[0], expects: {} }];
    Deno.writeTextFileSync(`${path}/tests/a.json`, JSON.stringify({ cases }));
    const { code, stderr } = await runTask("plugin", ["test", path]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\(cli\.cases_invalid\)\n {2}\$\.cases\.0\.expects: found it, want no such field/,
    );
  });
  await t.step("no cases at all is a fault, not a success", async () => {
    Deno.removeSync(`${path}/tests/a.json`);
    const { code, stderr } = await runTask("plugin", ["test", path]);
    assert.equal(code, 1);
    assert.match(stderr, /no cases in /);
  });
});

Deno.test("plugin test tells the compiler's diagnostics where the sources do not compile", async () => {
  using folder = tempDir();
  const path = `${folder.path}/broken`;
  assert.equal((await runTask("plugin", ["new", path])).code, 0);
  Deno.writeTextFileSync(`${path}/assembly/index.ts`, "export function a(): i32 { return b; }");
  const { code, stderr } = await runTask("plugin", ["test", path]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot find name 'b'[^]*index\.ts\(1,35\)[^]*\(plugin\.build_failed\)/);
});

/** The plan of a command line typed in `/home/me`, with the code in `/opt/soundproof`. */
function flags(line: string, facts: Partial<LaunchPlan>): string[] {
  const command = parseCommand(line.split(" "));
  return permissionFlags(grantsOf({
    command,
    places: placesOf({ data: "data", json: false }, "/home/me", {}),
    source: ["/opt/soundproof/src"],
    linkTargets: [],
    realPaths: [],
    pluginsDirExists: true,
    localAddresses: [],
    musicServer: { read: [], write: [], env: [], addresses: [] },
    named: [],
    written: [],
    ...facts,
  }));
}

Deno.test("authors' commands may write one folder, and reach no network", () => {
  assert.deepEqual(
    flags("plugin new motto", { named: ["/opt/soundproof/t"], written: ["/home/me/motto"] }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/opt/soundproof/t,/home/me/motto",
      "--allow-write=/home/me/motto",
      "--deny-import",
    ],
  );
  assert.deepEqual(
    flags("plugin test motto", { named: ["/home/me/motto"], written: ["/home/me/motto/.test"] }),
    [
      "--no-prompt",
      "--allow-read=/opt/soundproof/src,/home/me/motto",
      "--allow-write=/home/me/motto/.test",
      "--deny-import",
    ],
  );
  assert.throws(
    () => flags("plugin new motto", { written: ["/opt/soundproof/src/motto"] }),
    { code: "cli.path_unusable" },
  );
});
