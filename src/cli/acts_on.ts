import type { ActionKind } from "./action.ts";
import type { Command } from "./arguments.ts";

/**
 * What a command acts on: what is installed, the tokens of the API, links in the plugins folder, nothing but the files that it names,
 * or the place that the service runs in.
 */
export type Ground = "installation" | "tokens" | "links" | "files" | "place";

/** What each command acts on; those about a package that need not be installed act on its files alone. */
const GROUNDS = {
  "list": "installation",
  "info": "installation",
  "validate": "installation",
  "install": "installation",
  "update": "installation",
  "rollback": "installation",
  "remove": "installation",
  "enable": "installation",
  "approve": "installation",
  "disable": "installation",
  "revoke": "installation",
  "refresh": "installation",
  "rescan": "installation",
  "config-get": "installation",
  "config-set": "installation",
  "config-template": "installation",
  "call": "installation",
  "logs": "installation",
  "audit": "installation",
  "functions": "files",
  "new": "files",
  "test": "files",
  "dev": "links",
  "pack": "files",
  "doctor": "place",
  "token-create": "tokens",
  "token-list": "tokens",
  "token-revoke": "tokens",
} as const satisfies Record<ActionKind, Ground>;

/** The commands that act on something. */
export type KindOn<On extends Ground> = {
  [Kind in ActionKind]: typeof GROUNDS[Kind] extends On ? Kind : never;
}[ActionKind];

/** A command that acts on something, with its options. */
export type CommandOn<On extends Ground> = Command & { readonly kind: KindOn<On> };

/** Whether a command acts on something. */
export function actsOn<On extends Ground>(command: Command, ground: On): command is CommandOn<On> {
  const { kind } = command;
  return isTableKind(kind) && GROUNDS[kind] === ground;
}

/** The path of the package that a command is about, if it is about one that need not be installed. */
export function packagePath(command: Command): string | undefined {
  return "subject" in command && "path" in command.subject ? command.subject.path : undefined;
}

function isTableKind(kind: Command["kind"]): kind is ActionKind {
  return Object.hasOwn(GROUNDS, kind);
}
