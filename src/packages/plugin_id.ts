import { SoundproofError } from "../errors.ts";

/** Ending of a package's file name. Its letters' case counts. */
export const PACKAGE_ENDING = ".ndp";

/**
 * The id of a plugin, from the name of its entry in the plugins folder.
 *
 * @throws {SoundproofError} `package.id_invalid` by the rules of `extism-abi.md` 4.6.
 */
export function pluginId(entryName: string): string {
  const id = entryName.endsWith(PACKAGE_ENDING)
    ? entryName.slice(0, -PACKAGE_ENDING.length)
    : entryName;
  const fault = faultOf(id);
  if (fault !== undefined) {
    throw new SoundproofError(
      "package.id_invalid",
      `Cannot take "${id.slice(0, 100)}" as a plugin id: ${fault}`,
    );
  }
  return id;
}

function faultOf(id: string): string | undefined {
  if (id === "" || id === "." || id === "..") return "it is no name";
  if (id.length > 200) return "it is longer than 200 characters";
  if (/[/\\]/.test(id)) return "it has a slash";
  if (/[. ]$/.test(id)) return "it ends in a dot or a space";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f-\x9f]/.test(id)) return "it has control characters";
  return undefined;
}
