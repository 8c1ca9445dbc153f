import { basename, resolve } from "node:path";
import { SoundproofError } from "../errors.ts";
import { downloadPackage, PACKAGE_ENDING, readBytes, sha256 } from "../packages/mod.ts";
import type { PackageSource } from "./action.ts";
import { withProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { harmless } from "./text.ts";

/**
 * The bytes of a package to install.
 *
 * @param wanted The SHA-256 that they must have, in lower-case hex.
 * @throws {SoundproofError} `package.unreadable`, `package.too_large`, `package.hash_mismatch`, and what a download throws.
 */
export async function readSource(
  source: PackageSource,
  wanted: string | undefined,
  terminal: Terminal,
): Promise<Uint8Array<ArrayBuffer>> {
  if ("url" in source) {
    const { url } = source;
    const { bytes } = await withProgress(
      `Downloading ${harmless(sourceName(source))}`,
      terminal,
      (progress) => downloadPackage({ url, progress, ...(wanted && { sha256: wanted }) }),
    );
    return bytes;
  }
  const bytes = await readBytes(resolve(source.path));
  const found = await sha256(bytes);
  if (wanted === undefined || wanted === found) return bytes;
  throw new SoundproofError(
    "package.hash_mismatch",
    `Cannot use package: its SHA-256 is ${found}, want ${wanted}`,
  );
}

/** The name of a package file without its ending: the id it has unless another is said. */
export function sourceName(source: PackageSource): string {
  const name = "path" in source
    ? basename(resolve(source.path))
    : decodeURIComponent(basename(new URL(source.url).pathname));
  return name.endsWith(PACKAGE_ENDING) ? name.slice(0, -PACKAGE_ENDING.length) : name;
}
