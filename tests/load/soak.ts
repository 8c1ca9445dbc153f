/**
 * Lets a host work for minutes with all examples, reloads and refusals, and says whether anything grew.
 *
 * Prints a row for each rest, what was asked and what came of it, and one line of JSON; ends with 1 where memory, open
 * files, threads or timers grew, where an answer was not what it had to be, or where nothing was delivered. To be run as
 * `deno task soak`; `--seconds=600` and `--rests=40` are the defaults, `--leak=` lets one of `soak_leaks.ts` out.
 *
 * @module
 */

import { ENVIRONMENT } from "../../src/cli/process.ts";
import { type Growth, growths, type Rest } from "../support/soak_judge.ts";
import { compilePackages } from "../support/soak_guests.ts";
import { linesOf } from "../support/lines.ts";

const given = (name: string, otherwise: string) =>
  Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise;
const seconds = given("seconds", "600");
const rested = given("rests", "40");
const leak = given("leak", "");

/** What the process tells of itself at a rest, beside what is read of it. */
interface Told extends Omit<Rest, "handles" | "threads"> {
  readonly atMs: number;
  readonly rss: number;
  readonly cells: number;
  readonly reloads: number;
  readonly logged: number;
  readonly callbacks: number;
  readonly queued: number;
  readonly waiting: number;
  readonly listens: number;
  readonly hooks: number;
  readonly frames: number;
}

interface Done {
  readonly outcomes: Record<string, { expected: number; away: number; unexpected: number }>;
  readonly refusals: Record<string, number>;
  readonly surprises: string[];
}

await compilePackages();
const child = new Deno.Command("deno", {
  args: [
    "run",
    "--no-check",
    "--no-prompt",
    "--v8-flags=--liftoff-only,--expose-gc",
    "--allow-read=.",
    "--allow-write=tests/.tmp",
    "--allow-net",
    "--deny-net=forbidden.example",
    "--allow-run=deno,ln",
    "tests/support/soak_child.ts",
    seconds,
    rested,
    leak,
  ],
  env: { ...ENVIRONMENT },
  stdin: "piped",
  stdout: "piped",
}).spawn();

const probe = new Deno.Command("deno", {
  args: ["run", "-A", "tests/support/kernel_view.ts", `${child.pid}`],
  stdin: "piped",
  stdout: "piped",
}).spawn();
const ask = probe.stdin.getWriter();
const told = linesOf(probe.stdout);

/** Open files and threads of the process, as the kernel counts them. */
async function kernelView(): Promise<Pick<Rest, "handles" | "threads">> {
  await ask.write(new TextEncoder().encode("\n"));
  return JSON.parse((await told.next()).value ?? "{}");
}

const rests: (Told & Rest)[] = [];
let done: Done = { outcomes: {}, refusals: {}, surprises: ["the process ended before its time"] };
const input = child.stdin.getWriter();
print("seconds rounds reloads cells handles threads timers live KB RSS MB busy RSS MB load");
for await (const line of linesOf(child.stdout)) {
  const message = JSON.parse(line) as { sample?: Told; done?: Done };
  if (message.sample !== undefined) {
    rests.push({ ...message.sample, ...await kernelView() });
    row(rests.at(-1));
  }
  if (message.done !== undefined) done = message.done;
  await input.write(new TextEncoder().encode("\n"));
}
const { code } = await child.status;
await ask.close();

const judged = growths(rests);
const reasons = [
  ...judged.filter(({ grows }) => grows).map((growth) => `grows: ${text(growth)}`),
  ...done.surprises,
  ...code === 0 ? [] : [`the process ended with ${code}`],
  ...rests.some(({ cells }) => cells > 0) ? ["cells were alive at rest"] : [],
];
for (const [what, count] of Object.entries(done.outcomes)) {
  print(
    `${what}: ${count.expected} as expected, ${count.away} away, ${count.unexpected} otherwise`,
  );
  if (count.expected === 0) reasons.push(`nothing came of ${what}`);
}
const last = rests.at(-1);
print(
  `${last?.queued} plays queued, ${last?.waiting} wait, ${last?.listens} listens, ${last?.hooks} hooks, ` +
    `${last?.frames} frames, ${last?.callbacks} callbacks; refused: ${
      JSON.stringify(done.refusals)
    }`,
);
for (const growth of judged) print(text(growth));
for (const reason of reasons) print(`NOT HELD: ${reason}`);
print(JSON.stringify({ held: reasons.length === 0, reasons, growths: judged, rests, ...done }));
Deno.exit(reasons.length === 0 ? 0 : 1);

function text({ measure, first, last, trend, bound }: Growth): string {
  const numbers = [first, last, trend, bound].map((value) =>
    Math.round(value).toLocaleString("en")
  );
  const [from, to, by, most] = numbers;
  return `${measure} from ${from} to ${to}, trend ${by}, allowed ${most}`;
}

function row(rest: (Told & Rest) | undefined): void {
  if (rest === undefined) return;
  const { atMs, rounds, reloads, cells, handles, threads, timers, live, rss, busyRss } = rest;
  const numbers = [
    Math.round(atMs / 1_000),
    rounds,
    reloads,
    cells,
    handles,
    threads,
    timers,
    Math.round(live / 1_000),
    Math.round(rss / 1e6),
    Math.round(busyRss / 1e6),
    Deno.loadavg()[0]?.toFixed(1) ?? "",
  ];
  print(numbers.join("  "));
}

function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}
