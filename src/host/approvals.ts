import { type Approval, asksForMore, readDecision, readPermissionText } from "../grants/mod.ts";
import type { ApprovalRecord, PluginRecord } from "../state/mod.ts";

/** Why a package waits, in the audit record. */
export const ASKS_FOR_MORE = "it asks for more than was approved, and waits";

/** What was approved, from what was written down. */
export function approvalOf(record: ApprovalRecord | undefined): Approval | undefined {
  return record && { ...record, decision: readDecision({ ...record.decision }) };
}

/** An approval as it holds for another package, if that asks for nothing that was not approved. */
export function reboundTo<Known extends Approval | ApprovalRecord>(
  known: Known,
  sha256: string,
  permissions: string,
): Known | undefined {
  const grows = asksForMore(readPermissionText(known.permissions), readPermissionText(permissions));
  return grows ? undefined : { ...known, sha256, permissions };
}

/** What was approved of another package stays known, for the day that comes back. */
export function previousOf(
  before: PluginRecord | undefined,
  sha256: string,
): Pick<PluginRecord, "previous"> {
  const approval = before?.approval;
  return approval === undefined || approval.sha256 === sha256 ? {} : { previous: approval };
}

/**
 * A record once another package lies there: what was approved of exactly that one before holds again; else what is
 * approved now, if it asks for nothing more.
 *
 * @param permissions What it asks for, as {@link permissionText} writes it.
 */
export function recordAfter(
  before: PluginRecord,
  sha256: string,
  permissions: string,
): PluginRecord {
  const { approval, previous } = before;
  const after = { ...before, installed: sha256 };
  if (approval === undefined || approval.sha256 === sha256) return after;
  const next = previous?.sha256 === sha256 ? previous : reboundTo(approval, sha256, permissions);
  return next === undefined ? after : { ...after, approval: next, previous: approval };
}
