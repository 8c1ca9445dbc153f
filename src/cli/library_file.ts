import { dirname, resolve } from "node:path";
import { parse } from "smol-toml";
import type { MemoryLibrary } from "../services/mod.ts";

/** A described library, its folders' paths absolute: as written they start at the file's own folder. */
export function readLibrary(file: string): MemoryLibrary {
  const text = Deno.readTextFileSync(file);
  const library: unknown = /\.json$/i.test(file) ? JSON.parse(text) : parse(text);
  if (typeof library !== "object" || library === null) {
    throw new TypeError(`"${file}" holds no table`);
  }
  const { libraries, ...rest }: { libraries?: unknown } = library;
  if (!Array.isArray(libraries)) return { ...library };
  return {
    ...rest,
    libraries: libraries.map((entry) =>
      typeof entry?.path === "string"
        ? { ...entry, path: resolve(dirname(file), entry.path) }
        : entry
    ),
  };
}
