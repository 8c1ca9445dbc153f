/**
 * A process that changes a package and stands still at one step, or changes one for ever, until it is killed.
 *
 *     deno run … package_store_child.ts FOLDER KIND STEP
 *     deno run … package_store_child.ts FOLDER endless
 *
 * @module
 */

import { change, type ChangeKind, StoreBench, versionOf } from "./package_store_bench.ts";

const [root = "", kind = "", stopAt = ""] = Deno.args;
const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const bench = new StoreBench(root);

if (kind === "endless") {
  const store = await bench.open();
  const versions = await Promise.all(["a", "b", "c"].map(versionOf));
  for (let round = 0;; round++) {
    await store.update("p", versions[round % 3] ?? versions[0]!, String(round));
    say(`${round}`);
  }
}

let step = -Infinity;
const store = await bench.open((name) => {
  if (step++ !== Number(stopAt)) return;
  say(name);
  // Nothing of this process goes on: not even what it does in the background.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
step = 0;
await change(store, kind as ChangeKind);
say("done");
