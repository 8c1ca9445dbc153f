/**
 * AssemblyScript sources to a WebAssembly module that imports nothing but what it uses of
 * `extism:host/env` and `extism:host/user`.
 *
 * @module
 */

import { SoundproofError } from "../src/errors.ts";
import type { CompileReply, CompileRequest } from "./compile_worker.ts";

/** The name under which guests import the PDK. */
export const PDK_NAME = "@soundproof/pdk";

const PDK_FOLDER = new URL("pdk/assembly/", import.meta.url);

/** The file that is always compiled in, because the compiler's own `abort` is an import. */
const ABORT_FILE = "soundproof_abort.ts";

/** Options of {@link compileAssemblyScript}. */
export interface CompileOptions {
  /** The path in `sources` whose exports become the module's; default `index.ts`. */
  readonly entry?: string;
  /** Whether the module is optimized for size and speed, which doubles the time; default true. */
  readonly optimize?: boolean;
}

/**
 * Every AssemblyScript file below a folder, by its path from there.
 *
 * @param folder A URL that ends in `/`.
 */
export async function readSources(folder: URL): Promise<Record<string, string>> {
  const sources: Record<string, string> = {};
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) {
      const below = await readSources(new URL(`${entry.name}/`, folder));
      for (const [path, text] of Object.entries(below)) sources[`${entry.name}/${path}`] = text;
    } else if (entry.name.endsWith(".ts")) {
      sources[entry.name] = await Deno.readTextFile(new URL(entry.name, folder));
    }
  }
  return sources;
}

async function readLibrary(): Promise<Record<string, string>> {
  const library: Record<string, string> = {};
  for (const [path, text] of Object.entries(await readSources(PDK_FOLDER))) {
    library[path === ABORT_FILE ? path : `${PDK_NAME}/${path}`] = text;
  }
  return library;
}

/**
 * Compiles AssemblyScript, in memory, in a worker without permissions.
 *
 * The sources can import each other by relative paths, and the PDK as `@soundproof/pdk`.
 *
 * @param sources Source texts by path; a string alone is `index.ts`.
 * @returns The binary module. The same sources give the same bytes.
 * @throws {SoundproofError} `plugin.build_failed` with the compiler's diagnostics.
 *
 * @example
 * ```ts ignore
 * const wasm = await compileAssemblyScript("export function one(): i32 { return 1; }");
 * ```
 */
export async function compileAssemblyScript(
  sources: string | Readonly<Record<string, string>>,
  options: CompileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const request: CompileRequest = {
    sources: typeof sources === "string" ? { "index.ts": sources } : sources,
    entry: options.entry ?? "index.ts",
    library: await readLibrary(),
    optimize: options.optimize ?? true,
  };
  const reply = await compileInWorker(request);
  if ("wasm" in reply) return new Uint8Array(reply.wasm);
  throw new SoundproofError(
    "plugin.build_failed",
    `Cannot compile "${request.entry}": ${reply.diagnostics}`,
  );
}

function compileInWorker(request: CompileRequest): Promise<CompileReply> {
  const worker = new Worker(new URL("compile_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  const { promise, resolve, reject } = Promise.withResolvers<CompileReply>();
  worker.onmessage = (event: MessageEvent<CompileReply>) => resolve(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(
      new SoundproofError(
        "plugin.build_failed",
        `Cannot run the AssemblyScript compiler: ${event.message}`,
      ),
    );
  };
  worker.postMessage(request);
  return promise.finally(() => worker.terminate());
}
