import { join, resolve } from "node:path";
import { type Configuration, isLocal, type Listen } from "../configuration/mod.ts";
import { SoundproofError } from "../errors.ts";
import type { StartCommand } from "./arguments.ts";
import { DEFAULT_LISTEN, type Places } from "./places.ts";

/** Where the service listens, and how; paths are absolute. */
export interface Endpoint {
  readonly listen: Listen;
  /** PEM files of a certificate and its key, where it speaks TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** A socket besides, for this machine's commands: where they would find a certificate of another name, or a strange address. */
  readonly socket?: string;
}

/**
 * Where the service listens by the command line and the configuration, whose relative paths start at the file's folder.
 *
 * @throws {SoundproofError} `configuration.invalid` where tokens would cross a network in clear, and nobody allowed it
 */
export function endpointOf(
  command: Pick<StartCommand, "listen" | "insecure">,
  cwd: string,
  configuration: Pick<Configuration, "listen" | "tls" | "allowInsecure">,
  { configFile, dataDir }: Pick<Places, "configFile" | "dataDir">,
): Endpoint {
  const folder = resolve(configFile, "..");
  const listen = command.listen === undefined
    ? within(folder, configuration.listen ?? DEFAULT_LISTEN)
    : within(cwd, command.listen);
  if ("path" in listen) return { listen };
  const { tls } = configuration;
  if (!isLocal(listen) && tls === undefined && !command.insecure && !configuration.allowInsecure) {
    throw new SoundproofError(
      "configuration.invalid",
      `Cannot listen on "${listen.hostname}": it is not loopback, and tokens would cross the network in clear; ` +
        "set TlsCertificate and TlsKey in [Server], or give --insecure-listen",
    );
  }
  return {
    listen,
    ...(tls !== undefined && {
      tls: { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) },
    }),
    ...((tls !== undefined || !isLocal(listen)) && { socket: join(dataDir, "soundproof.sock") }),
  };
}

function within(folder: string, listen: Listen): Listen {
  return "path" in listen ? { path: resolve(folder, listen.path) } : listen;
}
