import { isIPv4, isIPv6 } from "node:net";
import { SoundproofError } from "../errors.ts";

/** A port of this machine. */
export interface Address {
  /** `localhost`, or an IP address (without brackets). */
  readonly hostname: string;
  /** TCP port; 0 lets the system choose one. */
  readonly port: number;
}

/** A Unix socket. */
export interface SocketPath {
  /** As written. */
  readonly path: string;
}

/** Where the service listens. */
export type Listen = Address | SocketPath;

/**
 * Reads `HOST:PORT` or `unix:PATH`.
 *
 * @throws {SoundproofError} `configuration.invalid`
 */
export function parseListen(text: string): Listen {
  const [, path] = /^unix:([^\0]+)$/.exec(text) ?? [];
  if (path !== undefined) return { path };
  const [, host = "", digits = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const [, inner = ""] = /^\[(.+)\]$/.exec(host) ?? [];
  const port = Number(digits);
  if (port <= 65535 && (host === "localhost" || isIPv4(host) || isIPv6(inner))) {
    return { hostname: inner || host, port };
  }
  throw new SoundproofError(
    "configuration.invalid",
    `Cannot listen on "${text}": want HOST:PORT, such as 127.0.0.1:4747, or unix:PATH`,
  );
}

/** Whether only this machine's own processes can come there. */
export function isLocal(listen: Listen): boolean {
  return "path" in listen || /^(?:localhost$|127\.|::1$)/.test(listen.hostname);
}
