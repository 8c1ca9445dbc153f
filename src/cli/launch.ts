import { join, resolve } from "node:path";
import { type Configuration, NOTHING_CONFIGURED } from "../configuration/mod.ts";
import { type Command, parseCommand } from "./arguments.ts";
import { buildFirstPlugin, isFirstStart } from "./first_start.ts";
import { grantsOf, permissionFlags } from "./flags.ts";
import { needsOf } from "./music_server.ts";
import { showFunctions } from "./functions_command.ts";
import { configurationOf, type Places, placesOf } from "./places.ts";
import { runDeno } from "./process.ts";
import { exists, type Source, sourceAt } from "./source.ts";
import { type Terminal, warn } from "./terminal.ts";
import { USAGE } from "./usage.ts";
import { checkDenoVersion, VERSION } from "./version.ts";

/**
 * Runs a command line in a second Deno process that may do what the command needs, and nothing else.
 *
 * 1. The arguments and the configuration say where data and plugins are, and where to listen.
 * 2. At a first start the first plugin is built, in a Deno of its own.
 * 3. Deno runs `run.ts` with the same arguments. Everything it makes is for its user alone (umask 077).
 * 4. Signals are passed on, and its exit code is returned. The service also stops when this process is gone.
 *
 * @throws {SoundproofError} `cli.usage`, `cli.deno_too_old`, `cli.path_unusable`, `configuration.invalid`
 */
export async function launch(args: readonly string[], terminal: Terminal): Promise<number> {
  checkDenoVersion(Deno.version.deno);
  const command = parseCommand(args);
  if (command.kind === "help") return say(USAGE[command.topic], terminal);
  if (command.kind === "functions") return showFunctions(command.json, terminal);
  if (command.kind === "version") return say(`${VERSION}\n`, terminal);

  const cwd = Deno.cwd();
  const source = sourceAt(new URL(".", import.meta.url));
  const isAboutPackage = "subject" in command && "path" in command.subject;
  const configuration: Configuration = isAboutPackage
    ? NOTHING_CONFIGURED
    : configurationOf(command, cwd);
  const places = placesOf(command, cwd, configuration);
  const needs = needsOf(configuration, places.configFile);
  const flags = [
    "run",
    ...permissionFlags(grantsOf({
      command,
      places,
      source: source.folders,
      ...(source.host === undefined ? {} : { sourceHost: source.host }),
      linkTargets: isAboutPackage ? [] : linkTargets(places.pluginsDir, terminal),
      realPaths: [places.dataDir, places.configFile, places.pluginsDir].flatMap(realPath),
      pluginsDirExists: exists(places.pluginsDir),
      localAddresses: configuration.localAddresses ?? [],
      musicServer: { ...needs, read: needs.read.flatMap((path) => [path, ...realPath(path)]) },
      named: namedPaths(command, cwd),
    })),
    "--unstable-worker-options",
    // Without it the deadline of some guests would not hold; see `deadlinesHold`.
    "--v8-flags=--liftoff-only",
    // A request's signal then tells of a caller that has left, and of nothing else.
    "--unstable-no-legacy-abort",
    ...source.flags,
    source.entry,
  ];
  if (Deno.build.os !== "windows") Deno.umask(0o077);
  if (command.kind !== "start") return await runDeno([...flags, ...args], "inherit");
  const internal = ["--launched"];
  if (isFirstStart(places) && await buildFirst(source, places, terminal)) {
    internal.push("--first-start");
  }
  return await runDeno([...flags, ...args, ...internal], "lifeline");
}

async function buildFirst(source: Source, places: Places, terminal: Terminal): Promise<boolean> {
  terminal.err('First start: building the plugin "hello"\n');
  const fault = source.pluginSources === undefined
    ? "its sources are not part of this installation"
    : await buildFirstPlugin(source, source.pluginSources, places.pluginsDir);
  if (fault !== undefined) warn(`Cannot build the first plugin, "hello": ${fault}`, terminal);
  return fault === undefined;
}

/** The paths that the command line itself names, and what is behind them if they are links. */
function namedPaths(command: Command, cwd: string): string[] {
  const paths: string[] = [];
  if ("subject" in command && "path" in command.subject) paths.push(command.subject.path);
  if ("input" in command && command.input.from === "file") paths.push(command.input.path);
  return paths.map((path) => resolve(cwd, path)).flatMap((path) => [path, ...realPath(path)]);
}

/** Where the links among the plugins lead; a target that Deno cannot be told of is left out. */
function linkTargets(pluginsDir: string, terminal: Terminal): string[] {
  const targets: string[] = [];
  if (!exists(pluginsDir)) return targets;
  for (const entry of Deno.readDirSync(pluginsDir)) {
    if (!entry.isSymlink) continue;
    for (const target of realPath(join(pluginsDir, entry.name))) {
      if (target.includes(",")) {
        warn(
          `Cannot allow plugin "${entry.name}" its target "${target}": it has a comma`,
          terminal,
        );
      } else {
        targets.push(target);
      }
    }
  }
  return targets;
}

function realPath(path: string): string[] {
  try {
    return [Deno.realPathSync(path)];
  } catch {
    return []; // nothing there, or a link to nothing: what needs it will say so
  }
}

function say(text: string, terminal: Terminal): number {
  terminal.out(text);
  return 0;
}
