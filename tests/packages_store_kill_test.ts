/** Needs `--allow-run=deno` beside the usual. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { kill } from "./support/kill.ts";
import {
  change,
  type ChangeKind,
  hashOf,
  type PluginState,
  prepare,
  StoreBench,
  versionOf,
} from "./support/package_store_bench.ts";
import { randomOf } from "./support/random.ts";
import { tempDir } from "./support/temp_dir.ts";

const KINDS: readonly ChangeKind[] = ["install", "update", "rollback", "remove"];
const mayRun = Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";

/** Runs a child until it prints a line for which `enough` holds, then kills it. @returns Its last whole line. */
async function killed(args: string[], enough: (line: string) => boolean): Promise<string> {
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-read",
      "--allow-write=tests/.tmp",
      "tests/support/package_store_child.ts",
      ...args,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (enough(text.split("\n").at(-2) ?? "")) kill(child, "SIGKILL");
  }
  await child.status;
  return text.split("\n").at(-2) ?? "";
}

/** The states before and after a change, which are the only ones allowed. */
async function statesAround(kind: ChangeKind): Promise<[before: PluginState, after: PluginState]> {
  using temp = tempDir();
  const bench = new StoreBench(temp.path);
  await prepare(bench, kind);
  const before = await bench.state("p");
  await change(await bench.open(), kind);
  return [before, await bench.state("p")];
}

for (const kind of KINDS) {
  Deno.test({
    name:
      `packages: a process killed at any step of ${kind} leaves the old or the new version, and its record`,
    ignore: !mayRun,
    async fn() {
      const allowed = await statesAround(kind);
      const seen = [0, 0];
      const steps: string[] = [];
      const round = async (index: number) => {
        using temp = tempDir();
        const bench = new StoreBench(temp.path);
        await prepare(bench, kind);
        const step = await killed([temp.path, kind, `${index}`], (line) => line !== "");
        steps[index] = step;
        if (step === "done") return;
        // Before anybody recovers it, too, what lies in the folder is one of the two, whole.
        const packages = allowed.map((state) => state.package);
        assert.ok(packages.includes((await bench.state("p")).package), step);
        await bench.open();
        const state = await bench.state("p");
        const which = allowed.findIndex((one) => JSON.stringify(one) === JSON.stringify(state));
        assert.notEqual(which, -1, `${step}: ${JSON.stringify(state)}`);
        seen[which]!++;
        assert.deepEqual(bench.leftovers(), [], step);
      };
      for (let index = 0; steps.at(-1) !== "done"; index += 2) {
        await Promise.all([round(index), round(index + 1)]);
      }
      // Otherwise the steps would not have been those of a change.
      assert.ok(seen[0]! >= 2 && seen[1]! >= 2, `${seen}: ${steps}`);
      assert.ok(steps.includes("after the commit"), `${steps}`);
    },
  });
}

Deno.test({
  name:
    "packages: a process killed at any time while it updates leaves one version, and its record",
  ignore: !mayRun,
  async fn() {
    const random = randomOf(11);
    const versions = await Promise.all(["a", "b", "c"].map(versionOf));
    const hashes = await Promise.all(versions.map(hashOf));
    for (let round = 0; round < 4; round++) {
      using temp = tempDir();
      const bench = new StoreBench(temp.path);
      await (await bench.open()).install("p", versions[0]!, "");
      const after = 1 + random(40);
      const last = Number(await killed([temp.path, "endless"], (line) => Number(line) >= after));
      assert.ok(last >= after);
      const store = await bench.open();
      const state = await bench.state("p");
      assert.equal(state.record, state.package);
      // What was acknowledged is there, or what came after it.
      assert.ok(
        [last, last + 1, last + 2].some((at) => hashes[at % 3] === state.package),
        `${last}: ${JSON.stringify(state)}`,
      );
      assert.deepEqual(bench.leftovers(), []);
      await store.rollback("p", "");
      assert.equal((await bench.state("p")).package, state.previous);
    }
  },
});

/** Lets something go on until its step of this number, from 0, as a kill would. @returns Whether it came so far. */
async function stopped(
  at: number,
  act: (step: () => void | Promise<void>) => Promise<unknown>,
): Promise<boolean> {
  let step = 0;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const done = act(() => {
    if (step++ !== at) return;
    resolve(true);
    return new Promise<void>(() => {});
  });
  return await Promise.race([promise, done.then(() => false)]);
}

for (const kind of KINDS) {
  Deno.test(`packages: a second crash, while the first one of ${kind} is recovered from, leaves the old or the new version`, async () => {
    const allowed = (await statesAround(kind)).map((state) => JSON.stringify(state));
    let rounds = 0;
    for (let [first, wentOn] = [0, true]; wentOn; first++) {
      for (let [second, again] = [0, true]; wentOn && again; second++) {
        using temp = tempDir();
        const bench = new StoreBench(temp.path);
        await prepare(bench, kind);
        wentOn = await stopped(first, async (step) => change(await bench.open(step), kind));
        again = await stopped(second, (step) => bench.open(step));
        await bench.open();
        const state = JSON.stringify(await bench.state("p"));
        assert.ok(allowed.includes(state), `${first}, ${second}: ${state}`);
        assert.deepEqual(bench.leftovers(), []);
        rounds++;
      }
    }
    assert.ok(rounds > 20, `${rounds}`);
  });
}

Deno.test("packages: without the journal, a crash between the package and its record would show", async () => {
  const allowed = (await statesAround("update")).map((state) => JSON.stringify(state));
  let torn = 0;
  for (let at = 0;; at++) {
    using temp = tempDir();
    const bench = new StoreBench(temp.path);
    await prepare(bench, "update");
    const wentOn = await stopped(at, async (step) => change(await bench.open(step), "update"));
    if (!wentOn) break;
    try {
      Deno.removeSync(join(bench.stateDir, "journal.json"));
    } catch { /* there was none yet, or none any more */ }
    await bench.open();
    if (!allowed.includes(JSON.stringify(await bench.state("p")))) torn++;
  }
  assert.ok(torn > 0);
});
