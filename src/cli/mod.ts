/**
 * The CLI room: the launcher, the service it starts, and the commands.
 *
 * `main.ts` is what people start. It reads arguments and configuration, computes the narrowest Deno flags that the command
 * can work with (`flags.ts`), and runs `run.ts` in a second Deno process under exactly these. The launcher itself may read
 * and may start `deno`, nothing else, and never runs a plugin.
 *
 * The room promises that what a plugin says reaches a terminal only with its control characters made visible, that errors go
 * to stderr, and that exit codes are 0, 1 (failed) and 2 (usage). It does not know how anything is done.
 *
 * @module
 */
export { actsOn, type CommandOn, packagePath } from "./acts_on.ts";
export { type Command, parseCommand } from "./arguments.ts";
export { CommandLog } from "./command_log.ts";
export { type CommandSpec } from "./commands/command.ts";
export { ALL_COMMANDS, checked } from "./commands/registry.ts";
export { configTemplate } from "./config_template.ts";
export { deniedRanges } from "./denied_ranges.ts";
export { type Grants, grantsOf, type LaunchPlan, permissionFlags } from "./flags.ts";
export { showFunctions } from "./functions_command.ts";
export { launch } from "./launch.ts";
export { lookAtPackage } from "./look_command.ts";
export { runPack } from "./pack_command.ts";
export { type Places, placesOf } from "./places.ts";
export { decisionFrom } from "./narrowing.ts";
export { perform } from "./perform.ts";
export { type Report, withProgress } from "./progress.ts";
export { findService } from "./running_service.ts";
export type { Stage } from "./stage.ts";
export { formatTable } from "./table.ts";
export { reportError, type Terminal, warn } from "./terminal.ts";
export { displayWidth, harmless, shellQuote, wrap } from "./text.ts";
export { performToken } from "./token_command.ts";
export { helpText, synopsis } from "./usage.ts";
export { checkDenoVersion } from "./version.ts";
export { greeting } from "./views.ts";
