import { join, resolve } from "node:path";
import type { ActionOf } from "./action.ts";
import type { Source } from "./source.ts";

/** Where an author's command works. Absolute paths. */
export interface AuthorFolder {
  /** The plugin's own folder. */
  readonly folder: string;
  /** Where `plugin test` keeps what it makes, until it is done. */
  readonly work: string;
  /** In it, the folder of the package that is tested, and of nothing else. */
  readonly packages: string;
  /** What `plugin new` copies; absent where the sources of plugins are not part of the installation. */
  readonly template?: string;
}

/** Where an author's command works: a name is a folder beside the example plugins, all else a path. */
export function authorFolder(
  { name, folder: said, ...rest }: ActionOf<"new" | "test">,
  cwd: string,
  { pluginSources }: Pick<Source, "pluginSources"> = {},
): AuthorFolder {
  const isPath = /[/\\]/.test(name) || pluginSources === undefined;
  const folder = said ?? (isPath ? resolve(cwd, name) : join(pluginSources, name));
  const template = "template" in rest
    ? rest.template
    : pluginSources && join(pluginSources, "pdk", "template");
  return {
    folder,
    work: join(folder, ".test"),
    packages: join(folder, ".test", "package"),
    ...(template !== undefined && { template }),
  };
}

/** The same as options for the process that the launcher starts, which cannot look around. */
export function folderOptions({ folder, template }: AuthorFolder, kind: "new" | "test"): string[] {
  const withTemplate = kind === "new" && template !== undefined;
  return ["--folder", folder, ...(withTemplate ? ["--template", template] : [])];
}
