import { join } from "node:path";
import { errorText, SoundproofError } from "../errors.ts";
import { unpack } from "./archive.ts";
import { PACKAGE_ENDING } from "./plugin_id.ts";

const MIB = 1024 * 1024;
/** Largest `.ndp`, and largest `plugin.wasm`. Bytes. */
export const MAX_PACKAGE_BYTES = 64 * MIB;
/** Largest `manifest.json`. Bytes. */
const MAX_MANIFEST_BYTES = MIB;

const FILES = { "manifest.json": MAX_MANIFEST_BYTES, "plugin.wasm": MAX_PACKAGE_BYTES } as const;

/** How a package lies on disk. */
export type PackageKind = "file" | "folder" | "link";

/** What is in a package, read whole into memory: what was hashed is what is parsed and run. */
export interface PackageContent {
  /** SHA-256, lower-case hex: of the `.ndp` file's bytes, or of a folder's two files together. */
  readonly sha256: string;
  /** Text of `manifest.json`, not yet understood. */
  readonly manifest: string;
  /** Bytes of `plugin.wasm`. */
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/** A package that lies on disk. */
export interface PluginPackage extends PackageContent {
  /** How it lies there. */
  readonly kind: PackageKind;
  /** Where it lies. */
  readonly path: string;
}

/**
 * Reads a package: an `.ndp` file, a folder with `manifest.json` and `plugin.wasm`, or a link to either.
 *
 * @throws {SoundproofError} `package.unreadable`, `package.too_large` and what {@link unpack} throws.
 */
export async function readPackage(path: string): Promise<PluginPackage> {
  const isLink = (await attempt(path, () => Deno.lstat(path))).isSymlink;
  const { isDirectory, isFile } = await attempt(path, () => Deno.stat(path));
  // A link may have any name, as long as it leads to a package.
  const target = isLink ? await attempt(path, () => Deno.realPath(path)) : path;
  if (!isDirectory && !(isFile && target.endsWith(PACKAGE_ENDING))) {
    throw unreadable(path, `it is neither a folder nor a file that ends in ${PACKAGE_ENDING}`);
  }
  const content = isDirectory ? await readFolder(path) : await readArchive(await readBytes(path));
  return { kind: isLink ? "link" : isDirectory ? "folder" : "file", path, ...content };
}

/**
 * Reads the bytes of an `.ndp` file, at most 64 MiB.
 *
 * @throws {SoundproofError} `package.unreadable`, `package.too_large`.
 */
export function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return readBounded(path, MAX_PACKAGE_BYTES);
}

/**
 * Reads a package from the bytes of its `.ndp` file.
 *
 * @throws {SoundproofError} `package.too_large`, `manifest.invalid` and what {@link unpack} throws.
 */
export async function readArchive(bytes: Uint8Array<ArrayBuffer>): Promise<PackageContent> {
  if (bytes.byteLength > MAX_PACKAGE_BYTES) {
    throw new SoundproofError(
      "package.too_large",
      `Cannot read package: size is ${bytes.byteLength} bytes, max size is ${MAX_PACKAGE_BYTES}`,
    );
  }
  const files = await unpack(bytes, FILES);
  return {
    sha256: await sha256(bytes),
    manifest: manifestText(files["manifest.json"]),
    wasm: files["plugin.wasm"],
  };
}

/**
 * Reads a package from a folder with `manifest.json` and `plugin.wasm`.
 *
 * @throws {SoundproofError} `package.unreadable`, `package.too_large`, `package.file_missing`, `manifest.invalid`.
 */
export async function readFolder(path: string): Promise<PackageContent> {
  const read = async (name: keyof typeof FILES) => {
    const file = join(path, name);
    if (await exists(file)) return await readBounded(file, FILES[name]);
    throw new SoundproofError(
      "package.file_missing",
      `Cannot read "${path}": it is missing ${name}`,
    );
  };
  const manifest = await read("manifest.json");
  const wasm = await read("plugin.wasm");
  // The hash of the hashes, so that no byte can move from one file to the other unseen.
  const hashes = `${await sha256(manifest)} manifest.json\n${await sha256(wasm)} plugin.wasm\n`;
  return {
    sha256: await sha256(new TextEncoder().encode(hashes)),
    manifest: manifestText(manifest),
    wasm,
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw unreadable(path, errorText(thrown));
  }
}

async function readBounded(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  // Asked before it is opened: opening a named pipe waits until someone writes into it.
  if (!(await attempt(path, () => Deno.stat(path))).isFile) throw unreadable(path, "it is no file");
  using file = await attempt(path, () => Deno.open(path));
  // Deno asks of an open file whether the place that links led to may be read.
  const { size } = await attempt(path, () => file.stat());
  if (size > limit) {
    throw new SoundproofError(
      "package.too_large",
      `Cannot read "${path}": size is ${size} bytes, max size is ${limit}`,
    );
  }
  // One byte more than it said, to notice a file that grows meanwhile.
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = await attempt(path, () => file.read(buffer.subarray(length)));
    if (read === null) break;
    length += read;
  }
  if (length !== size) throw unreadable(path, "it changes while it is read");
  return buffer.slice(0, size);
}

function manifestText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SoundproofError("manifest.invalid", "Cannot read manifest: it is not UTF-8");
  }
}

/** SHA-256 of bytes, in lower-case hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    throw unreadable(path, stateOf(thrown));
  }
}

function stateOf(thrown: unknown): string {
  if (thrown instanceof Deno.errors.NotFound) return "it does not exist";
  if (!(thrown instanceof Deno.errors.NotCapable)) return errorText(thrown);
  return "this process may read where links led when it was started, and not where this one leads";
}

function unreadable(path: string, state: string): SoundproofError {
  return new SoundproofError("package.unreadable", `Cannot read "${path}": ${state}`);
}
