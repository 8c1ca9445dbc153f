/**
 * `deno task test:security`: the tests that try what must not be possible, one line a promise with the number of
 * cases it was tried on.
 *
 * A promise is a test of one of the {@link FILES}, or all tests of one loop whose sentences begin alike; its cases are
 * its steps, or the number that its name ends with (`… [250 cases]`), or the test itself. Runs under the very flags of `deno task test`. Ends with 1 if a promise is broken.
 *
 * @module
 */

/** Names of the test files that hold promises. */
export const FILES =
  /^(?:(?:api|cell|egress|grants|network|packages|scrobble|services_files)\w*|cli_(?:flags|permissions)|host_(?:kill|reload)|manifest_hostile|service_(?:faults|listen))_test\.ts$/;

/** After so long the tests are ended, and every promise that has no result yet is broken with them. Milliseconds. */
const LIMIT_MS = 10 * 60_000;

/** One promise, as the tests found it. */
export interface Promised {
  readonly file: string;
  readonly sentence: string;
  readonly cases: number;
  readonly state: "kept" | "broken" | "not tried";
}

/** A test or a step of one, as the report has it. */
interface Reported {
  readonly file: string;
  readonly name: string;
  /** Where it is written: tests of a loop share their place. */
  readonly place: string;
  readonly state: Promised["state"];
}

/** Reads the promises from a report in JUnit's XML, as `deno test --junit-path` writes it. */
export function readReport(xml: string): Promised[] {
  return [...xml.matchAll(/<testsuite ([^>]*)>(.*?)<\/testsuite>/gs)].flatMap(
    ([, attributes = "", content = ""]) => {
      const file = attribute(attributes, "name").replace(/^.*\//, "");
      return folded(promisesOf(readCases(file, content)));
    },
  );
}

function readCases(file: string, xml: string): Reported[] {
  const cases = xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs);
  return [...cases].map(([, attributes = "", content = ""]) => ({
    file,
    name: attribute(attributes, "name"),
    place: ["classname", "line", "col"].map((name) => attribute(attributes, name)).join(":"),
    state: /<(?:failure|error)\b/.test(content)
      ? "broken"
      : content.includes("<skipped")
      ? "not tried"
      : "kept",
  }));
}

function attribute(attributes: string, name: string): string {
  return unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

/** The tests of one file with their steps counted, each beside its place. */
function promisesOf(tests: readonly Reported[]): (Promised & { readonly place: string })[] {
  const isStepOf = (step: Reported, test: Reported) => step.name.startsWith(`${test.name} > `);
  return tests.filter((test) => !tests.some((other) => isStepOf(test, other))).map((test) => {
    const steps = tests.filter((other) => isStepOf(other, test));
    const leaves = steps.filter((step) => !steps.some((other) => isStepOf(other, step)));
    const counted = / \[(\d+) cases\]$/.exec(test.name);
    return {
      file: test.file,
      sentence: counted === null ? test.name : test.name.slice(0, counted.index),
      cases: counted === null ? Math.max(1, leaves.length) : Number(counted[1]),
      state: steps.some(({ state }) => state === "broken") ? "broken" : test.state,
      place: counted === null ? test.place : `${test.place} ${test.name}`,
    };
  });
}

/** Makes one promise of the tests of a loop whose sentences begin alike. */
function folded(all: readonly (Promised & { readonly place: string })[]): Promised[] {
  return [...Map.groupBy(all, ({ place }) => place).values()].flatMap((group) => {
    const plain = group.map(({ file, sentence, cases, state }) => ({
      file,
      sentence,
      cases,
      state,
    }));
    const start = commonStart(plain.map(({ sentence }) => sentence));
    const [first] = plain;
    if (first === undefined || plain.length === 1 || start.length < 12) return plain;
    const states = plain.map(({ state }) => state);
    return [{
      file: first.file,
      sentence: `${start} …`,
      cases: plain.reduce((total, { cases }) => total + cases, 0),
      state: states.find((state) => state === "broken") ??
        states.find((state) => state === "not tried") ?? "kept",
    }];
  });
}

/** The whole words that all texts begin with. */
function commonStart(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  if (length === first.length) return first;
  return first.slice(0, first.lastIndexOf(" ", length) + 1).replace(/[\s:,"(]+$/, "");
}

function unescape(text: string): string {
  const named: Record<string, string> = { amp: "&", apos: "'", gt: ">", lt: "<", quot: '"' };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16));
  });
}

/** The report as people read it. */
export function tell(promises: readonly Promised[]): string {
  const lines: string[] = [];
  for (const file of [...new Set(promises.map((promised) => promised.file))].sort()) {
    lines.push("", file.replace(/_test\.ts$/, "").replaceAll("_", " "));
    for (const { sentence, cases, state } of promises.filter((one) => one.file === file)) {
      const sign = state === "kept" ? "ok" : state === "broken" ? "BROKEN" : "not tried";
      lines.push(`  ${sign.padEnd(6)} ${String(cases).padStart(6)}  ${sentence}`);
    }
  }
  const sum = (all: readonly Promised[]) => all.reduce((total, { cases }) => total + cases, 0);
  const broken = promises.filter(({ state }) => state === "broken").length;
  lines.push("", `${promises.length} promises, ${sum(promises)} cases, ${broken} broken`);
  return `${lines.join("\n")}\n`;
}

async function main(): Promise<number> {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const flags = String(tasks.test).split(" ").slice(1).filter((word) => word !== "tests");
  const files = [...Deno.readDirSync("tests")].map(({ name }) => name)
    .filter((name) => FILES.test(name)).sort();
  Deno.mkdirSync("tests/.tmp", { recursive: true });
  const report = Deno.makeTempFileSync({ dir: "tests/.tmp", suffix: ".xml" });
  try {
    const { success, stdout, stderr } = await new Deno.Command("deno", {
      args: [...flags, `--junit-path=${report}`, ...files.map((name) => `tests/${name}`)],
      stdin: "null",
      signal: AbortSignal.timeout(LIMIT_MS),
      stdout: "piped",
      stderr: "piped",
    }).output();
    const promises = readReport(Deno.readTextFileSync(report));
    if (!success) {
      Deno.stdout.writeSync(stdout);
      Deno.stderr.writeSync(stderr);
    }
    Deno.stdout.writeSync(new TextEncoder().encode(tell(promises)));
    const kept = promises.length > 0 && promises.every(({ state }) => state !== "broken");
    return success && kept ? 0 : 1;
  } finally {
    Deno.removeSync(report);
  }
}

if (import.meta.main) Deno.exit(await main());
