import type { ActionKind } from "../action.ts";
import { newPlugin, testPlugin } from "./authors.ts";
import { call } from "./call.ts";
import { type CommandSpec, COMMON_OPTIONS } from "./command.ts";
import { approve, disable, enable, revoke } from "./decisions.ts";
import { doctor } from "./doctor.ts";
import { functions, info, list, validate } from "./looking.ts";
import { dev, install, pack, refresh, remove, rescan, rollback, update } from "./packages.ts";
import { configGet, configSet, configTemplate } from "./settings.ts";
import { audit, logs } from "./streams.ts";
import { tokenCreate, tokenList, tokenRevoke } from "./tokens.ts";

/** Every command there is, in the order of the help: what is not here does not exist. */
export const COMMANDS: { readonly [Kind in ActionKind]: CommandSpec<Kind> } = {
  list,
  info,
  validate,
  install,
  update,
  rollback,
  remove,
  enable,
  approve,
  disable,
  revoke,
  refresh,
  rescan,
  "config-get": configGet,
  "config-set": configSet,
  "config-template": configTemplate,
  call,
  logs,
  audit,
  functions,
  new: newPlugin,
  test: testPlugin,
  dev,
  pack,
  doctor,
  "token-create": tokenCreate,
  "token-list": tokenList,
  "token-revoke": tokenRevoke,
};

/** The same as a list, checked. */
export const ALL_COMMANDS: readonly CommandSpec[] = checked(Object.values(COMMANDS));

/** The command whose name a line begins with, and what follows it. */
export function findCommand(
  line: readonly string[],
): { readonly spec: CommandSpec; readonly args: readonly string[] } | undefined {
  for (const spec of ALL_COMMANDS) {
    const name = spec.name.split(" ");
    if (name.every((word, index) => line[index] === word)) {
      return { spec, args: line.slice(name.length) };
    }
  }
  return undefined;
}

/**
 * Checks a table of commands.
 *
 * @throws {TypeError} For a name that stands twice or hides another, a description that is missing, an option of every command
 * described anew, a letter that stands for two, a word after one that can be left out.
 */
export function checked(commands: readonly CommandSpec[]): readonly CommandSpec[] {
  for (const { name, does, words, options } of commands) {
    const refuse = (state: string) => new TypeError(`Cannot have command "${name}": ${state}`);
    if (!/^(?:doctor|(?:plugin|token)(?: [a-z]+(?:-[a-z]+)*){1,2})$/.test(name)) {
      throw refuse("its name");
    }
    const alike = commands.filter((other) => `${other.name} `.startsWith(`${name} `));
    if (alike.length > 1) throw refuse(`"${alike[1]?.name}" begins with its name`);
    if (does === "") throw refuse("it does not say what it does");
    const optional = words.findIndex((word) => word.startsWith("["));
    if (optional >= 0 && !words.slice(optional).every((word) => /^\[.+\]$/.test(word))) {
      throw refuse("a word after one that can be left out");
    }
    const letters = Object.values({ ...COMMON_OPTIONS, ...options }).flatMap((option) =>
      "short" in option && option.short !== undefined ? [option.short] : []
    );
    if (new Set(letters).size < letters.length) throw refuse("one letter for two options");
    for (const [option, { help }] of Object.entries(options)) {
      if (Object.hasOwn(COMMON_OPTIONS, option)) {
        throw refuse(`--${option} is one of every command`);
      }
      if (help === "") throw refuse(`--${option} does not say what it does`);
    }
  }
  return commands;
}
