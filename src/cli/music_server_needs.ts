import { isIPv4 } from "node:net";
import { dirname, resolve } from "node:path";
import type { Configuration } from "../configuration/mod.ts";
import { readLibrary } from "./library_file.ts";

/** What a process must be allowed for the music server it has. */
export interface MusicServerNeeds {
  /** Absolute paths. */
  readonly read: readonly string[];
  /** Absolute paths of library folders. */
  readonly write: readonly string[];
  /** Names of environment variables. */
  readonly env: readonly string[];
  /** The server's own address, where its URL has one. */
  readonly addresses: readonly string[];
}

/** What no music server needs. */
export const NO_MUSIC_SERVER: MusicServerNeeds = { read: [], write: [], env: [], addresses: [] };

/** What the configured music server needs; a library file that cannot be read names no folders. */
export function needsOf({ musicServer }: Configuration, configFile: string): MusicServerNeeds {
  if (musicServer === undefined) return NO_MUSIC_SERVER;
  const folder = dirname(configFile);
  const folders = new Map(musicServer.libraryPaths);
  const needs = { read: [] as string[], env: [] as string[], addresses: [] as string[] };
  if (musicServer.kind === "memory") {
    const file = resolve(folder, musicServer.library);
    needs.read.push(file);
    for (const { id, path } of foldersIn(file)) {
      if (!folders.has(id)) folders.set(id, path);
    }
  } else {
    const { hostname } = new URL(musicServer.url);
    if (isIPv4(hostname)) needs.addresses.push(hostname);
    if ("file" in musicServer.password) {
      needs.read.push(resolve(folder, musicServer.password.file));
    } else needs.env.push(musicServer.password.env);
  }
  const writable = musicServer.writableLibraries;
  return {
    ...needs,
    read: [...needs.read, ...folders.values()],
    write: [...folders].filter(([id]) => writable.includes(id)).map(([, path]) => path),
  };
}

function foldersIn(file: string): { id: number; path: string }[] {
  try {
    const { libraries } = readLibrary(file);
    return Array.isArray(libraries)
      ? libraries.filter(({ id, path }) => Number.isInteger(id) && typeof path === "string")
      : [];
  } catch {
    return []; // what opens the music server says so
  }
}
