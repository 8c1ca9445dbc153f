import type { DecisionWords } from "../action.ts";
import type { Given, OptionTable } from "./command.ts";
import { itemsOf, itemsOrAll, yesOrNo } from "./lists.ts";

/** Options that decide what a plugin gets of what it asks for. */
export const DECISION_OPTIONS = {
  "users": { value: "NAMES", many: true, help: "the users whose data the plugin gets" },
  "all-users": { help: "every user, later ones too" },
  "libraries": { value: "IDS", many: true, help: "the libraries it gets" },
  "all-libraries": { help: "every library, later ones too" },
  "write-libraries": { help: "let it write into the folders of its libraries" },
  "no-write-libraries": { help: "let it only read them" },
  "without": { value: "PERMISSIONS", many: true, help: "withhold these permissions" },
  "only-host": { value: "HOSTS", many: true, help: "of the hosts it asks for, open these alone" },
  "only-method": { value: "METHODS", many: true, help: "of the methods it asks for, these alone" },
  "all-hosts": { help: "every host and method it asks for again" },
  "local-network": { help: "open private networks to it, if it asks for them" },
  "no-local-network": { help: "close them" },
  "address": {
    value: "HOSTS|CIDRS",
    many: true,
    help: "open these private hosts, addresses or blocks to it",
  },
} as const satisfies OptionTable;

/** How the options above are read, for the help. */
export const DECISION_NOTES: readonly string[] = [
  'What is not said stays as it was decided before. Lists have commas between, or are JSON arrays; "" is an empty one.',
];

/** What the options of a decision say. @throws {SoundproofError} `cli.usage` */
export function decisionOf(given: Given<keyof typeof DECISION_OPTIONS>): DecisionWords {
  const users = itemsOrAll(given, "users");
  const libraries = itemsOrAll(given, "libraries");
  const numbers = libraries === "all" ? libraries : libraries?.map((text) => {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    return given.refuse(`--libraries has "${text}", want whole numbers`);
  });
  const methods = itemsOf(given, "only-method")?.map((method) => method.toUpperCase());
  const hosts = given.flag("all-hosts") ? "all" : itemsOf(given, "only-host");
  if (hosts === "all" && (given.texts("only-host").length > 0 || methods !== undefined)) {
    given.refuse("both --all-hosts and --only-host or --only-method");
  }
  const writeLibraries = yesOrNo(given, "write-libraries");
  const without = itemsOf(given, "without");
  const localNetwork = yesOrNo(given, "local-network");
  const addresses = itemsOf(given, "address");
  return {
    ...(users !== undefined && { users }),
    ...(numbers !== undefined && { libraries: numbers }),
    ...(writeLibraries !== undefined && { writeLibraries }),
    ...(without !== undefined && { without }),
    ...(hosts !== undefined && { hosts }),
    ...(methods !== undefined && { methods }),
    ...(localNetwork !== undefined && { localNetwork }),
    ...(addresses !== undefined && { addresses }),
  };
}
