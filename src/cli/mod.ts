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
export { type Command, parseCommand } from "./arguments.ts";
export { deniedRanges } from "./denied_ranges.ts";
export { type Grants, grantsOf, type LaunchPlan, permissionFlags } from "./flags.ts";
export { launch } from "./launch.ts";
export { type Places, placesOf } from "./places.ts";
export { perform } from "./plugin_commands.ts";
export { formatTable } from "./table.ts";
export { reportError, type Terminal } from "./terminal.ts";
export { displayWidth, harmless, shellQuote } from "./text.ts";
export { checkDenoVersion } from "./version.ts";
export { greeting } from "./views.ts";
