import type { Subject } from "../action.ts";
import { command } from "./command.ts";

/** What a PACKAGE is, for the help. */
export const PACKAGE_NOTE =
  "A PACKAGE is the path of an .ndp file or of a folder; write ./name for a folder here.";

/** `plugin list` */
export const list = command({
  name: "plugin list",
  does: "every plugin, its state and what it can do",
  read: () => ({ kind: "list" }),
});

/** `plugin info` */
export const info = command({
  name: "plugin info",
  words: ["ID|PACKAGE"],
  does: "all about one plugin, installed or not, and what it asks for",
  notes: [PACKAGE_NOTE],
  read: ({ words }) => ({ kind: "info", subject: subjectOf(words) }),
});

/** `plugin validate` */
export const validate = command({
  name: "plugin validate",
  words: ["ID|PACKAGE"],
  does: "checks a package; exit code 1 if it is not sound",
  notes: [PACKAGE_NOTE],
  read: ({ words }) => ({ kind: "validate", subject: subjectOf(words) }),
});

/** `plugin functions` */
export const functions = command({
  name: "plugin functions",
  does: "every host function, its permission and its shapes",
  read: () => ({ kind: "functions" }),
});

/** A word with a separator, or with a package's ending, is a path. */
export function subjectOf([word = ""]: readonly string[]): Subject {
  return /[/\\]|\.ndp$/i.test(word) ? { path: word } : { id: word };
}
