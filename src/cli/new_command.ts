import { basename, join, relative } from "node:path";
import { errorText, SoundproofError } from "../errors.ts";
import type { ActionOf } from "./action.ts";
import { type AuthorFolder, authorFolder } from "./author_folder.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** What stands in the template for the plugin's id, and for its name. */
const TEMPLATE_ID = "my-plugin";
const TEMPLATE_NAME = "My Plugin";

/**
 * Makes the folder of a new plugin from the template.
 *
 * @throws {SoundproofError} `cli.path_taken`, `cli.file_unwritable`, `plugin.build_failed` without a template.
 */
export async function runNew(
  command: ActionOf<"new"> & { readonly json: boolean },
  cwd: string,
  terminal: Terminal,
): Promise<number> {
  const place = authorFolder(command, cwd);
  const id = basename(place.folder);
  const files = await readTemplate(place);
  await makeFolder(place.folder);
  for (const [path, text] of files) {
    const target = join(place.folder, path);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    await Deno.writeTextFile(target, filledIn(text, id));
  }
  if (command.json) printJson({ id, folder: place.folder }, terminal);
  else terminal.out(nextSteps(command.name, relative(cwd, place.folder)));
  return 0;
}

async function readTemplate({ template }: AuthorFolder): Promise<Map<string, string>> {
  if (template === undefined) {
    throw new SoundproofError(
      "plugin.build_failed",
      "Cannot make a plugin: the sources of plugins are not part of this installation",
    );
  }
  const files = new Map<string, string>();
  const read = async (below: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(join(template, below))) {
      const path = join(below, name);
      if (isDirectory) await read(path);
      else files.set(path, await Deno.readTextFile(join(template, path)));
    }
  };
  await read("");
  return files;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder);
  } catch (cause) {
    const taken = cause instanceof Deno.errors.AlreadyExists;
    throw new SoundproofError(
      taken ? "cli.path_taken" : "cli.file_unwritable",
      `Cannot make "${folder}": ${taken ? "something is there already" : errorText(cause)}`,
      { cause },
    );
  }
}

function filledIn(text: string, id: string): string {
  const name = id.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
  return text.replaceAll(TEMPLATE_ID, id).replaceAll(TEMPLATE_NAME, name);
}

function nextSteps(name: string, folder: string): string {
  return `${harmless(folder)}
Next:
  deno task plugin test ${harmless(name)}
${/[/\\]/.test(name) ? "" : `  deno task plugins:build ${name}\n`}`;
}
