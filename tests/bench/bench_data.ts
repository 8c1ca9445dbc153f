/**
 * Data folders for the benchmarks: plugins that are enabled already, of modules nobody has compiled yet.
 *
 * @module
 */

import { join } from "node:path";
import { permissionText } from "../../src/grants/mod.ts";
import { parseManifest } from "../../src/manifest/mod.ts";
import { readPackage } from "../../src/packages/mod.ts";
import { DataFolder, PluginRecords } from "../../src/state/mod.ts";
import { tempDir } from "../support/temp_dir.ts";

/** A plugin as the benchmarks know it. */
export interface BenchPlugin {
  readonly id: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly manifest?: string;
  /** Whether it is one of Navidrome 0.57 to 0.59. */
  readonly older?: boolean;
}

const PLAIN_MANIFEST = `{"name":"Bench","author":"Soundproof","version":"1.0.0"}`;
let made = 0;

/** A module that does the same and is not the same: it has one more custom section. */
export function unseen(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(`bench ${performance.timeOrigin} ${made++}`);
  const copy = new Uint8Array(wasm.length + 3 + name.length);
  copy.set(wasm);
  copy.set([0, name.length + 1, name.length, ...name], wasm.length);
  return copy;
}

/** A folder that is removed at the end of its scope, with these plugins enabled in it. */
export async function dataFolder(
  plugins: readonly BenchPlugin[],
): Promise<{ readonly path: string } & Disposable> {
  const folder = tempDir();
  using data = await DataFolder.open(join(folder.path, "data"));
  using records = new PluginRecords(data.database);
  for (const { id, wasm, manifest = PLAIN_MANIFEST, older = false } of plugins) {
    const path = join(data.plugins, id);
    await Deno.mkdir(path, { recursive: true });
    await Deno.writeTextFile(join(path, "manifest.json"), manifest);
    await Deno.writeFile(join(path, "plugin.wasm"), wasm);
    const { sha256 } = await readPackage(path);
    const permissions = permissionText(parseManifest(manifest, { extism: !older }).manifest);
    records.set({ id, enabled: true, approval: { sha256, permissions, decision: {} } });
  }
  return { path: data.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}
