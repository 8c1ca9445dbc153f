import type { Manifest, Permissions } from "../manifest/mod.ts";

/** What an administrator approved: these permissions, of this package. */
export interface Grant {
  /** SHA-256 of the package, lower-case hex. */
  readonly sha256: string;
  /** The permissions as they read on that day, as {@link permissionText} writes them. */
  readonly permissions: string;
}

/** Whether a grant still covers a package. */
export type GrantVerdict =
  | { readonly holds: true; readonly permissions: Permissions }
  | { readonly holds: false; readonly state: string };

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
  return { holds: true, permissions: manifest.permissions };
}
