import { type Listen, parseListen } from "../configuration/mod.ts";
import type { Action } from "./action.ts";
import {
  checkWords,
  COMMON_OPTIONS,
  type Given,
  type OptionTable,
  sortOut,
  usageError,
} from "./commands/command.ts";
import { findCommand } from "./commands/registry.ts";

/** Options that every command takes; paths are as typed. */
export interface CommonOptions {
  readonly data: string;
  readonly config?: string;
  readonly json: boolean;
  /** Set by the launcher: the running service, which is to do it. */
  readonly service?: string;
}

/** `start`. */
export interface StartCommand extends CommonOptions {
  readonly kind: "start";
  readonly listen?: Listen;
  /** Whether tokens may cross a network in clear. */
  readonly insecure: boolean;
  /** Set by the launcher: the service stops when its stdin ends. */
  readonly launched: boolean;
  /** Set by the launcher: it has just put the first plugin in place. */
  readonly firstStart: boolean;
}

/** A command of the table. */
export type TableCommand = CommonOptions & Action;

/** A command line, understood. */
export type Command =
  | { readonly kind: "help"; readonly topic: string }
  | { readonly kind: "version" }
  | StartCommand
  | TableCommand;

/** What begins more than one command. */
const GROUPS: readonly string[] = ["plugin", "plugin config", "token"];

/** Options of `start`. */
export const START_OPTIONS = {
  "listen": {
    value: "HOST:PORT",
    help: "where to listen; also unix:PATH (default: 127.0.0.1:4747)",
  },
  "insecure-listen": { help: "listen off loopback without TLS: tokens cross the network in clear" },
  ...COMMON_OPTIONS,
  "json": { help: "say where it listens, and the log, as lines of JSON" },
  "launched": {},
  "first-start": {},
} as const satisfies OptionTable;

/**
 * Understands a command line.
 *
 * @throws {SoundproofError} `cli.usage`
 */
export function parseCommand(args: readonly string[]): Command {
  const [first] = args;
  if (first === "--version") return { kind: "version" };
  if (first === "help" || isHelp(first)) return { kind: "help", topic: "soundproof" };
  if (first === "start") return parseStart(args.slice(1));
  const found = findCommand(args);
  if (found !== undefined) {
    const { name, words, options, read } = found.spec;
    const given = sortOut(name, { ...options, ...COMMON_OPTIONS }, found.args);
    if (given.flag("help")) return { kind: "help", topic: name };
    checkWords(given, words);
    return { ...common(given), ...read(given) };
  }
  const group = GROUPS.findLast((name) => `${args.join(" ")} `.startsWith(`${name} `));
  const next = args[group?.split(" ").length ?? 0];
  if (group !== undefined && isHelp(next)) return { kind: "help", topic: group };
  throw usageError(next === undefined ? "no command" : `unknown command "${next}"`, group ?? "");
}

function parseStart(args: readonly string[]): Command {
  const given: Given<keyof typeof START_OPTIONS> = sortOut("start", START_OPTIONS, args);
  if (given.flag("help")) return { kind: "help", topic: "start" };
  checkWords(given, []);
  const listen = given.text("listen");
  return {
    kind: "start",
    ...common(given),
    ...(listen !== undefined && { listen: parseListen(listen) }),
    insecure: given.flag("insecure-listen"),
    launched: given.flag("launched"),
    firstStart: given.flag("first-start"),
  };
}

function common(given: Given<keyof typeof COMMON_OPTIONS>): CommonOptions {
  const [config, service] = [given.text("config"), given.text("service")];
  return {
    data: given.text("data") ?? "data",
    ...(config !== undefined && { config }),
    json: given.flag("json"),
    ...(service !== undefined && { service }),
  };
}

function isHelp(word: string | undefined): boolean {
  return word === "--help" || word === "-h";
}
