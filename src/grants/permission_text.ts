import { type Manifest, type Permissions, readPermissions } from "../manifest/mod.ts";

/** What a manifest asks for. */
export interface Asked extends Pick<Manifest, "permissions" | "hostFunctions"> {
  /** As in a manifest. */
  readonly permissions: Permissions;
}

/** What a manifest asks for in one canonical spelling, with keys in order, for an approval to be bound to. */
export function permissionText({ permissions, hostFunctions }: Asked): string {
  return JSON.stringify({ permissions, hostFunctions }, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** Reads what {@link permissionText} has written. */
export function readPermissionText(text: string): Asked {
  const { permissions = {}, hostFunctions } = JSON.parse(text);
  return {
    // In this text everything is explicit; the dialect that fills nothing in reads it as it is.
    permissions: readPermissions("protobuf", permissions, (_key, reason) => reason),
    ...(Array.isArray(hostFunctions) && { hostFunctions: hostFunctions.map(String) }),
  };
}
