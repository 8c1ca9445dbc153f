/**
 * A program that changes packages in a folder of another file system than that of the data folder.
 *
 *     deno run --allow-all … package_store_elsewhere.ts DATA ELSEWHERE
 *
 * @module
 */

import assert from "node:assert/strict";
import { hashOf, StoreBench, versionOf } from "./package_store_bench.ts";

const [root = "", elsewhere = ""] = Deno.args;
const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

function isOther(): boolean {
  try {
    return Deno.statSync(elsewhere).dev !== Deno.statSync(root).dev;
  } catch {
    return false;
  }
}

if (!isOther()) say("no other file system");
else {
  const pluginsDir = Deno.makeTempDirSync({ dir: elsewhere });
  try {
    const [a, b] = await Promise.all([versionOf("a"), versionOf("b")]);
    const bench = new StoreBench(root, pluginsDir);
    const store = await bench.open();
    await store.install("p", a, "");
    await store.update("p", b, "");
    await store.rollback("p", "");
    assert.deepEqual(await bench.state("p"), {
      package: await hashOf(a),
      previous: await hashOf(b),
      record: await hashOf(a),
    });
    Deno.mkdirSync(bench.entry("folder/deep"), { recursive: true });
    await store.remove("folder", "");
    await store.remove("p", "");
    assert.deepEqual([...Deno.readDirSync(pluginsDir)], []);
    say("done");
  } finally {
    Deno.removeSync(pluginsDir, { recursive: true });
  }
}
