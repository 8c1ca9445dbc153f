import {
  checkAssignment,
  checkDecision,
  type Decision,
  effectivePermissions,
  mergeDecisions,
} from "../grants/mod.ts";
import { SoundproofError } from "../errors.ts";
import { inspectArchive, type PluginSummary } from "../host/mod.ts";
import type { ActionOf } from "./action.ts";
import { askConsent } from "./consent.ts";
import { saysSomething, titleOf, withHint } from "./decision_command.ts";
import { decisionFrom } from "./narrowing.ts";
import { showOutcome } from "./outcome.ts";
import { readSource, sourceName } from "./package_source.ts";
import { withProgress } from "./progress.ts";
import { reviewText } from "./review_view.ts";
import type { Stage } from "./stage.ts";
import { printJson, warn } from "./terminal.ts";
import { harmless } from "./text.ts";

/** Runs `plugin install`: nothing is put anywhere before it was looked at and agreed to. */
export async function install(command: ActionOf<"install">, stage: Stage): Promise<number> {
  const { admin, terminal } = stage;
  const { source, sha256, enable, yes } = command;
  const id = command.id ?? sourceName(source);
  refuseInstalled(id, await admin.list());
  const bytes = await readSource(source, sha256, terminal);
  const candidate = { ...await inspectArchive(bytes), id };
  const decision = decisionFrom(command.decision, candidate.manifest);
  if (enable) await withHint(() => checkGrant(candidate, decision));
  const review = await admin.review(id, bytes);
  showFacts(candidate, stage);
  terminal.err(reviewText(titleOf(candidate), review, terminal.errWidth));
  const what = enable ? `install "${id}", grant this and enable it` : `install "${id}"`;
  askConsent(what, yes, terminal);
  const plugin = await withProgress(
    `Installing ${harmless(id)}`,
    terminal,
    async () => await admin.install(id, bytes),
  );
  if (enable) {
    return showOutcome(
      await admin.enable(id, decision, candidate.sha256),
      stage,
      "is installed and running",
    );
  }
  const code = showOutcome(plugin, stage, "is installed and disabled");
  if (!stage.json) terminal.err(`Enable it with: deno task plugin enable ${harmless(id)}\n`);
  return code;
}

/** Runs `plugin update`: the other version is shown beside what was approved of the one that is there. */
export async function update(command: ActionOf<"update">, stage: Stage): Promise<number> {
  const { admin, terminal } = stage;
  const { id, source, sha256, yes } = command;
  const before = await admin.info(id);
  const runs = before.state !== "disabled";
  const bytes = await readSource(source, sha256, terminal);
  const candidate = { ...await inspectArchive(bytes), id };
  const decision = decisionFrom(command.decision, candidate.manifest);
  const review = await admin.review(id, bytes);
  const approves = (runs && review.grows) || saysSomething(decision);
  if (approves) await withHint(() => checkGrant(candidate, decision, before.decision));
  showFacts(candidate, stage);
  terminal.err(reviewText(titleOf(candidate), review, terminal.errWidth, runs));
  const [from, to] = [before, candidate].map(({ manifest }) => manifest?.version ?? "?");
  askConsent(`update "${id}" from ${harmless(`${from} to ${to}`)}`, yes, terminal);
  let plugin = await withProgress(
    `Updating ${harmless(id)}`,
    terminal,
    async () => await admin.update(id, bytes),
  );
  if (approves) {
    try {
      plugin = await admin.approve(id, decision, candidate.sha256);
    } catch (error) {
      const back = `deno task plugin rollback ${id}`;
      warn(`"${id}" is updated to ${to}, but not approved; back again with: ${back}`, terminal);
      throw error;
    }
  }
  return showOutcome(plugin, stage, `is updated to ${harmless(to ?? "?")} and ${plugin.state}`);
}

/** Runs `plugin rollback`, `refresh` and `remove`. */
export async function change(
  command: ActionOf<"rollback" | "refresh" | "remove">,
  stage: Stage,
): Promise<number> {
  const { admin, terminal, json } = stage;
  const { id } = command;
  switch (command.kind) {
    case "rollback": {
      const plugin = await withProgress(
        `Rolling back ${harmless(id)}`,
        terminal,
        async () => await admin.rollback(id),
      );
      const version = harmless(plugin.manifest?.version ?? "the version before");
      return showOutcome(plugin, stage, `is back at ${version} and ${plugin.state}`);
    }
    case "refresh": {
      const plugin = await withProgress(
        `Loading ${harmless(id)}`,
        terminal,
        async () => await admin.refresh(id),
      );
      return showOutcome(plugin, stage, `is refreshed and ${plugin.state}`);
    }
    case "remove": {
      const { kind, path } = await admin.info(id);
      const data = command.deleteData ? "delete" : "keep";
      await withProgress(
        `Removing ${harmless(id)}`,
        terminal,
        async () => await admin.remove(id, data),
      );
      const target = kind === "link" ? "; the folder that it led to is as it was" : "";
      if (json) printJson({ id, path, removed: true, data }, terminal);
      else {
        const kept = data === "keep" ? "is kept" : "is deleted";
        terminal.out(`${harmless(id)} is removed, its data ${kept}${target}\n`);
      }
      return 0;
    }
  }
}

/** Nobody is asked about what cannot be. @throws {SoundproofError} `plugin.exists` */
function refuseInstalled(id: string, plugins: readonly PluginSummary[]): void {
  if (!plugins.some((plugin) => plugin.id === id)) return;
  throw new SoundproofError(
    "plugin.exists",
    `Cannot install plugin "${id}": it is there already; plugin update puts another version in its place`,
  );
}

/** Refuses what the host would refuse, before anything is put anywhere. @throws {SoundproofError} `grant.invalid` */
function checkGrant({ manifest }: PluginSummary, decision: Decision, before: Decision = {}): void {
  if (manifest === undefined) return;
  checkDecision(manifest, decision);
  checkAssignment(effectivePermissions(manifest, mergeDecisions(before, decision)));
}

function showFacts({ sha256 }: PluginSummary, { terminal }: Stage): void {
  terminal.err(`SHA-256 ${sha256}\n`);
}
