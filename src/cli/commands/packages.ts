import type { PackageSource } from "../action.ts";
import { command, type Given } from "./command.ts";
import { DECISION_NOTES, DECISION_OPTIONS, decisionOf } from "./decision_options.ts";

const SHA256 = {
  value: "HASH",
  help: "refuse a package whose SHA-256, in hex, is another",
} as const;

const YES = { short: "y", help: "do not ask" } as const;

/** `plugin install` */
export const install = command({
  name: "plugin install",
  words: ["FILE|URL"],
  does: "shows what a package asks for, asks, and puts it into the plugins folder",
  notes: [
    "The id is the file's name without .ndp, unless --id says another. A URL is an https one.",
    "Where nobody can be asked, since stdin is no terminal, --yes is needed.",
    ...DECISION_NOTES,
  ],
  options: {
    id: { value: "ID", help: "the plugin's id" },
    sha256: SHA256,
    enable: { help: "grant what it asks for, as far as the options below go, and let it run" },
    yes: YES,
    ...DECISION_OPTIONS,
  },
  read(given) {
    const [id, enable, decision] = [given.text("id"), given.flag("enable"), decisionOf(given)];
    if (!enable && Object.keys(decision).length > 0) {
      given.refuse("a decision without --enable");
    }
    return {
      kind: "install",
      source: sourceOf(given, given.words[0]),
      ...(id !== undefined && { id }),
      ...hashOf(given),
      enable,
      decision,
      yes: given.flag("yes"),
    };
  },
});

/** `plugin update` */
export const update = command({
  name: "plugin update",
  words: ["ID", "FILE|URL"],
  does:
    "shows what another version asks for beside the approved one, asks, and puts it in its place",
  notes: [
    "What asks for nothing new goes on running, and what was approved holds for it. What asks for more is approved by your yes.",
    "Where nobody can be asked, since stdin is no terminal, --yes is needed.",
    ...DECISION_NOTES,
  ],
  options: { sha256: SHA256, yes: YES, ...DECISION_OPTIONS },
  read: (given) => ({
    kind: "update",
    id: given.words[0] ?? "",
    source: sourceOf(given, given.words[1]),
    ...hashOf(given),
    decision: decisionOf(given),
    yes: given.flag("yes"),
  }),
});

/** `plugin rollback` */
export const rollback = command({
  name: "plugin rollback",
  words: ["ID"],
  does: "puts the version before the last update back",
  read: ({ words: [id = ""] }) => ({ kind: "rollback", id }),
});

/** `plugin remove` */
export const remove = command({
  name: "plugin remove",
  words: ["ID"],
  does: "ends a plugin and takes it out of the plugins folder; its data is kept",
  notes: ["Of a link the folder that it leads to is left as it is."],
  options: { "delete-data": { help: "delete what it stored too" } },
  read: (given) => ({
    kind: "remove",
    id: given.words[0] ?? "",
    deleteData: given.flag("delete-data"),
  }),
});

/** `plugin refresh` */
export const refresh = command({
  name: "plugin refresh",
  words: ["ID"],
  does: "reads a package again and loads it anew, in the running service",
  read: ({ words: [id = ""] }) => ({ kind: "refresh", id }),
});

/** `plugin rescan` */
export const rescan = command({
  name: "plugin rescan",
  does: "looks for packages that came, went or changed in the plugins folder",
  read: () => ({ kind: "rescan" }),
});

/** `plugin dev` */
export const dev = command({
  name: "plugin dev",
  words: ["DIR"],
  does: "links a folder with a manifest.json into the plugins folder",
  notes: [
    "The id is the manifest's name, or the folder's where that cannot be an id, unless --id says another.",
    "Deno lets a process make links only if it may read and write everywhere; so may the one process of this command that makes it, which runs no plugin.",
  ],
  options: {
    id: { value: "ID", help: "the plugin's id" },
    yes: { short: "y", help: "replace a link that leads elsewhere without asking" },
  },
  read(given) {
    const [[folder = ""], id] = [given.words, given.text("id")];
    return { kind: "dev", folder, ...(id !== undefined && { id }), yes: given.flag("yes") };
  },
});

/** `plugin pack` */
export const pack = command({
  name: "plugin pack",
  words: ["DIR"],
  does: "makes the .ndp package of a folder: the same files, the same bytes",
  options: { out: { value: "FILE", help: "where it goes (default: ./NAME.ndp)" } },
  read(given) {
    const [out, [folder = ""]] = [given.text("out"), given.words];
    if (out !== undefined && !out.endsWith(".ndp")) given.refuse("--out does not end in .ndp");
    return { kind: "pack", folder, ...(out !== undefined && { out }) };
  },
});

function sourceOf(given: Given, word = ""): PackageSource {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(word) ?? [];
  if (scheme === undefined) return { path: word };
  if (scheme.toLowerCase() !== "https" || !URL.canParse(word)) {
    return given.refuse(`"${word}" is no https URL`);
  }
  return { url: word };
}

function hashOf(given: Given<"sha256">): { sha256?: string } {
  const sha256 = given.text("sha256")?.toLowerCase();
  if (sha256 === undefined) return {};
  return /^[0-9a-f]{64}$/.test(sha256)
    ? { sha256 }
    : given.refuse("--sha256 is not 64 hexadecimal digits");
}
