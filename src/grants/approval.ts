import type { Manifest } from "../manifest/mod.ts";
import { asksForMore } from "./compare.ts";
import type { Decision } from "./decision.ts";
import { readPermissionText } from "./permission_text.ts";

/** What an administrator decided, and on what: these permissions, of this package. */
export interface Approval {
  /** SHA-256 of the package, lower-case hex. */
  readonly sha256: string;
  /** The permissions as they read on that day, as {@link permissionText} writes them. */
  readonly permissions: string;
  /** What was decided on them. */
  readonly decision: Decision;
}

/** A package as it is now. */
export interface Judged {
  readonly manifest: Manifest;
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
}

/**
 * Whether an approval covers a package: it *holds*; or the package *waits*, since it asks for more than was approved;
 * or it has *changed* behind our back; or nothing was ever approved.
 */
export type ApprovalVerdict = "holds" | "waits" | "changed" | "never";

/**
 * Judges a package.
 *
 * @param installed SHA-256 of the package that was put there last by a command, such as an update.
 */
export function judgeApproval(
  { manifest, sha256 }: Judged,
  approval: Approval | undefined,
  installed: string | undefined,
): ApprovalVerdict {
  if (approval === undefined) return "never";
  if (sha256 !== approval.sha256 && sha256 !== installed) return "changed";
  return asksForMore(readPermissionText(approval.permissions), manifest) ? "waits" : "holds";
}
