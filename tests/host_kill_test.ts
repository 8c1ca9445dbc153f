/**
 * A process that is killed at any step of a change, seen through a whole host: package, record, grant and answer are
 * all the old ones or all the new ones. Needs `--allow-run=deno` beside the usual; `-- --every-step` kills at each.
 */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { type HostState, packageOn, stateOf, writePackages } from "./support/host_kill_bench.ts";
import { type Act, type Change, CHANGES, install, update } from "./support/host_kill_changes.ts";
import { kill } from "./support/kill.ts";
import { linesOf } from "./support/lines.ts";
import { StoreBench } from "./support/package_store_bench.ts";
import { TestData } from "./support/plugins_folder.ts";
import { measured } from "./support/promises.ts";
import { copyTree } from "./support/temp_dir.ts";

const EVERY_STEP = Deno.args.includes("--every-step");
const mayRun = Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";

/**
 * Runs a child to a step, and kills it there.
 *
 * @param at Number or name of the step.
 * @returns The steps it came to; the last is "done" where it ended.
 */
async function killed({ path }: TestData, change: string, at: number | string): Promise<string[]> {
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--no-prompt", "--no-check", "--v8-flags=--liftoff-only"],
      ...["--allow-read", "--allow-write=tests/.tmp", "tests/support/host_kill_child.ts"],
      ...[path, change, String(at)],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const steps: string[] = [];
  for await (const line of linesOf(child.stdout)) {
    const isThere = line === at || steps.length === at;
    steps.push(line);
    if (isThere && line !== "done") kill(child, "SIGKILL");
  }
  const { signal, code } = await child.status;
  const isAsMeant = steps.at(-1) === "done" ? code === 0 : signal === "SIGKILL";
  assert.ok(isAsMeant, `${signal ?? code} after ${steps}`);
  return steps;
}

/** A change from a folder that is prepared, which is copied for each process that is to be killed. */
class Scene implements Disposable {
  readonly name: string;
  readonly #change: Change;
  readonly #template = new TestData();
  #states: [before: HostState, after: HostState] | undefined;

  constructor(name: string, change: Change) {
    this.name = name;
    this.#change = change;
  }

  /** Makes the folder, and the two states that are allowed: by the change undisturbed. */
  async prepare(): Promise<void> {
    writePackages(this.#template.path);
    await this.#use(this.#template, this.#change.prepare);
    using data = this.#copy();
    const before = await this.#use(data, async () => {});
    const after = await this.#use(data, this.#change.carryOut);
    assert.deepEqual([before.answer, after.answer], this.#change.answers);
    assert.deepEqual(await this.#use(data, async () => {}), after, "the same after a restart");
    this.#states = [before, after];
  }

  /** The steps of the change, or of opening a host after it was killed at one of them. */
  async steps(first?: number): Promise<string[]> {
    using data = this.#copy();
    if (first !== undefined) await killed(data, this.name, first);
    const change = first === undefined ? this.name : "open";
    return (await killed(data, change, Infinity)).slice(0, -1);
  }

  /**
   * Kills a process at a step of the change, another at a step of recovering from it, and looks.
   *
   * @returns Which of the two states was left: 0 or 1.
   */
  async round(first: number, second?: number | string): Promise<number> {
    const [before, after] = this.#states!;
    using data = this.#copy();
    const step = (await killed(data, this.name, first)).at(-1) ?? "";
    const what = [step];
    if (second !== undefined) what.push((await killed(data, "open", second)).at(-1) ?? "");
    if (typeof second === "string") assert.equal(what[1], second);
    // Before anybody recovers it, too, what lies in the folder is one of the two, whole.
    assert.ok([before.package, after.package].includes(await packageOn(data.path)), `${what}`);

    await using host = await data.open();
    const state = await stateOf(host, data.path);
    const which = [before, after].findIndex((one) => isDeepStrictEqual(one, state));
    if (which === -1) assert.deepEqual(state, after, `neither, killed at: ${what}`);
    if (/^answered|^done/.test(step)) assert.equal(which, 1, `${what}`);
    assert.deepEqual(leftovers(data), [], `${what}`);

    // What was not done can be done; after what was, there can be more.
    if (which === 0) {
      await this.#change.carryOut(host, data.path);
      assert.deepEqual(await stateOf(host, data.path), after, `done again, killed at: ${what}`);
    } else {
      await (after.package === undefined ? install : update)("3")(host, data.path);
      const { answer, shown } = await stateOf(host, data.path);
      const wanted = after.record?.enabled ? "3" : "plugin.not_running";
      assert.deepEqual([shown?.version, answer], ["3", wanted], `${what}`);
    }
    assert.deepEqual(leftovers(data), [], `${what}`);
    return which;
  }

  [Symbol.dispose](): void {
    this.#template[Symbol.dispose]();
  }

  async #use(data: TestData, act: Act): Promise<HostState> {
    await using host = await data.open();
    await act(host, data.path);
    return await stateOf(host, data.path);
  }

  #copy(): TestData {
    const data = new TestData();
    copyTree(this.#template.beside(""), data.beside(""));
    return data;
  }
}

for (const [name, change] of Object.entries(CHANGES)) {
  Deno.test({
    name:
      `kill: a host that is killed at any step of ${name}, and at any of recovering from that, is the old one or the new one`,
    ignore: !mayRun,
    async fn() {
      using scene = new Scene(name, change);
      await scene.prepare();
      const steps = await scene.steps();
      const stepOf = (start: string) => steps.findIndex((step) => step.startsWith(start));
      const [decision, end] = [stepOf("rename journal.json"), stepOf("remove journal.json")];
      assert.ok(0 < decision && decision < end, `${steps}`);
      const all = [...steps.keys()];
      // The steps at which old and new lie side by side, and one before them.
      const few = [Math.floor(decision / 2), ...all.slice(decision, end + 1)];
      const once = await twoAtOnce(EVERY_STEP ? all : few, (at) => scene.round(at));
      assert.equal(new Set(once).size, 2, "some were killed before the decision, some after it");
      measured(`${steps.length} steps, killed once: ${counted(once)}`);

      // From the decision on a change is finished, whatever happens: by the same steps.
      const twice: number[] = [];
      for (const first of EVERY_STEP ? all : [decision + 2]) {
        const seconds: readonly (number | string)[] = EVERY_STEP
          ? spread((await scene.steps(first)).length, 4)
          : [steps[first + 1] ?? ""];
        const left = await twoAtOnce(seconds, (second) => scene.round(first, second));
        if (first > decision) assert.ok(!left.includes(0), `${steps[first]}`);
        twice.push(...left);
      }
      measured(`killed twice: ${counted(twice)}`);
    },
  });
}

function counted(states: readonly number[]): string {
  const fresh = states.filter((which) => which === 1).length;
  return `${states.length - fresh} old, ${fresh} new`;
}

/** So many of the whole numbers below `length`, as far from each other as can be; all, if there are no more. */
function spread(length: number, count: number): number[] {
  const all = Array.from({ length: Math.min(length, count) }, (_, at) => at);
  return all.map((at) => Math.floor((at + 0.5) * length / all.length));
}

/** Does something with each value, and gives what it came to in no order. */
async function twoAtOnce<T, Result>(
  values: readonly T[],
  act: (value: T) => Promise<Result>,
): Promise<Result[]> {
  const left = values.values();
  const results: Result[] = [];
  const one = async () => {
    for (const value of left) results.push(await act(value));
  };
  await Promise.all([one(), one()]);
  return results;
}

/** Files of the store's work that are there now. */
function leftovers({ path }: TestData): string[] {
  return new StoreBench(path).leftovers();
}
