import { errorText, SoundproofError } from "../errors.ts";
import {
  type Approval,
  checkAssignment,
  checkDecision,
  type Decision,
  effectivePermissions,
  mergeDecisions,
  permissionText,
  readDecision,
} from "../grants/mod.ts";
import type { PluginRecords } from "../state/mod.ts";
import { approvalOf, ASKS_FOR_MORE, previousOf, reboundTo } from "./approvals.ts";
import type { Chronicle } from "./chronicle.ts";
import { deniedText } from "./denied_addresses.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ReadPlugin } from "./loading.ts";
import type { PluginEntry } from "./plugin_entry.ts";

/** What {@link Decisions} work with. */
export interface DecisionParts {
  readonly records: PluginRecords;
  readonly chronicle: Chronicle;
  readonly lifecycle: Lifecycle;
}

/** What an administrator decides about plugins. Every method is called in the plugin's turn. */
export class Decisions {
  readonly #parts: DecisionParts;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /**
   * Grants what a plugin asks for, as far as a decision goes, of its package as it lies there now. What is refused
   * changes nothing: a plugin that runs goes on as it was.
   *
   * @param decidedOn The SHA-256 of the package that was decided on; whichever lies there unless given.
   * @param run Whether it is to run from then on; as it was before unless given.
   * @throws {SoundproofError} `plugin.switched_off`, `plugin.changed`, `grant.invalid`, or why it cannot be loaded. One that
   * did not run is granted and *failed* then.
   */
  async approve(
    entry: PluginEntry,
    decision: Decision,
    decidedOn: string | undefined,
    run?: true,
  ): Promise<void> {
    const { records, chronicle, lifecycle } = this.#parts;
    const { id } = entry;
    const off = lifecycle.switchedOff(id);
    if (run && off !== undefined) {
      throw new SoundproofError("plugin.switched_off", `Cannot enable plugin "${id}": ${off}`);
    }
    const before = records.get(id);
    const read = await lifecycle.read(entry);
    if (decidedOn !== undefined && read.source.sha256 !== decidedOn) {
      const state = "its package is another than the one that was decided on";
      throw new SoundproofError("plugin.changed", `Cannot grant plugin "${id}" anything: ${state}`);
    }
    const approval = approve(read, approvalOf(before?.approval)?.decision ?? {}, decision);
    const enabled = run ?? before?.enabled ?? false;
    const { sha256 } = read.source;
    const write = () => {
      records.set({
        ...before,
        id,
        enabled,
        installed: sha256,
        approval: { ...approval },
        ...previousOf(before, sha256),
      });
      const code = run ? "enabled" : "approved";
      const reason = JSON.stringify(approval.decision);
      chronicle.record({ plugin: id, code, subject: sha256, reason });
    };
    await this.#apply(entry, read, enabled ? approval : undefined, write);
  }

  /** Ends a plugin and keeps it from running; what was approved stays. */
  async disable(entry: PluginEntry): Promise<void> {
    const { records, chronicle } = this.#parts;
    const before = records.get(entry.id);
    if (before?.enabled) {
      records.set({ ...before, enabled: false });
      chronicle.record({ plugin: entry.id, code: "disabled", subject: "", reason: "" });
    }
    await this.#end(entry);
  }

  /** Ends a plugin and takes back what was approved, and what was decided. */
  async revoke(entry: PluginEntry): Promise<void> {
    const { records, chronicle } = this.#parts;
    const { id } = entry;
    const before = records.get(id);
    if (before?.approval !== undefined) {
      const { installed } = before;
      records.set({ id, enabled: false, ...(installed !== undefined && { installed }) });
      const { sha256 } = before.approval;
      chronicle.record({ plugin: id, code: "revoked", subject: sha256, reason: "" });
    }
    await this.#end(entry);
  }

  /**
   * Takes a package as it lies there now for the one that is meant, and loads it anew. What asks for nothing new is
   * approved by that, as far as was decided before; what asks for more waits.
   *
   * @throws {SoundproofError} Why it cannot be read or loaded; what ran goes on then.
   */
  async refresh(entry: PluginEntry): Promise<void> {
    const { records, chronicle, lifecycle } = this.#parts;
    const { id } = entry;
    const read = await lifecycle.read(entry);
    const { sha256 } = read.source;
    const before = records.get(id);
    const known = approvalOf(before?.approval);
    const approval = known && reboundTo(known, sha256, permissionText(read.manifest));
    const isNew = before !== undefined && sha256 !== known?.sha256;
    const write = () => {
      if (!isNew) return;
      records.set({
        ...before,
        installed: sha256,
        ...(approval !== undefined && { approval: { ...approval } }),
        ...(approval !== undefined && previousOf(before, sha256)),
      });
      const reason = known !== undefined && approval === undefined
        ? ASKS_FOR_MORE
        : read.source.path;
      chronicle.record({ plugin: id, code: "refreshed", subject: sha256, reason });
    };
    await this.#apply(entry, read, approval, write);
  }

  /** Writes what was decided, and has the plugin run by it; what runs goes on until the version after it was made. */
  async #apply(
    entry: PluginEntry,
    read: ReadPlugin,
    approval: Approval | undefined,
    write: () => void,
  ): Promise<void> {
    const { lifecycle } = this.#parts;
    if (entry.loaded !== undefined && approval !== undefined) {
      const fresh = await lifecycle.make(entry, read, approval);
      write();
      await lifecycle.put(entry, read, fresh);
    } else {
      write();
      await lifecycle.settle(entry, read);
    }
    if (entry.error !== undefined) throw entry.error;
  }

  async #end(entry: PluginEntry): Promise<void> {
    await this.#parts.lifecycle.stop(entry);
    if (entry.read !== undefined) delete entry.error;
  }
}

/** A decision of a caller whose compiler did not look at it. */
function readNow(decision: Decision): Decision {
  try {
    return readDecision({ ...decision });
  } catch (thrown) {
    throw new SoundproofError("grant.invalid", `Cannot decide so: ${errorText(thrown)}`);
  }
}

/**
 * What is approved of a package with a decision, beside what was decided before.
 *
 * @throws {SoundproofError} `grant.invalid`.
 */
function approve({ manifest, source }: ReadPlugin, before: Decision, now: Decision): Approval {
  const decision = mergeDecisions(before, readNow(now));
  checkDecision(manifest, now);
  const denied = deniedText(decision);
  if (denied !== undefined) {
    throw new SoundproofError("grant.invalid", `Cannot grant private addresses: ${denied}`);
  }
  checkAssignment(effectivePermissions(manifest, decision));
  return { sha256: source.sha256, permissions: permissionText(manifest), decision };
}
