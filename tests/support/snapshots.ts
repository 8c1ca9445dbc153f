/**
 * What the commands print and how they exit, written down as text files under `tests/snapshots`: each session in a terminal
 * of 80 columns, where a person answers, and piped, where nobody is. Run it to write the files anew, and read what changed:
 *
 *     deno task snapshots && git diff tests/snapshots
 *
 * @module
 */

import {
  actsOn,
  helpText,
  parseCommand,
  perform,
  performToken,
  reportError,
} from "../../src/cli/mod.ts";
import { lookAtPackage, packagePath, runPack, showFunctions } from "../../src/cli/mod.ts";
import type { TokenStore } from "../../src/state/mod.ts";
import type { FakeAdministration } from "./fake_administration.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const PIPED = "piped";

/** What a session is run on; made anew for each run. */
export interface World extends Disposable {
  readonly admin: FakeAdministration;
  readonly tokens: TokenStore;
  /** Whether a service runs. */
  readonly service: boolean;
  /** Paths by the word that stands for them in a line, such as `FILE`. */
  readonly paths: Readonly<Record<string, string>>;
  /** What is different each time, and is shown as this instead. */
  readonly volatile?: readonly (readonly [RegExp, string])[];
}

/** A line, and what a person answers if asked; words are split at spaces, `_` stands for one within a word. */
export type Step = string | readonly [line: string, ...answers: string[]];

/** Some lines, one after the other. */
export interface Session {
  readonly name: string;
  readonly world: () => Promise<World>;
  readonly steps: readonly Step[];
  /** Set where a terminal makes no difference. */
  readonly piped?: true;
}

/** The text of a session's file. */
export async function transcript({ world: make, steps, piped }: Session): Promise<string> {
  const parts: string[] = [];
  for (const mode of piped ? [PIPED] : ["in a terminal of 80 columns", PIPED]) {
    using world = await make();
    for (const step of steps) {
      const [line = "", ...answers] = typeof step === "string" ? [step] : step;
      const terminal = mode === PIPED ? new FakeTerminal() : new FakeTerminal(80, answers);
      const code = await run(line, world, terminal);
      const shown = (text: string) => plainPaths(text, world);
      parts.push(
        `$ ${line}   # ${mode}\n`,
        ...section("stdout", shown(terminal.stdout)),
        ...section("stderr", shown(terminal.stderr)),
        `--- exit code ${code}\n\n`,
      );
    }
  }
  return parts.join("");
}

async function run(line: string, world: World, terminal: FakeTerminal): Promise<number> {
  const words = line.split(" ").filter((word) => word !== "").map((word) =>
    Object.entries(world.paths).reduce(
      (text, [name, path]) => text.replaceAll(name, path),
      word.replaceAll("_", " "),
    )
  );
  try {
    const command = parseCommand(words);
    if (command.kind === "help") {
      terminal.out(helpText(command.topic));
      return 0;
    }
    if (actsOn(command, "tokens")) return performToken(command, world.tokens, terminal);
    if (command.kind === "functions") return showFunctions(command.json, terminal);
    if (command.kind === "pack") return await runPack(command, "/", terminal);
    const path = packagePath(command);
    if (path !== undefined && "subject" in command) {
      return await lookAtPackage(command, path, terminal);
    }
    if (!actsOn(command, "installation")) throw new TypeError(`No test runs "${line}"`);
    const { admin, service } = world;
    return await perform(command, { admin, service, terminal, json: command.json });
  } catch (error) {
    return reportError(error, terminal);
  }
}

function section(name: string, text: string): string[] {
  if (text === "") return [];
  return [`--- ${name}\n`, text, ...(text.endsWith("\n") ? [] : ["\n(no line break)\n"])];
}

function plainPaths(text: string, { paths, volatile = [] }: World): string {
  const named = Object.entries(paths).reduce(
    (shown, [name, path]) => shown.replaceAll(path, name),
    text,
  );
  return volatile.reduce((shown, [pattern, word]) => shown.replaceAll(pattern, word), named);
}

/** The file of a session. */
export function fileOf({ name }: Session): string {
  return `tests/snapshots/${name}.txt`;
}

if (import.meta.main) {
  const { SESSIONS } = await import("./snapshot_sessions.ts");
  Deno.mkdirSync("tests/snapshots", { recursive: true });
  for (const session of SESSIONS) {
    Deno.writeTextFileSync(fileOf(session), await transcript(session));
  }
}
