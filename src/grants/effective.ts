import {
  type Manifest,
  PERMISSION_KEYS,
  type PermissionKey,
  type Permissions,
} from "../manifest/mod.ts";
import type { Decision } from "./decision.ts";
import { narrowNetwork } from "./narrow_network.ts";

/** Whose data a plugin gets. */
export interface Assignment {
  /** Names of users, equal in any letter case; `"all"` for every user, later ones too. */
  readonly users: readonly string[] | "all";
  /** Ids of libraries; `"all"` for every library, later ones too. */
  readonly libraries: readonly number[] | "all";
  /** Whether it may write into the folders of its libraries. */
  readonly writeLibraries: boolean;
}

/** Ceilings that the configuration sets on what can be granted. */
export interface GrantLimits {
  /** The host functions a plugin may import; absent for every one. */
  readonly hostFunctions?: readonly string[];
}

/** Manifest ∩ decision ∩ limits: all that a plugin may do. */
export interface EffectivePermissions {
  /** What its host services are made by, and its network rules. */
  readonly permissions: Permissions;
  /** Host functions among which those of its permissions must be; absent where there is no such list. */
  readonly hostFunctions?: readonly string[];
  /** Private hosts, addresses and CIDRs that are open to it. */
  readonly addresses: readonly string[];
  /** The users and libraries it gets. */
  readonly assignment: Assignment;
}

/** Permissions that mean nothing without another: with that they are withheld too. */
const NEEDED: Partial<Record<PermissionKey, PermissionKey>> = {
  matcher: "library",
  scrobbleRetriever: "users",
  subsonicapi: "users",
};

/** What a plugin may do, of what its manifest asks for. */
export function effectivePermissions(
  { permissions: asked, hostFunctions: listed }: Manifest,
  decision: Decision,
  { hostFunctions: allowed }: GrantLimits = {},
): EffectivePermissions {
  const withheld = withheldPermissions(asked, decision);
  const kept: { -readonly [Key in PermissionKey]?: Permissions[Key] } = { ...asked };
  for (const key of withheld) delete kept[key];
  const { http, websocket, ...others } = kept;
  const { localNetwork = false, addresses = [], users = [], libraries = [] } = decision;
  const hostFunctions = listed === undefined || allowed === undefined
    ? listed ?? allowed
    : listed.filter((name) => allowed.includes(name));
  return {
    permissions: {
      ...others,
      ...(http && { http: narrowNetwork("http", http, decision.http ?? {}, localNetwork) }),
      ...(websocket && {
        websocket: narrowNetwork("websocket", websocket, decision.websocket ?? {}, localNetwork),
      }),
    },
    ...(hostFunctions !== undefined && { hostFunctions }),
    addresses: http === undefined && websocket === undefined ? [] : addresses,
    assignment: {
      users: withheld.includes("users") ? [] : users,
      libraries: withheld.includes("library") ? [] : libraries,
      writeLibraries: decision.writeLibraries ?? false,
    },
  };
}

/** Permissions that a manifest asks for and a decision withholds. */
export function withheldPermissions(
  asked: Permissions,
  { without = [] }: Decision,
): PermissionKey[] {
  return PERMISSION_KEYS.filter((key) => {
    if (asked[key] === undefined) return false;
    const needed = NEEDED[key];
    return without.includes(key) ||
      (needed !== undefined && asked[needed] !== undefined && without.includes(needed));
  });
}
