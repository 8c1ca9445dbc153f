import { TextReader, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { readFolder } from "./plugin_package.ts";

/**
 * Makes the `.ndp` archive of a folder with `manifest.json` and `plugin.wasm`; other files are left out. The same two
 * files give the same bytes, wherever and whenever it is made.
 *
 * @throws {SoundproofError} `package.unreadable`, `package.too_large`, `package.file_missing`, `manifest.invalid`.
 */
export async function pack(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const { manifest, wasm } = await readFolder(folder);
  return await packFiles(manifest, wasm);
}

/** Makes an `.ndp` archive of a manifest and a module, as {@link pack} does. Neither is looked at. */
export async function packFiles(
  manifest: string,
  wasm: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  // Stored, because a deflated stream differs between versions of zlib; DOS time is local time.
  const zip = new ZipWriter(new Uint8ArrayWriter(), {
    level: 0,
    lastModDate: new Date(1980, 0, 1),
    extendedTimestamp: false,
    useWebWorkers: false,
  });
  await zip.add("manifest.json", new TextReader(manifest));
  await zip.add("plugin.wasm", new Uint8ArrayReader(wasm));
  return await zip.close();
}
