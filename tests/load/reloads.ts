/**
 * Reloads ten plugins again and again, in every way there is, while all of them are called all the time. Prints what it
 * measured, and one line of JSON: what was not as it has to be, of the answers and of what is there when nothing runs.
 *
 * Ends with 1 where there is any. To be run as `deno task reloads`; `--reloads=100` times each is the default.
 *
 * @module
 */

import { join } from "node:path";
import { linesOf } from "../support/lines.ts";
import { becomesTrue } from "../support/promises.ts";
import { ReloadedPlugins, WAYS } from "../support/reloaded_plugins.ts";
import { pendingTimers } from "../support/soak_timers.ts";

const PLUGINS = 10;
const CALLERS = 3;
/** An idle cell ends after this. Milliseconds. */
const IDLE_MS = 300;
/** Most that it may take until all has come to rest. Milliseconds. */
const REST_MS = 20_000;

/**
 * What may come on top of what was there after the warm-up: a cache that has entries has a timer, and threads that read
 * files stay for a while.
 */
const MORE = { workers: 0, threads: 12, files: 3, timers: PLUGINS, live: 3_000_000 };
type Rest = Record<keyof typeof MORE, number>;

const reloads = Number(/^--reloads=(\d+)$/.exec(Deno.args[0] ?? "")?.[1] ?? 100);
/** Each ends with a rest; the first is the warm-up. */
const rounds = Math.min(10, reloads / 2);
const collect = (globalThis as { gc?: () => void }).gc;

const probe = new Deno.Command("deno", {
  args: ["run", "-A", "tests/support/kernel_view.ts", `${Deno.pid}`],
  stdin: "piped",
  stdout: "piped",
}).spawn();
const ask = probe.stdin.getWriter();
const told = linesOf(probe.stdout);

const startedAt = performance.now();
const ways = new Map<string, number>();
const rests: Rest[] = [];
await using place = await ReloadedPlugins.open(PLUGINS, IDLE_MS);
const { host, witness } = place;
const plugins = [...place.plugins.values()];

for (let round = 0; round < rounds; round++) {
  const stop = new AbortController();
  const callers = plugins.flatMap(({ called }) =>
    Array.from(
      { length: CALLERS },
      (_, who) => called.callOn(`caller ${who} of round ${round}`, who === 0, stop.signal),
    )
  );
  await Promise.all(plugins.map(async (plugin, index) => {
    for (let turn = 1; turn < reloads / rounds; turn++) {
      const way = WAYS[(index + plugin.reloads) % WAYS.length] ?? "refresh";
      await plugin.reload(way);
      count(way);
    }
  }));
  await place.meetWatch();
  count("watch", PLUGINS);
  stop.abort();
  await Promise.all(callers);
  rests.push(await rest());
}

const [first, last] = [rests[0], rests.at(-1)];
const faults = [...witness.surprises];
for (const measure of Object.keys(MORE) as (keyof typeof MORE)[]) {
  const grown = (last?.[measure] ?? 0) - (first?.[measure] ?? 0);
  print(`${measure}: ${rests.map((rest) => rest[measure].toLocaleString("en")).join(" ")}`);
  if (grown > MORE[measure]) faults.push(`${measure} has grown by ${grown}`);
}
for (const { id, called, reloads } of plugins) {
  // It was loaded when it was enabled, and when it was updated at first.
  if (called.loads !== reloads + 2) faults.push(`${id} was loaded ${called.loads} times`);
}
const left = [
  ...Deno.readDirSync(join(place.data.path, "packages")),
  ...Deno.readDirSync(place.data.entry("")),
].map(({ name }) => name).filter((name) => !/^previous$|^p\d\.ndp$/.test(name));
if (left.length > 0) faults.push(`left in the folders of packages: ${left.join(", ")}`);

const seconds = (performance.now() - startedAt) / 1_000;
const tasks = (fate: "once" | "again" | "never") =>
  plugins.reduce((all, { called }) => all + called.tasks[fate], 0);
const ran = `tasks: ${tasks("once")} ran once, ${tasks("again")} again, ${tasks("never")} never`;
if (tasks("again") + tasks("never") > 0) faults.push(ran);
const { before, after, either, steady, away } = witness.counts;
print(`${[...ways].map(([way, times]) => `${way} ${times}`).join(", ")}; ${seconds.toFixed(0)} s`);
print(
  `${witness.calls} calls: ${steady} beside a reload, ${before} by the old, ${after} by the new, ${either} by one of two ` +
    `that say the same; ${away} told that the plugin was ended`,
);
print(
  `a call: median ${witness.quantile(0.5)} ms, p99 ${witness.quantile(0.99)} ms, ` +
    `max ${witness.quantile(1)} ms; ${ran}`,
);
for (const fault of faults) print(`NOT HELD: ${fault}`);
print(JSON.stringify({ faults, rests, ways: Object.fromEntries(ways), ...witness.counts }));
await ask.close();
if (faults.length > 0) Deno.exitCode = 1;

/** Waits until nothing runs, and tells what is there then. */
async function rest(): Promise<Rest> {
  const isAtRest = () =>
    host.list().every(({ cells }) => cells === 0) &&
    plugins.every(({ called }) => called.tasks.never === 0);
  if (!await becomesTrue(isAtRest, REST_MS)) witness.surprise("it does not come to rest");
  for (let i = 0; i < 3; i++) {
    collect?.();
    await new Promise((done) => setTimeout(done, 20)); // finalisers run between
  }
  await ask.write(new TextEncoder().encode("\n"));
  const { handles: files, ...kernel } = JSON.parse((await told.next()).value ?? "{}");
  const { heapUsed, external } = Deno.memoryUsage();
  return {
    ...kernel,
    files,
    timers: pendingTimers() + place.clock.waiting,
    live: heapUsed + external,
  };
}

function count(way: string, times = 1): void {
  ways.set(way, (ways.get(way) ?? 0) + times);
}

function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}
