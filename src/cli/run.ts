/**
 * What the launcher runs under the flags it computed. Nobody else should: without these flags it works too, and that is the
 * danger.
 *
 * @module
 */
import { parseCommand } from "./arguments.ts";
import { configurationOf, placesOf } from "./places.ts";
import { showFunctions } from "./functions_command.ts";
import { runPackageCommand, runPluginCommand } from "./plugin_commands.ts";
import { serve } from "./serve.ts";
import { processTerminal, reportError, type Terminal, warn } from "./terminal.ts";
import { checkDenoVersion } from "./version.ts";

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  checkDenoVersion(Deno.version.deno);
  const command = parseCommand(args);
  if (command.kind === "help" || command.kind === "version") return 0; // the launcher answers these
  if (command.kind === "functions") return showFunctions(command.json, terminal);
  if ("subject" in command && "path" in command.subject) {
    return await runPackageCommand(command.kind, command.subject.path, command.json, terminal);
  }
  const cwd = Deno.cwd();
  const configuration = configurationOf(command, cwd);
  const places = placesOf(command, cwd, configuration);
  for (const { path, line, found, wanted } of configuration.problems) {
    warn(
      `${places.configFile}: line ${line}: ${path} is not applied: found ${found}, want ${wanted}`,
      terminal,
    );
  }
  return command.kind === "start"
    ? await serve(command, places, configuration, terminal)
    : await runPluginCommand(command, places, configuration, terminal);
}

if (import.meta.main) {
  const terminal = processTerminal();
  try {
    Deno.exit(await run(Deno.args, terminal));
  } catch (error) {
    // The reader of our output has left (`| head`): nothing is wrong, and nobody listens.
    Deno.exit(error instanceof Deno.errors.BrokenPipe ? 0 : reportError(error, terminal));
  }
}
