/**
 * What tests need of the AssemblyScript compiler, compiled once: by whichever test file asks first, for all
 * of them and for later runs, until a source, the PDK or the compiler changes.
 *
 * @module
 */

import { packFiles } from "../../src/packages/mod.ts";
import { compileAssemblyScript, type CompileOptions, readSources } from "../../plugins/compile.ts";

const ROOT = new URL("../../", import.meta.url);
const KEPT = "tests/.tmp/built";

/** Everything besides the sources that the bytes of a module depend on. */
const COMPILER = (async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const files = ["compile.ts", "compile_worker.ts"].map((name) => new URL(`plugins/${name}`, ROOT));
  return [
    imports.assemblyscript,
    await readSources(new URL("plugins/pdk/assembly/", ROOT)),
    ...await Promise.all(files.map((file) => Deno.readTextFile(file))),
  ];
})();

/** The module of these sources, compiled unless that was done before. */
export async function compiled(
  sources: string | Readonly<Record<string, string>>,
  options: CompileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = new TextEncoder().encode(JSON.stringify([await COMPILER, sources, options]));
  const path = `${KEPT}/${new Uint8Array(await crypto.subtle.digest("SHA-256", parts)).toHex()}`;
  await Deno.mkdir(KEPT, { recursive: true });
  // Test files run at once: the second to ask waits for the first one's module.
  using lock = await Deno.open(`${path}.lock`, { create: true, write: true });
  await lock.lock(true);
  try {
    return await Deno.readFile(`${path}.wasm`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const wasm = await compileAssemblyScript(sources, options);
  await Deno.writeFile(`${path}.new`, wasm);
  await Deno.rename(`${path}.new`, `${path}.wasm`);
  return wasm;
}

/** The module of a guest of `tests/guests`, by its folder's name. */
export async function guestModule(name: string): Promise<WebAssembly.Module> {
  return await moduleOf(`tests/guests/${name}/`);
}

/** The module of an example plugin, by its id. */
export async function pluginModule(id: string): Promise<WebAssembly.Module> {
  return await moduleOf(`plugins/${id}/`);
}

/** The package of an example plugin, by its id: the bytes that `plugins:build` writes. */
export async function builtPlugin(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = new URL(`plugins/${id}/`, ROOT);
  const manifest = await Deno.readTextFile(new URL("manifest.json", folder));
  return await packFiles(manifest, await compiled(await readSources(new URL("assembly/", folder))));
}

async function moduleOf(folder: string): Promise<WebAssembly.Module> {
  const sources = await readSources(new URL(`${folder}assembly/`, ROOT));
  return new WebAssembly.Module(await compiled(sources));
}
