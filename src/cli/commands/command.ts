import { parseArgs } from "node:util";
import { errorText, SoundproofError } from "../../errors.ts";
import type { ActionKind, ActionOf } from "../action.ts";

/** An option of a command. */
export interface OptionSpec {
  /** The word for its value in the help; a switch has none. */
  readonly value?: string;
  /** Whether it can be given more than once. */
  readonly many?: boolean;
  /** A letter that says the same. */
  readonly short?: string;
  /** What it does; absent for what only the launcher says to the process that it starts. */
  readonly help?: string;
}

/** Options by their names, without the dashes, in the order of the help. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** A command's words and options as they were given. */
export interface Given<Name extends string = string> {
  /** The words after the command's name, as many as it takes, none of them empty. */
  readonly words: readonly string[];
  /** Whether a switch was given. */
  flag(name: Name): boolean;
  /** The value of an option. */
  text(name: Name): string | undefined;
  /** Every value of an option that can be given more than once. */
  texts(name: Name): readonly string[];
  /** Refuses the command line. @throws {SoundproofError} `cli.usage` */
  refuse(state: string): never;
}

/** A command of the table: everything that its parsing, its help and the README say of it. */
export interface CommandSpec<Kind extends ActionKind = ActionKind> {
  /** What is typed after `deno task`, such as `plugin config get`. */
  readonly name: string;
  /** The words it takes, such as `ID`, `[KEY]` where one can be left out, `KEY=VALUE…` where there can be more. */
  readonly words: readonly string[];
  /** What it does, in some words that go on after its name: no capital, no full stop. */
  readonly does: string;
  /** What else should be known of it, a paragraph each. */
  readonly notes: readonly string[];
  readonly options: OptionTable;
  /** Understands what was given. @throws {SoundproofError} `cli.usage` */
  read(given: Given): ActionOf<Kind>;
}

/** What a command says of itself; see {@link CommandSpec}. */
interface Description<Kind extends ActionKind, Name extends string> {
  readonly name: string;
  readonly words?: readonly string[];
  readonly does: string;
  readonly notes?: readonly string[];
  readonly options?: Readonly<Record<Name, OptionSpec>>;
  read(given: Given<Name>): ActionOf<Kind>;
}

/** Describes a command; the names of its options are checked where they are read. */
export function command<Kind extends ActionKind, Name extends string = never>(
  { words = [], notes = [], options, ...rest }: Description<Kind, Name>,
): CommandSpec<Kind> {
  return { words, notes, options: options ?? {}, ...rest };
}

/** Options that every command takes. `service` is said by the launcher: where the service is that does what is to be done. */
export const COMMON_OPTIONS = {
  data: { value: "DIR", help: "the data folder (default: ./data)" },
  config: {
    value: "FILE",
    help: "the configuration (default: soundproof.toml in the data folder)",
  },
  json: { help: "print JSON" },
  service: { value: "URL" },
  help: { short: "h", help: "show this" },
} as const satisfies OptionTable;

/**
 * Sorts a command line into words and options.
 *
 * @param name Of the command, for the error's text.
 * @throws {SoundproofError} `cli.usage` for options that there are not, for values that are missing or too many.
 */
export function sortOut(name: string, options: OptionTable, args: readonly string[]): Given {
  const refuse = (state: string, cause?: unknown): never => {
    throw usageError(state, name, cause);
  };
  const sorted = () => {
    try {
      return parseArgs({
        args: [...args],
        allowPositionals: true,
        options: Object.fromEntries(
          Object.entries(options).map(([option, { value, short }]) => [option, {
            type: value === undefined ? "boolean" as const : "string" as const,
            multiple: true,
            ...(short !== undefined && { short }),
          }]),
        ),
      });
    } catch (cause) {
      return refuse(errorText(cause).split(/[.\n]/, 1)[0] ?? "", cause);
    }
  };
  const { values, positionals } = sorted();
  const all = (option: string): readonly (string | boolean)[] => {
    if (!Object.hasOwn(options, option)) throw new TypeError(`"${name}" has no --${option}`);
    const given = values[option];
    return Array.isArray(given) ? given : [];
  };
  for (const [option, { many, value }] of Object.entries(options)) {
    const twice = value !== undefined && !many && all(option).length > 1;
    if (twice) refuse(`--${option} stands twice`);
  }
  return {
    words: positionals,
    flag: (option) => all(option).includes(true),
    texts: (option) => all(option).filter((value) => typeof value === "string"),
    text: (option) => all(option).find((value) => typeof value === "string"),
    refuse,
  };
}

/** Checks that a command got the words it takes. @throws {SoundproofError} `cli.usage` */
export function checkWords({ words: given, refuse }: Given, wanted: readonly string[]): void {
  const missing = wanted.filter((word) => !word.startsWith("["))[given.length];
  if (missing !== undefined) refuse(`${missing} is missing`);
  const extra = given[wanted.length];
  const endless = wanted.at(-1)?.includes("…") ?? false;
  if (extra !== undefined && !endless) refuse(`"${extra}" is one word too many`);
  if (given.includes("")) refuse("a word is empty");
}

/** The error of a command line that is not understood, with the help that would explain it. */
export function usageError(state: string, name: string, cause?: unknown): SoundproofError {
  return new SoundproofError(
    "cli.usage",
    `Cannot understand the command line: ${state}; try ${`${name} --help`.trimStart()}`,
    cause === undefined ? {} : { cause },
  );
}
