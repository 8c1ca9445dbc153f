import { isIPv4 } from "node:net";
import type { Endpoint } from "./endpoint.ts";

/** What a process must be allowed to listen. */
export interface ListeningNeeds {
  /** Absolute paths. */
  readonly read: readonly string[];
  /** Absolute paths. */
  readonly write: readonly string[];
  /** IPv4 addresses that it listens on. */
  readonly addresses: readonly string[];
}

/** What listening there needs; a socket besides is in the data folder. */
export function listeningNeeds({ listen, tls }: Endpoint): ListeningNeeds {
  const files = tls === undefined ? [] : [tls.certificate, tls.key].flatMap(withTarget);
  if ("path" in listen) return { read: [listen.path], write: [listen.path], addresses: [] };
  return { read: files, write: [], addresses: isIPv4(listen.hostname) ? [listen.hostname] : [] };
}

/** A path, and what is behind it if it is a link, as certificates often are. */
function withTarget(path: string): string[] {
  try {
    return [...new Set([path, Deno.realPathSync(path)])];
  } catch {
    return [path]; // nothing there: the service will say so
  }
}
