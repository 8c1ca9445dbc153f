import assert from "node:assert/strict";
import createPlugin, { type Plugin } from "@extism/extism";
import { compileAssemblyScript, readSources } from "../plugins/compile.ts";
import manifest from "../plugins/hello/manifest.json" with { type: "json" };

async function load(folder: string, config: Record<string, string>): Promise<Plugin> {
  const sources = await readSources(new URL(`../${folder}/assembly/`, import.meta.url));
  const module = new WebAssembly.Module(await compileAssemblyScript(sources, { optimize: false }));
  return await createPlugin(module, {
    useWasi: false,
    config,
    // Kernel functions that the Extism SDK for JavaScript 1.0.3 does not have.
    functions: { "extism:host/env": { get_log_level: () => 2, log_trace: () => {} } },
  });
}

Deno.test("hello answers in Extism's own runtime", async () => {
  const artists = manifest.config.schema.properties.artists.default;
  const plugin = await load("plugins/hello", { artists: JSON.stringify(artists) });
  for (const { name, biography, mbid } of artists) {
    const request = JSON.stringify({ id: "1", name });
    const [answer, id] = [
      await plugin.call("nd_get_artist_biography", request),
      await plugin.call("nd_get_artist_mbid", request),
    ];
    assert.deepEqual(answer?.json(), { biography });
    assert.deepEqual(id?.json(), { mbid });
  }
  assert.equal(await plugin.call("nd_get_artist_mbid", '{"name":"Nobody"}'), null);
  await plugin.close();
});

Deno.test("the echo guest behaves in Extism's own runtime", async () => {
  const plugin = await load("tests/guests/echo", { word: "é🎷" });
  for (const text of ["a", "1234567", "12345678", "é🎷".repeat(5000)]) {
    assert.equal((await plugin.call("echo", text))?.text(), text);
  }
  assert.equal((await plugin.call("config_value", "word"))?.text(), "é🎷");
  assert.equal((await plugin.call("log_it", "line"))?.text(), "3");
  const steps = '[["set","a","1"],["get","a"],["get","a"],["remove","a"],["get","a"]]';
  assert.equal((await plugin.call("vars", steps))?.text(), '["1","1",null]');
  await assert.rejects(() => plugin.call("fail", "no luck 🎷"), /no luck 🎷/);
  await plugin.close();
});
