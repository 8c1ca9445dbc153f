/**
 * `deno task test:security`: the tests that try what must not be possible, one line a promise with the number of
 * cases it was tried on.
 *
 * A promise is a test of one of the {@link FILES}; its cases are its steps, or the number that its name ends with
 * (`… [250 cases]`), or the test itself. Runs under the very flags of `deno task test`. Ends with 1 if a promise is broken.
 *
 * @module
 */

/** Names of the test files that hold promises. */
export const FILES =
  /^(?:(?:api|cell|egress|network|packages)_\w+|cli_(?:flags|permissions)|manifest_hostile)_test\.ts$/;

/** One promise, as the tests found it. */
export interface Promised {
  readonly file: string;
  readonly sentence: string;
  readonly cases: number;
  readonly state: "kept" | "broken" | "not tried";
}

/** Reads the promises from a report in JUnit's XML, as `deno test --junit-path` writes it. */
export function readReport(xml: string): Promised[] {
  const tests = [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, attributes = "", content = ""]) => {
      const attribute = (name: string) =>
        unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
      const state = /<(?:failure|error)\b/.test(content)
        ? "broken" as const
        : content.includes("<skipped")
        ? "not tried" as const
        : "kept" as const;
      return { name: attribute("name"), file: attribute("classname"), state };
    },
  );
  return tests.filter((test) => !isStep(test, tests)).map(({ name, file, state }) => {
    const steps = tests.filter((other) => other.file === file && isStepOf(other.name, name));
    const leaves = steps.filter((step) => !steps.some((other) => isStepOf(other.name, step.name)));
    const counted = / \[(\d+) cases\]$/.exec(name);
    return {
      file: file.replace(/^.*\//, ""),
      sentence: counted === null ? name : name.slice(0, counted.index),
      cases: counted === null ? Math.max(1, leaves.length) : Number(counted[1]),
      state: steps.some((step) => step.state === "broken") ? "broken" : state,
    };
  });
}

interface Reported {
  readonly name: string;
  readonly file: string;
}

function isStep({ name, file }: Reported, tests: readonly Reported[]): boolean {
  return tests.some((other) => other.file === file && isStepOf(name, other.name));
}

function isStepOf(name: string, parent: string): boolean {
  return name.startsWith(`${parent} > `);
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
