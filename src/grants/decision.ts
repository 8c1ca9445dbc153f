import type { PermissionKey } from "../manifest/mod.ts";

/** Network rules that an administrator leaves of those a manifest asks for. */
export interface NetworkNarrowing {
  /** Host patterns, each covered by a host that the manifest asks for; absent for all of them. */
  readonly hosts?: readonly string[];
  /**
   * URL patterns with the methods of each, `*` for any: those of the manifest's `allowedUrls`, with no method more than
   * there; where it has none, any within its hosts. Absent for all of them.
   */
  readonly urls?: Readonly<Record<string, readonly string[]>>;
}

/**
 * What an administrator decides about one plugin. What is absent stays as it was decided before; what was never
 * decided, or was revoked, is as each comment says.
 */
export interface Decision {
  /** Permissions that are withheld altogether, and with them those that cannot be without. At first none. */
  readonly without?: readonly PermissionKey[];
  /** Where its requests may go. At first wherever the manifest asks for. */
  readonly http?: NetworkNarrowing;
  /** Where its WebSockets may go. At first wherever the manifest asks for. */
  readonly websocket?: NetworkNarrowing;
  /** Whether loopback and private networks are open, where the manifest asks for them too. At first not. */
  readonly localNetwork?: boolean;
  /** Private hosts, addresses or CIDRs that are open, whatever the manifest asks for. At first none. */
  readonly addresses?: readonly string[];
  /** Names of the users whose data it gets, equal in any letter case; `"all"` for later ones too. At first none. */
  readonly users?: readonly string[] | "all";
  /** Ids of the libraries it gets; `"all"` for later ones too. At first none. */
  readonly libraries?: readonly number[] | "all";
  /** Whether it may write into the folders of its libraries. At first not. */
  readonly writeLibraries?: boolean;
}
