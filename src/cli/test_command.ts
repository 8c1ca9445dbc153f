import { basename, join } from "node:path";
import { SoundproofError } from "../errors.ts";
import { pack } from "../packages/mod.ts";
import { type CaseOutcome, parseCases, runCase } from "../testing/mod.ts";
import type { ActionOf } from "./action.ts";
import { type AuthorFolder, authorFolder } from "./author_folder.ts";
import { exists } from "./source.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** A case that was played, and the file it stands in. */
interface PlayedCase extends CaseOutcome {
  readonly file: string;
}

/**
 * Plays the test cases of a plugin and says of each how it came out.
 *
 * @returns 1 if a case failed, else 0.
 * @throws {SoundproofError} `cli.cases_invalid`, `package.*`, or why the plugin cannot be loaded.
 */
export async function runTest(
  command: ActionOf<"test"> & { readonly json: boolean },
  cwd: string,
  terminal: Terminal,
): Promise<number> {
  const place = authorFolder(command, cwd);
  const played: PlayedCase[] = [];
  try {
    await packTested(place);
    for await (const outcome of play(place)) {
      played.push(outcome);
      if (!command.json) terminal.out(lineOf(outcome));
    }
  } finally {
    await Deno.remove(place.work, { recursive: true }).catch(() => {});
  }
  const failed = played.filter(({ faults }) => faults.length > 0).length;
  const passed = played.length - failed;
  if (command.json) printJson({ passed, failed, cases: played }, terminal);
  else terminal.out(`${passed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

/** Makes a package of a plugin that came without sources. */
async function packTested(place: AuthorFolder): Promise<void> {
  const folder = place.packages;
  if (exists(folder)) return;
  const bytes = await pack(place.folder);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, `${basename(place.folder)}.ndp`), bytes);
}

async function* play(place: AuthorFolder): AsyncGenerator<PlayedCase> {
  const id = basename(place.folder);
  let count = 0;
  for (const file of caseFiles(place.folder)) {
    const text = await Deno.readTextFile(join(place.folder, "tests", file));
    for (const each of parseCases(text, `tests/${file}`)) {
      const dataDir = join(place.work, `case-${++count}`);
      const outcome = await runCase(each, { id, pluginsDir: place.packages, dataDir });
      yield { file: `tests/${file}`, ...outcome };
    }
  }
}

function caseFiles(folder: string): string[] {
  const tests = join(folder, "tests");
  const files = exists(tests)
    ? Array.from(Deno.readDirSync(tests), ({ name }) => name)
      .filter((name) => name.endsWith(".json")).sort()
    : [];
  if (files.length > 0) return files;
  throw new SoundproofError("cli.cases_invalid", `Cannot test "${folder}": no cases in "${tests}"`);
}

function lineOf({ name, faults }: PlayedCase): string {
  return faults.length === 0
    ? `ok      ${harmless(name)}\n`
    : `FAILED  ${harmless(name)}: ${harmless(faults.join("; "))}\n`;
}
