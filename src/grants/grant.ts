import { SoundproofError } from "../errors.ts";
import type { Manifest, NetworkPermission, Permissions } from "../manifest/mod.ts";

/** Private addresses that an administrator opens to a plugin. None unless they say so. */
export interface LocalGrant {
  /** Loopback and private networks, where the manifest asks for them too. */
  readonly network: boolean;
  /** Single hosts, addresses or CIDRs, whatever the manifest asks for. */
  readonly addresses: readonly string[];
}

/** What an administrator approved: these permissions, of this package. */
export interface Grant {
  /** SHA-256 of the package, lower-case hex. */
  readonly sha256: string;
  /** The permissions as they read on that day, as {@link permissionText} writes them. */
  readonly permissions: string;
  readonly local: LocalGrant;
}

/** Whether a grant still covers a package. */
export type GrantVerdict =
  | { readonly holds: true; readonly permissions: Permissions; readonly local: LocalGrant }
  | { readonly holds: false; readonly state: string };

/** Opens nothing. */
export const NOTHING_LOCAL: LocalGrant = Object.freeze({ network: false, addresses: [] });

/** A manifest's permissions in one canonical spelling, with keys in order, for a grant to be bound to. */
export function permissionText({ permissions, hostFunctions }: Manifest): string {
  return JSON.stringify({ permissions, hostFunctions }, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/**
 * What a plugin may do: what its manifest asks for, if exactly that, of exactly these bytes, was granted.
 *
 * @param sha256 Of the package as it is now.
 */
export function effectivePermissions(
  manifest: Manifest,
  sha256: string,
  grant: Grant,
): GrantVerdict {
  if (grant.sha256 !== sha256) {
    return { holds: false, state: "its package has changed since it was enabled" };
  }
  if (grant.permissions !== permissionText(manifest)) {
    return { holds: false, state: "its permissions read otherwise than when it was enabled" };
  }
  const { http, websocket, ...others } = manifest.permissions;
  const narrow = (permission: NetworkPermission): NetworkPermission => ({
    ...permission,
    allowLocalNetwork: permission.allowLocalNetwork && grant.local.network,
  });
  return {
    holds: true,
    permissions: {
      ...others,
      ...(http !== undefined && { http: narrow(http) }),
      ...(websocket !== undefined && { websocket: narrow(websocket) }),
    },
    local: grant.local,
  };
}

/**
 * Checks what an administrator wants to open.
 *
 * @throws {SoundproofError} `grant.invalid` where the manifest does not ask for the local network, or
 * for the network at all.
 */
export function checkLocalGrant(manifest: Manifest, local: LocalGrant): void {
  const { http, websocket } = manifest.permissions;
  const asked = [http, websocket].filter((permission) => permission !== undefined);
  const refuse = (state: string) =>
    new SoundproofError("grant.invalid", `Cannot grant private addresses: ${state}`);
  if (local.addresses.length > 0 && asked.length === 0) {
    throw refuse("the manifest asks for no network permission");
  }
  if (local.network && !asked.some(({ allowLocalNetwork }) => allowLocalNetwork)) {
    throw refuse("the manifest does not ask for the local network; name single addresses instead");
  }
}
