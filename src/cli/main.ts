/**
 * The launcher: `deno run --allow-read --allow-run=deno --allow-sys main.ts start`.
 *
 * It starts Deno again with the narrowest flags the command can work with; see {@link launch}.
 *
 * @module
 */
import { launch } from "./launch.ts";
import { processTerminal, reportError } from "./terminal.ts";

if (import.meta.main) {
  const terminal = processTerminal();
  try {
    Deno.exit(await launch(Deno.args, terminal));
  } catch (error) {
    Deno.exit(reportError(error, terminal));
  }
}
