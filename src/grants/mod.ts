/**
 * Grants: what an administrator approved, what therefore holds, and what an update asks for beyond it.
 *
 * A pure room: values in, values out. It promises that whatever is decided, a plugin may do nothing that its manifest
 * does not ask for. Nothing in it knows how a permission is enforced. Begin with `effective.ts` for what holds, with
 * `review.ts` for what is shown.
 *
 * @module
 */

export { type Approval, type ApprovalVerdict, judgeApproval } from "./approval.ts";
export { checkAssignment, checkDecision, mergeDecisions } from "./check_decision.ts";
export { asksForMore } from "./compare.ts";
export type { Decision, NetworkNarrowing } from "./decision.ts";
export {
  type Assignment,
  type EffectivePermissions,
  effectivePermissions,
  type GrantLimits,
} from "./effective.ts";
export { type NetworkKey, networkRules } from "./network_rules.ts";
export { type Asked, permissionText, readPermissionText } from "./permission_text.ts";
export { readDecision } from "./read_decision.ts";
export { type PermissionReview, type ReviewItem, reviewPermissions } from "./review.ts";
