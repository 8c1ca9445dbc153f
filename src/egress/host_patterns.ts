/**
 * One pattern of `requiredHosts`, parsed and matched.
 *
 * @module
 */

import { bareHost, parseAddress } from "./addresses.ts";
import { compileGlob } from "./glob.ts";

/** Labels that a name of the DNS can have; the URL parser lets more through (`a;b`, `a..b`). */
export const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** A parsed host pattern: any port, path and method. */
export interface HostPattern {
  /** The pattern as written. */
  readonly text: string;
  /** The one host it stands for; absent for globs. */
  readonly exact?: string;
  /** The glob in lower case; absent for exact hosts. */
  readonly glob?: string;
  /** Whether a host, in lower case and without brackets and root dot, is one of these. */
  readonly matches: (host: string) => boolean;
}

/**
 * Parses a host pattern: an exact host or address, `*.example.com`, `*`, or a glob in Extism's syntax.
 *
 * @returns the pattern, or `undefined` where it can match no host (a port or path inside, an invalid glob)
 */
export function parseHostPattern(text: string): HostPattern | undefined {
  const address = parseAddress(text);
  if (address !== undefined) {
    const exact = address.toString();
    return { text, exact, matches: (host) => host === exact };
  }
  const lower = bareHost(text);
  if (lower === "" || /[\s/:@\\%#]/.test(lower)) return undefined;
  if (/[*?[\]{}!]/.test(lower)) {
    const matches = compileGlob(lower);
    return matches && { text, glob: lower, matches };
  }
  const exact = URL.parse(`http://${lower}/`)?.hostname ?? "";
  if (!HOST_NAME.test(exact)) return undefined;
  return { text, exact, matches: (host) => host === exact };
}
