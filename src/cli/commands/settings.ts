import type { SettingChange } from "../action.ts";
import { command, type Given } from "./command.ts";
import { PACKAGE_NOTE, subjectOf } from "./looking.ts";

/** `plugin config get` */
export const configGet = command({
  name: "plugin config get",
  words: ["ID", "[KEY]"],
  does: "the settings of a plugin, or one of them; *** stands for a secret",
  read: ({ words: [id = "", key] }) => ({
    kind: "config-get",
    id,
    ...(key !== undefined && { key }),
  }),
});

/** `plugin config set` */
export const configSet = command({
  name: "plugin config set",
  words: ["ID", "[KEY=VALUE…]"],
  does: "changes settings, checked by what the plugin says about them",
  notes: [
    "A VALUE is JSON, or text where the setting is one.",
    "What stands on a command line can be read by others on this machine: give a secret by --value-file.",
  ],
  options: {
    "value-file": {
      value: "KEY=FILE",
      many: true,
      help: "take a setting's text from a file; - reads it from stdin",
    },
    "unset": { value: "KEY", many: true, help: "take a setting back: its default holds" },
    "file": {
      value: "FILE",
      help: "take settings from a JSON object in a file; - reads it from stdin",
    },
  },
  read(given) {
    const [[id = "", ...words], file] = [given.words, given.text("file")];
    const changes: SettingChange[] = [
      ...words.map((word) => {
        const [key, text] = keyAndRest(given, word, "KEY=VALUE");
        return { key, to: "text" as const, text };
      }),
      ...given.texts("value-file").map((word) => {
        const [key, path] = keyAndRest(given, word, "KEY=FILE");
        return { key, to: "file" as const, path };
      }),
      ...given.texts("unset").map((key) => ({ key, to: "default" as const })),
    ];
    const twice = changes.find(({ key }, at) => changes.findIndex((c) => c.key === key) !== at);
    if (twice !== undefined) given.refuse(`"${twice.key}" is set twice`);
    if (changes.length === 0 && file === undefined) given.refuse("nothing to change");
    const fromStdin = changes.filter((change) => change.to === "file" && change.path === "-");
    if (fromStdin.length + (file === "-" ? 1 : 0) > 1) given.refuse("stdin is to be read twice");
    return { kind: "config-set", id, changes, ...(file !== undefined && { file }) };
  },
});

/** `plugin config-template` */
export const configTemplate = command({
  name: "plugin config-template",
  words: ["ID|PACKAGE"],
  does: "the TOML to fill in for a plugin's settings, from its manifest",
  notes: [PACKAGE_NOTE],
  read: ({ words }) => ({ kind: "config-template", subject: subjectOf(words) }),
});

function keyAndRest(given: Given, word: string, wanted: string): [string, string] {
  const at = word.indexOf("=");
  if (at <= 0) given.refuse(`"${word}" is not ${wanted}`);
  return [word.slice(0, at), word.slice(at + 1)];
}
