/**
 * A data folder with packages in it, for tests of the host.
 *
 * @module
 */

import { join } from "node:path";
import { type LogEntry, PluginHost, type PluginHostOptions } from "../../src/host/mod.ts";
import { assemble } from "./guests.ts";
import { agentGuest } from "./kernel_guest.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { zip } from "./zip.ts";

/** A manifest that asks for nothing. */
export const PLAIN_MANIFEST = { name: "Test", author: "Test", version: "1.0.0" };

/** A guest that answers `nd_get_artist_mbid` with mbid `m`. */
export const GOOD_GUEST = agentGuest({
  exports: ["nd_get_artist_mbid"],
  output: `{"mbid":"m"}`,
});

/** What a package is made of; a plain manifest and {@link GOOD_GUEST} unless given. */
export interface PackageParts {
  /** An object, or the bytes as they are. */
  readonly manifest?: object | string | Uint8Array;
  /** WebAssembly as text or bytes. */
  readonly guest?: string | Uint8Array;
}

/** The bytes of a package. */
export function packageOf(parts: PackageParts = {}): Uint8Array<ArrayBuffer> {
  const { manifest, wasm } = filesOf(parts);
  return zip([
    { name: "manifest.json", data: manifest, deflated: true },
    { name: "plugin.wasm", data: wasm, deflated: true },
  ]);
}

/** A data folder that is removed at the end of its scope. */
export class TestData implements Disposable {
  readonly #folder: TempDir = tempDir();
  /** Everything that hosts on it have logged. */
  readonly log: LogEntry[] = [];

  /** The data folder; it does not exist before a host or a package makes it. */
  get path(): string {
    return join(this.#folder.path, "data");
  }

  /** Path of an entry of the plugins folder. */
  entry(name: string): string {
    return join(this.path, "plugins", name);
  }

  /** Path beside the data folder. */
  beside(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Puts a package into a folder; into the plugins folder unless `path` is given. */
  folder(name: string, parts: PackageParts = {}, path: string = this.entry(name)): string {
    const { manifest, wasm } = filesOf(parts);
    Deno.mkdirSync(path, { recursive: true });
    Deno.writeFileSync(join(path, "manifest.json"), manifest);
    Deno.writeFileSync(join(path, "plugin.wasm"), wasm);
    return path;
  }

  /** Puts a package into an archive. */
  archive(name: string, parts: PackageParts = {}, path: string = this.entry(name)): string {
    return this.file(name, packageOf(parts), path);
  }

  /** Writes a file into the plugins folder. */
  file(name: string, bytes: string | Uint8Array, path: string = this.entry(name)): string {
    Deno.mkdirSync(join(path, ".."), { recursive: true });
    Deno.writeFileSync(path, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    return path;
  }

  /** Puts a link into the plugins folder. */
  link(name: string, target: string): string {
    Deno.mkdirSync(join(this.entry(name), ".."), { recursive: true });
    return makeLink(target, this.entry(name));
  }

  /** Opens a host on it. */
  open(options: Omit<PluginHostOptions, "dataDir"> = {}): Promise<PluginHost> {
    return PluginHost.open({
      dataDir: this.path,
      log: (entry) => void this.log.push(entry),
      ...options,
    });
  }

  /** Messages that were logged, of one plugin or of the host itself. */
  messages(plugin?: string): string[] {
    return this.log.filter((entry) => entry.plugin === plugin).map(({ message }) => message);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/**
 * Makes a symbolic link, with `--allow-run=ln`: `Deno.symlink` would need to be allowed to write everywhere.
 */
export function makeLink(target: string, path: string): string {
  const { success, stderr } = new Deno.Command("ln", { args: ["-s", target, path] }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return path;
}

function filesOf({ manifest = PLAIN_MANIFEST, guest = GOOD_GUEST }: PackageParts) {
  const text = typeof manifest === "string" || manifest instanceof Uint8Array
    ? manifest
    : JSON.stringify(manifest);
  return {
    manifest: typeof text === "string" ? new TextEncoder().encode(text) : text,
    wasm: typeof guest === "string" ? assemble(guest) : guest,
  };
}
