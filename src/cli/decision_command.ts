import { SoundproofError } from "../errors.ts";
import type { Decision } from "../grants/mod.ts";
import type { Awaitable, PluginSummary } from "../host/mod.ts";
import type { ActionOf } from "./action.ts";
import { askConsent } from "./consent.ts";
import { decisionFrom } from "./narrowing.ts";
import { showOutcome } from "./outcome.ts";
import { reviewText } from "./review_view.ts";
import type { Stage } from "./stage.ts";
import { withProgress } from "./progress.ts";
import { harmless } from "./text.ts";

/** Runs `plugin enable`, `approve`, `disable` and `revoke`. */
export async function decide(
  command: ActionOf<"enable" | "approve" | "disable" | "revoke">,
  stage: Stage,
): Promise<number> {
  const { kind, id } = command;
  const { admin } = stage;
  switch (kind) {
    case "disable":
      return showOutcome(await admin.disable(id), stage);
    case "revoke":
      return showOutcome(await admin.revoke(id), stage);
  }
  const plugin = await admin.info(id);
  const decision = decisionFrom(command.decision, plugin.manifest);
  let sha256: string | undefined;
  if (!command.yes && stage.terminal.ask !== undefined && plugin.manifest !== undefined) {
    const review = await admin.review(id);
    if (review.grows) {
      const { terminal } = stage;
      terminal.err(`SHA-256 ${review.sha256}\n`);
      terminal.err(reviewText(titleOf(plugin), review, terminal.errWidth));
      sha256 = review.sha256;
      askConsent(`grant this and ${kind} "${id}"`, false, terminal);
    }
  }
  const decided = await withProgress(
    `Loading ${harmless(id)}`,
    stage.terminal,
    () => withHint(() => admin[kind](id, decision, sha256)),
  );
  return showOutcome(decided, stage);
}

/** A plugin as a review names it. */
export function titleOf({ id, manifest }: Pick<PluginSummary, "id" | "manifest">): string {
  return manifest === undefined ? id : `${manifest.name} ${manifest.version} by ${manifest.author}`;
}

/** What is to be typed where a decision lacks something, by a word of the sentence that says so. */
const HINTS: readonly (readonly [word: string, hint: string])[] = [
  ["users permission", "--users NAMES or --all-users"],
  ["library permission", "--libraries IDS or --all-libraries"],
];

/** Does what can be refused for a lack of users or libraries, and has the error say then how they are given. */
export async function withHint<T>(work: () => Awaitable<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SoundproofError) || error.code !== "grant.invalid") throw error;
    const { code, message, problems } = error;
    const [, hint] = HINTS.find(([word]) => message.includes(word)) ?? [];
    if (hint === undefined) throw error;
    throw new SoundproofError(code, `${message}: say ${hint}`, { problems, cause: error });
  }
}

/** Whether a decision says anything. */
export function saysSomething(decision: Decision): boolean {
  return Object.keys(decision).length > 0;
}
