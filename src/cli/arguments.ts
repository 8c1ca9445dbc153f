import { parseArgs } from "node:util";
import { type Address, parseAddress } from "../configuration/mod.ts";
import type { Assignment, LocalGrant } from "../grants/mod.ts";
import { errorText, SoundproofError } from "../errors.ts";
import type { Topic } from "./usage.ts";

/** Options that every command takes; paths are as typed. */
export interface CommonOptions {
  readonly data: string;
  readonly config?: string;
  readonly json: boolean;
}

/** `start`. */
export interface StartCommand extends CommonOptions {
  readonly kind: "start";
  readonly listen?: Address;
  /** Set by the launcher: the service stops when its stdin ends. */
  readonly launched: boolean;
  /** Set by the launcher: it has just put the first plugin in place. */
  readonly firstStart: boolean;
}

/** An installed plugin, or a package that need not be. */
export type Subject = { readonly id: string } | { readonly path: string };

/** Where the input of a call comes from. */
export type InputSource =
  | { readonly from: "nothing" }
  | { readonly from: "argument"; readonly json: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "stdin" };

/** `plugin functions`. */
export interface FunctionsCommand {
  readonly kind: "functions";
  readonly json: boolean;
}

/** A `plugin …` that looks at what is installed. */
export type HostCommand =
  & CommonOptions
  & (
    | { readonly kind: "list" }
    | { readonly kind: "info" | "validate"; readonly subject: Subject }
    | {
      readonly kind: "call";
      readonly id: string;
      readonly exportName: string;
      readonly input: InputSource;
      readonly timeoutMs?: number;
    }
    | {
      readonly kind: "enable";
      readonly id: string;
      readonly local: LocalGrant;
      readonly assignment: Partial<Assignment>;
    }
    | { readonly kind: "disable"; readonly id: string }
  );

/** A command line, understood. */
export type Command =
  | { readonly kind: "help"; readonly topic: Topic }
  | { readonly kind: "version" }
  | StartCommand
  | FunctionsCommand
  | HostCommand;

const COMMON = {
  config: { type: "string" },
  data: { type: "string" },
  help: { type: "boolean", short: "h" },
  json: { type: "boolean" },
} as const;

const ENABLE = {
  ...COMMON,
  address: { type: "string", multiple: true },
  "local-network": { type: "boolean" },
  "users": { type: "string" },
  "all-users": { type: "boolean" },
  "libraries": { type: "string" },
  "all-libraries": { type: "boolean" },
  "write-libraries": { type: "boolean" },
  "no-write-libraries": { type: "boolean" },
} as const;

const CALL = {
  ...COMMON,
  "input": { type: "string" },
  "input-file": { type: "string" },
  "timeout-ms": { type: "string" },
} as const;

const START = {
  ...COMMON,
  "listen": { type: "string" },
  "launched": { type: "boolean" },
  "first-start": { type: "boolean" },
} as const;

/**
 * Understands a command line.
 *
 * @throws {SoundproofError} `cli.usage`
 */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  switch (first) {
    case "start":
      return parseStart(rest);
    case "plugin":
      return parsePlugin(rest);
    case "--version":
      return { kind: "version" };
    case "--help":
    case "-h":
    case "help":
      return { kind: "help", topic: "soundproof" };
    default:
      throw usage(first === undefined ? "no command" : `unknown command "${first}"`, "soundproof");
  }
}

function parseStart(args: string[]): Command {
  const { values, positionals } = strict(
    "start",
    () => parseArgs({ args, options: START, allowPositionals: true }),
  );
  if (values.help) return { kind: "help", topic: "start" };
  expectWords("start", positionals, 0);
  return {
    kind: "start",
    ...common(values),
    ...(values.listen === undefined ? {} : { listen: parseAddress(values.listen) }),
    launched: values.launched ?? false,
    firstStart: values["first-start"] ?? false,
  };
}

function parsePlugin([name, ...args]: string[]): Command {
  switch (name) {
    case "--help":
    case "-h":
      return { kind: "help", topic: "plugin" };
    case "call":
      return parseCall(args);
    case "enable":
      return parseEnable(args);
    case "functions":
    case "list":
    case "info":
    case "validate":
    case "disable":
      break;
    default:
      throw usage(name === undefined ? "no command" : `unknown command "${name}"`, "plugin");
  }
  const { values, positionals } = strict(
    "plugin",
    () => parseArgs({ args, options: COMMON, allowPositionals: true }),
  );
  if (values.help) return { kind: "help", topic: "plugin" };
  const [word = ""] = expectWords(
    "plugin",
    positionals,
    name === "list" || name === "functions" ? 0 : 1,
  );
  switch (name) {
    case "functions":
      return { kind: name, json: values.json ?? false };
    case "list":
      return { kind: name, ...common(values) };
    case "info":
    case "validate":
      return { kind: name, ...common(values), subject: subjectOf(word) };
    default:
      return { kind: name, ...common(values), id: word };
  }
}

function parseEnable(args: string[]): Command {
  const { values, positionals } = strict(
    "plugin",
    () => parseArgs({ args, options: ENABLE, allowPositionals: true }),
  );
  if (values.help) return { kind: "help", topic: "plugin" };
  const [id = ""] = expectWords("plugin", positionals, 1);
  const local = { network: values["local-network"] ?? false, addresses: values.address ?? [] };
  const users = listOf("users", values.users, values["all-users"]);
  const libraries = listOf("libraries", values.libraries, values["all-libraries"]);
  const numbers = libraries === "all" ? libraries : libraries?.map((text) => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw usage(`--libraries has "${text}", want whole numbers`, "plugin");
  });
  if (values["write-libraries"] && values["no-write-libraries"]) {
    throw usage("both --write-libraries and --no-write-libraries", "plugin");
  }
  const write = values["write-libraries"] ?? (values["no-write-libraries"] ? false : undefined);
  return {
    kind: "enable",
    ...common(values),
    id,
    local,
    assignment: {
      ...(users !== undefined && { users }),
      ...(numbers !== undefined && { libraries: numbers }),
      ...(write !== undefined && { writeLibraries: write }),
    },
  };
}

/** What `--NAME a,b` or `--all-NAME` says; an empty list takes everything away. */
function listOf(
  name: string,
  list: string | undefined,
  all: boolean | undefined,
): string[] | "all" | undefined {
  if (all && list !== undefined) throw usage(`both --${name} and --all-${name}`, "plugin");
  if (all) return "all";
  return list?.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function parseCall(args: string[]): Command {
  const { values, positionals } = strict(
    "plugin",
    () => parseArgs({ args, options: CALL, allowPositionals: true }),
  );
  if (values.help) return { kind: "help", topic: "plugin" };
  const dash = positionals.at(-1) === "-";
  const [id = "", exportName = ""] = expectWords(
    "plugin",
    dash ? positionals.slice(0, -1) : positionals,
    2,
  );
  const inputs: InputSource[] = [];
  if (dash) inputs.push({ from: "stdin" });
  if (values.input !== undefined) inputs.push({ from: "argument", json: values.input });
  const file = values["input-file"];
  if (file !== undefined) {
    inputs.push(file === "-" ? { from: "stdin" } : { from: "file", path: file });
  }
  if (inputs.length > 1) throw usage("more than one input", "plugin");
  const timeout = values["timeout-ms"];
  if (timeout !== undefined && !/^[1-9]\d{0,8}$/.test(timeout)) {
    throw usage(`--timeout-ms is "${timeout}", want a whole number of milliseconds`, "plugin");
  }
  return {
    kind: "call",
    ...common(values),
    id,
    exportName,
    input: inputs[0] ?? { from: "nothing" },
    ...(timeout === undefined ? {} : { timeoutMs: Number(timeout) }),
  };
}

function common(values: { data?: string; config?: string; json?: boolean }): CommonOptions {
  return {
    data: values.data ?? "data",
    ...(values.config === undefined ? {} : { config: values.config }),
    json: values.json ?? false,
  };
}

/** A word with a separator, or with a package's ending, is a path. */
function subjectOf(word: string): Subject {
  return /[/\\]|\.ndp$/i.test(word) ? { path: word } : { id: word };
}

function strict<T>(topic: Topic, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw usage(errorText(cause).split(/[.\n]/, 1)[0] ?? "", topic, cause);
  }
}

function expectWords(topic: Topic, words: readonly string[], count: number): readonly string[] {
  if (words.length < count) throw usage("a word is missing", topic);
  const extra = words[count];
  if (extra !== undefined) throw usage(`"${extra}" is one word too many`, topic);
  const empty = words.indexOf("");
  if (empty >= 0) throw usage("a word is empty", topic);
  return words;
}

function usage(state: string, topic: Topic, cause?: unknown): SoundproofError {
  const help = topic === "soundproof" ? "--help" : `${topic} --help`;
  return new SoundproofError(
    "cli.usage",
    `Cannot understand the command line: ${state}; try ${help}`,
    cause === undefined ? {} : { cause },
  );
}
