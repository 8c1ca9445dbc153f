import { basename, join, resolve } from "node:path";
import { errorText, SoundproofError } from "../errors.ts";
import { type Manifest, parseManifest } from "../manifest/mod.ts";
import { PACKAGE_ENDING, pluginId } from "../packages/mod.ts";
import type { ActionOf } from "./action.ts";
import { exists } from "./source.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/** Largest `manifest.json` read. Bytes. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/**
 * Links a folder into the plugins folder, in upstream's words (`protobuf-abi.md` 5.16). A link that is there and leads elsewhere
 * is replaced if a person says so; what is no link never is.
 *
 * Its process may read and write everywhere, as Deno wants for a link. So nothing but this happens in it, and of the folder
 * nothing is read but the manifest.
 *
 * @throws {SoundproofError} `cli.link_refused`, `manifest.invalid`, `cli.declined`, `package.id_invalid`
 */
export function link(
  { folder, id: wanted, yes, json }: ActionOf<"dev"> & { readonly json: boolean },
  pluginsDir: string,
  cwd: string,
  terminal: Terminal,
): number {
  const source = resolve(cwd, folder);
  const { manifest } = parseManifest(readManifest(source));
  const id = wanted === undefined ? idOf(manifest, source) : pluginId(wanted);
  const path = join(pluginsDir, id);
  const done = (text: string): number => {
    if (json) printJson({ id, path, target: source }, terminal);
    else terminal.out(`${harmless(text)}\n`);
    return 0;
  };
  const there = lookAt(path);
  if (there?.isSymlink && Deno.readLinkSync(path) === source) {
    return done("Symlink already exists and points to the correct source");
  }
  if (exists(path + PACKAGE_ENDING)) {
    throw refused(`"${path}${PACKAGE_ENDING}" has the id "${id}" already; remove it first`);
  }
  if (there !== undefined) {
    terminal.err(`Target path '${harmless(path)}' already exists.\n`);
    if (!there.isSymlink) throw refused("it is no link; remove it first");
    const answer = yes ? "y" : terminal.ask?.("Do you want to replace it? (y/N): ");
    if (answer !== "y" && answer !== "Y") {
      throw new SoundproofError("cli.declined", `Cannot link "${source}": operation canceled`);
    }
  }
  makeLink(source, path, pluginsDir);
  const code = done(`Development symlink created: '${path}' -> '${source}'`);
  if (!json) {
    const command = `deno task plugin refresh ${id}`;
    terminal.out(`Plugin can be refreshed with: ${harmless(command)}\n`);
  }
  return code;
}

/** Made under another name first, so that there is an old or a new link at every moment. */
function makeLink(source: string, path: string, pluginsDir: string): void {
  const fresh = join(pluginsDir, `.link-${crypto.randomUUID()}`);
  try {
    Deno.mkdirSync(pluginsDir, { recursive: true, mode: 0o700 });
    Deno.symlinkSync(source, fresh, { type: "dir" });
    Deno.renameSync(fresh, path);
  } catch (cause) {
    throw refused(errorText(cause), cause);
  }
}

function readManifest(source: string): string {
  const folder = statOf(source);
  if (folder === undefined) throw refused(`source folder not found: ${source}`);
  if (!folder.isDirectory) throw refused(`source path is not a directory: ${source}`);
  const path = join(source, "manifest.json");
  const file = statOf(path);
  if (!file?.isFile) throw refused(`source folder missing manifest.json: ${source}`);
  if (file.size > MAX_MANIFEST_BYTES) {
    throw refused(`manifest.json is larger than 1 MiB: ${source}`);
  }
  return Deno.readTextFileSync(path);
}

/** The manifest's name where it can be an id, else the folder's. */
function idOf({ name }: Manifest, source: string): string {
  const names = name.endsWith(PACKAGE_ENDING) || name.startsWith(".") ? [] : [name];
  for (const candidate of names) {
    try {
      return pluginId(candidate);
    } catch {
      // the folder's name is next
    }
  }
  return pluginId(basename(source));
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}

function refused(state: string, cause?: unknown): SoundproofError {
  const options = cause === undefined ? {} : { cause };
  return new SoundproofError("cli.link_refused", `Cannot make the link: ${state}`, options);
}
