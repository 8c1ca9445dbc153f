import { command, type Given, type OptionTable } from "./command.ts";

const FOLLOW = {
  follow: { short: "f", help: "go on with what comes, until Ctrl-C" },
} as const satisfies OptionTable;

/** `plugin logs` */
export const logs = command({
  name: "plugin logs",
  words: ["[ID]"],
  does: "the log lines that the running service keeps, of all plugins or one",
  options: FOLLOW,
  read: (given) => ({ kind: "logs", ...which(given) }),
});

/** `plugin audit` */
export const audit = command({
  name: "plugin audit",
  words: ["[ID]"],
  does: "decisions, refusals and kills, of all plugins or one",
  options: FOLLOW,
  read: (given) => ({ kind: "audit", ...which(given) }),
});

function which(given: Given<keyof typeof FOLLOW>): { id?: string; follow: boolean } {
  const [id] = given.words;
  return { ...(id !== undefined && { id }), follow: given.flag("follow") };
}
