/**
 * What the launcher runs under the flags it computed. Nobody else should: without these flags it works too, and that is the
 * danger.
 *
 * @module
 */
import { resolve } from "node:path";
import { actsOn, packagePath } from "./acts_on.ts";
import { parseCommand } from "./arguments.ts";
import { link } from "./dev_command.ts";
import { runDoctor } from "./doctor_command.ts";
import { showFunctions } from "./functions_command.ts";
import { runAtService, runOnData } from "./installation.ts";
import { lookAtPackage } from "./look_command.ts";
import { runNew } from "./new_command.ts";
import { runPack } from "./pack_command.ts";
import { configurationOf, placesOf, problemTexts } from "./places.ts";
import { serve } from "./serve.ts";
import { processTerminal, reportError, type Terminal, warn } from "./terminal.ts";
import { runTest } from "./test_command.ts";
import { runTokenCommand } from "./token_command.ts";
import { checkDenoVersion } from "./version.ts";

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  checkDenoVersion(Deno.version.deno);
  const command = parseCommand(args);
  if (command.kind === "help" || command.kind === "version") return 0; // the launcher answers these
  const cwd = Deno.cwd();
  if (actsOn(command, "tokens")) {
    return runTokenCommand(command, resolve(cwd, command.data), terminal);
  }
  if (command.kind === "functions") return showFunctions(command.json, terminal);
  if (command.kind === "new") return await runNew(command, cwd, terminal);
  if (command.kind === "test") return await runTest(command, cwd, terminal);
  if (command.kind === "pack") return await runPack(command, cwd, terminal);
  const path = packagePath(command);
  if (path !== undefined && "subject" in command) {
    return await lookAtPackage(command, path, terminal);
  }
  if (actsOn(command, "installation") && command.service !== undefined) {
    const places = placesOf(command, cwd, {});
    return await runAtService(command, command.service, places, terminal);
  }
  const configuration = configurationOf(command, cwd);
  const places = placesOf(command, cwd, configuration);
  if (command.kind === "dev") return link(command, places.pluginsDir, cwd, terminal);
  if (command.kind === "start") return await serve(command, places, configuration, terminal);
  if (command.kind === "doctor") {
    return await runDoctor(places, configuration, command.json, terminal);
  }
  for (const text of problemTexts(configuration, places)) warn(text, terminal);
  return await runOnData(command, places, configuration, terminal);
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
