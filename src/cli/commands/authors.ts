import { basename } from "node:path";
import { command, type Given } from "./command.ts";

const WHERE = "NAME is a folder beside the example plugins; with a slash in it, a path.";

/** `plugin new` */
export const newPlugin = command({
  name: "plugin new",
  words: ["NAME"],
  does: "makes a plugin to begin with: sources, manifest, README, test cases",
  notes: [WHERE],
  options: { folder: { value: "DIR" }, template: { value: "DIR" } },
  read(given) {
    const [[name = ""], template] = [given.words, given.text("template")];
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(basename(name))) {
      given.refuse(`"${basename(name)}" is no name: want lower-case letters, digits, dashes`);
    }
    return {
      kind: "new",
      name,
      ...folderOf(given),
      ...(template !== undefined && { template }),
    };
  },
});

/** `plugin test` */
export const testPlugin = command({
  name: "plugin test",
  words: ["NAME"],
  does: "plays a plugin's test cases, without a server and without a network",
  notes: [
    WHERE,
    "Cases are the JSON files in its folder tests, of the form of schema/plugin-cases.schema.json. Sources in its folder " +
    "assembly are compiled first; without them its plugin.wasm is taken. The exit code is 1 where a case fails.",
  ],
  options: { folder: { value: "DIR" } },
  read: (given) => ({ kind: "test", name: given.words[0] ?? "", ...folderOf(given) }),
});

function folderOf(given: Given<"folder">): { readonly folder?: string } {
  const folder = given.text("folder");
  return { ...(folder !== undefined && { folder }) };
}
