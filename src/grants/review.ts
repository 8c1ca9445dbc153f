import { PERMISSION_KEYS, type PermissionKey } from "../manifest/mod.ts";
import { comparePermission, newFunctions } from "./compare.ts";
import type { Decision } from "./decision.ts";
import { withheldPermissions } from "./effective.ts";
import type { Asked } from "./permission_text.ts";
import { plainWords } from "./plain_words.ts";

/** One permission as a person decides on it. */
export interface ReviewItem {
  /** Its key in the manifest. */
  readonly permission: PermissionKey;
  /** What it allows, in plain words, a sentence a line. */
  readonly allows: readonly string[];
  /** Why, in the author's words; empty where the author gives no reason. */
  readonly reason: string;
  /** What is unusual about it: any host, http instead of https, the local network, administrators, files. */
  readonly unusual: readonly string[];
  /** Whether the decision that stands withholds it altogether. */
  readonly withheld: boolean;
  /** Beside what was approved last: asked for anew, more than then, less than then, or the same. */
  readonly change: "new" | "wider" | "narrower" | "same";
  /** What is asked for that was not approved, and what no longer is, a line each: `+ host api.example.com`. */
  readonly difference: readonly string[];
}

/** Everything a package asks for, beside what an administrator approved last, if ever. */
export interface PermissionReview {
  /** The permissions, in the order of their keys. */
  readonly items: readonly ReviewItem[];
  /** Permissions that were approved and are no longer asked for. */
  readonly dropped: readonly PermissionKey[];
  /** Host functions that a manifest lists and that were not approved; `*` where it listed them and now asks for all. */
  readonly functions: readonly string[];
  /** Whether more is asked for than was approved: what cannot run before it is approved. */
  readonly grows: boolean;
}

/**
 * What a manifest asks for, beside what was approved.
 *
 * @param approved What was asked for when an administrator decided last; absent where they never did.
 * @param decision What they decided.
 */
export function reviewPermissions(
  asked: Asked,
  approved: Asked | undefined,
  decision: Decision = {},
): PermissionReview {
  const withheld = withheldPermissions(asked.permissions, decision);
  const before = approved?.permissions ?? {};
  const items = PERMISSION_KEYS.flatMap((permission): ReviewItem[] => {
    const now = asked.permissions[permission];
    if (now === undefined) return [];
    return [{
      permission,
      ...plainWords(permission, now),
      reason: now.reason ?? "",
      withheld: withheld.includes(permission),
      ...comparePermission(permission, before[permission], now),
    }];
  });
  const listed = approved === undefined ? asked.hostFunctions ?? [] : newFunctions(approved, asked);
  return {
    items,
    dropped: PERMISSION_KEYS.filter((key) =>
      before[key] !== undefined && asked.permissions[key] === undefined
    ),
    functions: listed,
    grows: listed.length > 0 || approved === undefined && items.length > 0 ||
      items.some(({ change }) => change === "new" || change === "wider"),
  };
}
