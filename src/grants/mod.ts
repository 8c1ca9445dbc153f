/**
 * Grants: what an administrator approved, and what therefore holds.
 *
 * A pure room: values in, values out. Nothing in it knows how a permission is enforced.
 *
 * @module
 */

export { type Assignment, checkAssignment, NOTHING_ASSIGNED } from "./assignment.ts";
export {
  checkLocalGrant,
  effectivePermissions,
  type Grant,
  type GrantVerdict,
  type LocalGrant,
  NOTHING_LOCAL,
  permissionText,
} from "./grant.ts";
