import { dirname, join, resolve } from "node:path";
import type { Configuration, MusicServerConfiguration } from "../configuration/mod.ts";
import { errorText } from "../errors.ts";
import {
  memoryMusicServer,
  type MusicServer,
  type SubsonicClientOptions,
  subsonicMusicServer,
} from "../services/mod.ts";
import { ArtworkLinks } from "../sidecar/mod.ts";
import { readLibrary } from "./library_file.ts";
import { DEFAULT_LISTEN, type Places } from "./places.ts";

/** A music server that speaks the Subsonic API. */
export type SubsonicConfiguration = MusicServerConfiguration & { readonly kind: "subsonic" };

/**
 * The configured music server. One that cannot be had is told of, and the rest goes on without.
 *
 * @param baseUrl Where pictures are given out.
 */
export function openMusicServer(
  { musicServer }: Configuration,
  { configFile, dataDir }: Pick<Places, "configFile" | "dataDir">,
  baseUrl: string,
  warn: (text: string) => void,
): MusicServer | undefined {
  if (musicServer === undefined) return undefined;
  try {
    const server = musicServer.kind === "memory"
      ? memoryMusicServer(readLibrary(resolve(dirname(configFile), musicServer.library)))
      : subsonicMusicServer({
        ...clientOptions(musicServer, configFile),
        usernames: musicServer.usernames,
        artworkUrl: artworkUrls(dataDir, baseUrl),
      });
    return withFolders(server, musicServer.libraryPaths);
  } catch (thrown) {
    warn(`${configFile}: $.MusicServer is not applied: ${errorText(thrown)}`);
    return undefined;
  }
}

/** How a server that speaks the Subsonic API is asked. @throws {Error} Where its password cannot be read. */
export function clientOptions(
  musicServer: SubsonicConfiguration,
  configFile: string,
): SubsonicClientOptions {
  const { url, username, formPost, userHeader } = musicServer;
  return {
    baseUrl: url,
    username,
    credentials: { password: passwordOf(musicServer, dirname(configFile)) },
    formPost,
    ...(userHeader !== undefined && { userHeader }),
  };
}

/** Where the service is reached: from outside if the configuration says how, else from this machine. */
export function publicUrl({ publicUrl, listen = DEFAULT_LISTEN, tls }: Configuration): string {
  if (publicUrl !== undefined) return publicUrl;
  if ("path" in listen) return "http://localhost";
  return `${tls === undefined ? "http" : "https"}://localhost:${listen.port}`;
}

/** Where the data folder has what is known of players, and the key of the addresses of pictures. */
export function sidecarFolder(dataDir: string): string {
  return join(dataDir, "sidecar");
}

/** Addresses of pictures; the key is read, or made, at the first. */
function artworkUrls(dataDir: string, baseUrl: string): ArtworkLinks["url"] {
  let links: ArtworkLinks | undefined;
  return (kind, id, size) => {
    links ??= ArtworkLinks.open(sidecarFolder(dataDir), baseUrl);
    return links.url(kind, id, size);
  };
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

function passwordOf(
  { password }: SubsonicConfiguration,
  folder: string,
): string {
  const text = "env" in password
    ? Deno.env.get(password.env)
    : Deno.readTextFileSync(resolve(folder, password.file)).replace(/\r?\n$/, "");
  if (text === undefined || text === "") throw new TypeError("the password is empty");
  return text;
}
