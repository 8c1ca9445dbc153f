import { isIPv4 } from "node:net";
import { dirname, resolve } from "node:path";
import { parse } from "smol-toml";
import type { Configuration, MusicServerConfiguration } from "../configuration/mod.ts";
import { errorText } from "../errors.ts";
import {
  type MemoryLibrary,
  memoryMusicServer,
  type MusicServer,
  subsonicMusicServer,
} from "../services/mod.ts";
import { type Terminal, warn } from "./terminal.ts";

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

/** The configured music server. One that cannot be had is told of, and the rest goes on without. */
export function openMusicServer(
  { musicServer }: Configuration,
  configFile: string,
  terminal: Terminal,
): MusicServer | undefined {
  if (musicServer === undefined) return undefined;
  try {
    const folder = dirname(configFile);
    const server = musicServer.kind === "memory"
      ? memoryMusicServer(readLibrary(resolve(folder, musicServer.library)))
      : subsonicMusicServer({
        baseUrl: musicServer.url,
        username: musicServer.username,
        credentials: { password: passwordOf(musicServer, folder) },
        formPost: musicServer.formPost,
        ...(musicServer.userHeader !== undefined && { userHeader: musicServer.userHeader }),
      });
    return withFolders(server, musicServer.libraryPaths);
  } catch (thrown) {
    warn(`${configFile}: $.MusicServer is not applied: ${errorText(thrown)}`, terminal);
    return undefined;
  }
}

/** The same music server for a command that runs no guest: it says what it offers, and nothing is asked of it. */
export function unasked(server: MusicServer): MusicServer {
  return { ...server, ...(server.libraries && { libraries: { list: () => Promise.resolve([]) } }) };
}

function withFolders(server: MusicServer, paths: ReadonlyMap<number, string>): MusicServer {
  const { libraries } = server;
  if (libraries === undefined || paths.size === 0) return server;
  return {
    ...server,
    libraries: {
      list: async (signal) =>
        (await libraries.list(signal)).map((library) => ({
          ...library,
          path: paths.get(library.id) ?? library.path,
        })),
    },
  };
}

/** A described library, its folders' paths absolute: as written they start at the file's own folder. */
function readLibrary(file: string): MemoryLibrary {
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

function passwordOf(
  { password }: MusicServerConfiguration & { kind: "subsonic" },
  folder: string,
): string {
  const text = "env" in password
    ? Deno.env.get(password.env)
    : Deno.readTextFileSync(resolve(folder, password.file)).replace(/\r?\n$/, "");
  if (text === undefined || text === "") throw new TypeError("the password is empty");
  return text;
}
