import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { buildCommand, buildPlugin, pluginIds } from "../plugins/build.ts";
import { compileAssemblyScript } from "../plugins/compile.ts";
import { SoundproofError } from "../src/errors.ts";
import { callGuest } from "./guest_kernel.ts";

async function unpack(bytes: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const zip = new ZipReader(new Uint8ArrayReader(bytes));
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const entry of await zip.getEntries()) {
    if (!entry.directory) {
      files.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
    }
  }
  await zip.close();
  return files;
}

async function temporaryFolder(): Promise<string> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  return await Deno.makeTempDir({ dir: "tests/.tmp" });
}

const hello = buildPlugin(new URL("../plugins/hello", import.meta.url));

Deno.test("hello's package answers with the defaults of its own schema", async (t) => {
  const files = await unpack(await hello);
  assert.deepEqual([...files.keys()], ["manifest.json", "plugin.wasm"]);
  const module = new WebAssembly.Module(files.get("plugin.wasm")!);
  const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
  const { artists } = manifest.config.schema.properties;
  const config = { artists: JSON.stringify(artists.default) };
  const ask = (name: string, request: unknown, settings: Record<string, string> = config) =>
    callGuest(module, name, JSON.stringify(request), { config: settings });

  await t.step("it imports only from the Extism kernel and exports what it answers", () => {
    const modules = new Set(WebAssembly.Module.imports(module).map(({ module }) => module));
    assert.deepEqual([...modules], ["extism:host/env"]);
    assert.deepEqual(WebAssembly.Module.exports(module).map(({ name }) => name).sort(), [
      "memory",
      "nd_get_artist_biography",
      "nd_get_artist_mbid",
    ]);
  });

  await t.step("it asks for no permission", () => {
    assert.equal(manifest.permissions, undefined);
  });

  await t.step("it knows each artist of the defaults, whatever the case of the name", () => {
    assert.ok(artists.default.length >= 3);
    for (const { name, biography, mbid } of artists.default) {
      for (const spelling of [name, name.toUpperCase()]) {
        const request = { id: "1", name: spelling };
        assert.deepEqual(JSON.parse(ask("nd_get_artist_biography", request).outputText), {
          biography,
        });
        assert.deepEqual(JSON.parse(ask("nd_get_artist_mbid", request).outputText), { mbid });
      }
      assert.match(mbid, new RegExp(artists.items.properties.mbid.pattern));
    }
  });

  await t.step("an unknown artist, and any without configuration, gives the empty answer", () => {
    for (const settings of [config, {}, { artists: "no JSON" }, { artists: "{}" }]) {
      const { code, outputText, error } = ask("nd_get_artist_mbid", { name: "Nobody" }, settings);
      assert.deepEqual({ code, outputText, error }, { code: 0, outputText: "", error: "" });
    }
  });

  await t.step("a malformed request is a fault with a text, not a trap", () => {
    const { code, error } = callGuest(module, "nd_get_artist_mbid", "{", { config });
    assert.deepEqual({ code, error }, { code: -1, error: "Cannot read JSON: unexpected end" });
  });
});

Deno.test("the command writes packages named by id, the same bytes each time", async () => {
  const out = await temporaryFolder();
  try {
    assert.ok((await pluginIds()).includes("hello"));
    assert.equal(await buildCommand(["hello", "--out", out]), 0);
    assert.deepEqual([...Deno.readDirSync(out)].map(({ name }) => name), ["hello.ndp"]);
    assert.deepEqual(await Deno.readFile(`${out}/hello.ndp`), await hello);
    assert.equal(await buildCommand(["no_such_plugin", "--out", out]), 1);
    await assert.rejects(() => buildCommand(["--no-such-option"]), TypeError);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("sources that do not compile give the compiler's diagnostics with their place", async () => {
  await assert.rejects(
    () => compileAssemblyScript({ "index.ts": 'import "./other";', "other.ts": "let a: i32 = b;" }),
    (thrown) =>
      thrown instanceof SoundproofError && thrown.code === "plugin.build_failed" &&
      /Cannot find name 'b'/.test(thrown.message) && /other\.ts\(1,14\)/.test(thrown.message),
  );
});

Deno.test("a guest without the PDK compiles and imports nothing", async () => {
  const wasm = await compileAssemblyScript(
    { "deep/guest.ts": "export function add(a: i32, b: i32): i32 { return a + b; }" },
    { entry: "deep/guest.ts", optimize: false },
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});
  assert.equal((exports["add"] as (a: number, b: number) => number)(40, 2), 42);
});

Deno.test("the compiler sees nothing but the sources it was given", async () => {
  await assert.rejects(
    () =>
      compileAssemblyScript('import { alloc } from "../plugins/pdk/assembly/kernel"; alloc(1);'),
    /plugins\/pdk\/assembly\/kernel/,
  );
});
