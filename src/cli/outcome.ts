import type { PluginSummary } from "../host/mod.ts";
import type { Stage } from "./stage.ts";
import { printJson, warn } from "./terminal.ts";
import { harmless } from "./text.ts";

/**
 * Says what became of a plugin, and what to do where it waits; returns the exit code, which is 1 where it was to run and
 * cannot.
 *
 * @param said What was done, in the place of what it is now.
 */
export function showOutcome(
  plugin: PluginSummary,
  { terminal, json }: Pick<Stage, "terminal" | "json">,
  said = `is ${plugin.state}`,
): number {
  if (json) printJson(plugin, terminal);
  else terminal.out(`${harmless(plugin.id)} ${said}\n`);
  if (plugin.state === "waiting" && !json) {
    const command = `deno task plugin approve ${plugin.id}`;
    warn(`It asks for more than was approved, and does not run before: ${command}`, terminal);
  }
  if (plugin.error === undefined) return 0;
  if (!json) warn(`${plugin.error.message} (${plugin.error.code})`, terminal);
  return 1;
}
