import { command } from "./command.ts";
import { DECISION_NOTES, DECISION_OPTIONS, decisionOf } from "./decision_options.ts";

const OPTIONS = { yes: { short: "y", help: "do not ask" }, ...DECISION_OPTIONS } as const;

const NOTES = [
  "In a terminal what was not approved yet is shown, and asked for. Elsewhere the command itself is the decision.",
  ...DECISION_NOTES,
];

/** `plugin enable` */
export const enable = command({
  name: "plugin enable",
  words: ["ID"],
  does: "grants what a plugin asks for, as far as the options go, and lets it run",
  notes: NOTES,
  options: OPTIONS,
  read: (given) => ({
    kind: "enable",
    id: given.words[0] ?? "",
    decision: decisionOf(given),
    yes: given.flag("yes"),
  }),
});

/** `plugin approve` */
export const approve = command({
  name: "plugin approve",
  words: ["ID"],
  does: "grants like enable, but leaves a disabled plugin disabled",
  notes: NOTES,
  options: OPTIONS,
  read: (given) => ({
    kind: "approve",
    id: given.words[0] ?? "",
    decision: decisionOf(given),
    yes: given.flag("yes"),
  }),
});

/** `plugin disable` */
export const disable = command({
  name: "plugin disable",
  words: ["ID"],
  does: "stops a plugin; what was granted stays granted",
  read: ({ words: [id = ""] }) => ({ kind: "disable", id }),
});

/** `plugin revoke` */
export const revoke = command({
  name: "plugin revoke",
  words: ["ID"],
  does: "stops a plugin and takes back what was granted",
  read: ({ words: [id = ""] }) => ({ kind: "revoke", id }),
});
