/**
 * Builds the plugins of this folder into packages: `deno task plugins:build [ID…] [--out DIR]`.
 *
 * A plugin is a folder with `manifest.json` and `assembly/index.ts`. Its package is a zip of
 * `manifest.json` and `plugin.wasm` whose bytes depend on nothing but the sources.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { errorText, SoundproofError } from "../src/errors.ts";
import { packFiles } from "../src/packages/mod.ts";
import { compileAssemblyScript, readSources } from "./compile.ts";

const PLUGINS_FOLDER = new URL("./", import.meta.url);

/** Ids of the plugins whose sources are beside this file, sorted. */
export async function pluginIds(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(PLUGINS_FOLDER)) {
    if (isDirectory && await isFile(new URL(`${name}/manifest.json`, PLUGINS_FOLDER))) {
      ids.push(name);
    }
  }
  return ids.sort();
}

/**
 * Builds one plugin.
 *
 * @param idOrFolder An id (`hello`), or a path or URL of a folder with `manifest.json` and
 * `assembly/index.ts`. What has no `/` or `\` is an id.
 * @returns The bytes of an `.ndp` package. The same sources give the same bytes.
 * @throws {SoundproofError} `plugin.build_failed` if a file is missing or the sources do not compile.
 */
export async function buildPlugin(idOrFolder: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const folder = folderUrl(idOrFolder);
  const [manifest, sources] = await readPlugin(folder);
  return await packFiles(manifest, await compileAssemblyScript(sources));
}

function folderUrl(idOrFolder: string | URL): URL {
  if (idOrFolder instanceof URL) return new URL(`${idOrFolder.href.replace(/\/$/, "")}/`);
  if (!/[/\\]/.test(idOrFolder)) return new URL(`${idOrFolder}/`, PLUGINS_FOLDER);
  return new URL(`${pathToFileURL(resolve(idOrFolder)).href}/`);
}

async function readPlugin(folder: URL): Promise<[string, Record<string, string>]> {
  try {
    const manifest = await Deno.readTextFile(new URL("manifest.json", folder));
    JSON.parse(manifest);
    return [manifest, await readSources(new URL("assembly/", folder))];
  } catch (cause) {
    throw new SoundproofError(
      "plugin.build_failed",
      `Cannot read the sources of plugin "${basename(folder.pathname)}": ${errorText(cause)}`,
      { cause },
    );
  }
}

async function isFile(url: URL): Promise<boolean> {
  try {
    return (await Deno.stat(url)).isFile;
  } catch {
    return false;
  }
}

/**
 * The command: builds the plugins named by id or folder, or all of them, into `plugins/dist`.
 *
 * @param args `[ID | FOLDER …] [--out DIR]`
 * @returns The exit code: 0 if all were built, 1 if not.
 * @throws {TypeError} for unknown options.
 */
export async function buildCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: "string" } },
  });
  const out = values.out === undefined
    ? new URL("dist/", PLUGINS_FOLDER)
    : new URL(`${pathToFileURL(resolve(values.out)).href}/`);
  await Deno.mkdir(out, { recursive: true });
  const targets = positionals.length > 0 ? positionals : await pluginIds();
  const outcomes = await Promise.all(targets.map((target) => buildInto(out, target)));
  return outcomes.every((built) => built) ? 0 : 1;
}

async function buildInto(out: URL, target: string): Promise<boolean> {
  const name = `${basename(folderUrl(target).pathname)}.ndp`;
  try {
    const bytes = await buildPlugin(target);
    await Deno.writeFile(new URL(name, out), bytes);
    print(Deno.stdout, `${name}  ${bytes.length} bytes`);
    return true;
  } catch (thrown) {
    print(Deno.stderr, errorText(thrown));
    return false;
  }
}

function print(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  stream.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  try {
    Deno.exitCode = await buildCommand(Deno.args);
  } catch (thrown) {
    print(Deno.stderr, errorText(thrown));
    Deno.exitCode = 2;
  }
}
