/** Needs `--allow-run=ln` beside the usual. */

import assert from "node:assert/strict";
import { agentGuest } from "./support/kernel_guest.ts";
import { TestData } from "./support/plugins_folder.ts";

/** Counts what is compiled in this process until its scope ends. */
function compilations(): { count: number } & Disposable {
  const real = WebAssembly.compile;
  const counting = {
    count: 0,
    [Symbol.dispose]: () => void (WebAssembly.compile = real),
  };
  WebAssembly.compile = (...bytes) => {
    counting.count++;
    return real(...bytes);
  };
  return counting;
}

Deno.test("host: links to one folder, and packages of the same module, share what was compiled", async () => {
  using data = new TestData();
  data.folder("", {}, data.beside("dev"));
  for (const id of ["one", "two", "three"]) data.link(id, data.beside("dev"));
  data.archive("packed.ndp");
  data.folder("other", {
    guest: agentGuest({ exports: ["nd_get_artist_mbid"], output: `{"mbid":"o"}` }),
  });
  const ids = ["one", "other", "packed", "three", "two"];
  {
    using compiled = compilations();
    await using host = await data.open();
    for (const id of ids) await host.enable(id);
    assert.equal(compiled.count, 2);
    await host.disable("one");
    await host.enable("one");
    assert.equal(compiled.count, 2);
  }
  // All at once, too: the second does not begin anew while the first is under way.
  using compiled = compilations();
  await using host = await data.open();
  assert.deepEqual(
    host.list().map(({ id, state }) => `${id}: ${state}`),
    ids.map((id) => `${id}: running`),
  );
  assert.equal(compiled.count, 2);
  // What is shared is code alone: each answers for itself.
  for (const id of ids) {
    const answer = await host.plugin(id).call("nd_get_artist_mbid", new Uint8Array());
    assert.equal(new TextDecoder().decode(answer), `{"mbid":"${id === "other" ? "o" : "m"}"}`);
  }
});
