import { join, resolve } from "node:path";
import { NOTHING_CONFIGURED } from "../configuration/mod.ts";
import type { PluginSummary } from "../host/mod.ts";
import { actsOn, type CommandOn, packagePath } from "./acts_on.ts";
import { type Command, parseCommand } from "./arguments.ts";
import { usageError } from "./commands/command.ts";
import { authorFolder, folderOptions } from "./author_folder.ts";
import { buildTested } from "./build_tested.ts";
import { buildFirstPlugin, isFirstStart } from "./first_start.ts";
import { grantsOf, type LaunchPlan, permissionFlags } from "./flags.ts";
import { needsOf } from "./music_server_needs.ts";
import { packTargets } from "./pack_targets.ts";
import { configurationOf, type Places, placesOf } from "./places.ts";
import { runDeno } from "./process.ts";
import { findService } from "./running_service.ts";
import { exists, type Source, sourceAt } from "./source.ts";
import { type Terminal, warn } from "./terminal.ts";
import { helpText } from "./usage.ts";
import { endpointOf } from "./endpoint.ts";
import { listeningNeeds } from "./listening_needs.ts";
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
  if (command.kind === "help") return say(helpText(command.topic), terminal);
  if (command.kind === "functions") {
    const { showFunctions } = await import("./functions_command.ts");
    return showFunctions(command.json, terminal);
  }
  if (command.kind === "version") return say(`${VERSION}\n`, terminal);

  if (actsOn(command, "installation") && command.service !== undefined) {
    throw usageError("--service is said by the launcher alone", "");
  }
  // What an author begins with is as readable as the author's other files; all else is for its user alone.
  if (Deno.build.os !== "windows" && command.kind !== "new") Deno.umask(0o077);
  const cwd = Deno.cwd();
  const source = sourceAt(new URL(".", import.meta.url));
  const plan = await planOf(command, cwd, source, terminal);
  const flags = denoFlags(plan, source);
  if (command.kind === "start") {
    const internal = ["--launched"];
    if (isFirstStart(plan.places) && await buildFirst(source, plan.places, terminal)) {
      internal.push("--first-start");
    }
    return await runDeno([...flags, ...args, ...internal], "lifeline");
  }
  if (command.kind === "new" || command.kind === "test") {
    const place = authorFolder(command, cwd, source);
    if (command.kind === "test") await buildTested(place, source);
    return await runDeno([...flags, ...args, ...folderOptions(place, command.kind)], "inherit");
  }
  const { service } = plan;
  const said = service === undefined || command.kind === "dev" ? [] : [`--service=${service}`];
  const code = await runDeno([...flags, ...withOptions(args, said)], "inherit");
  if (command.kind === "dev" && code === 0 && service !== undefined) {
    await tellService(command, { ...plan, service }, source, terminal);
  }
  return code;
}

/** Has the running service look for a new link, in a process of its own; says so where it may not read what is behind it. */
async function tellService(
  { data, config, folder }: CommandOn<"links">,
  plan: LaunchPlan & { readonly service: string },
  source: Source,
  terminal: Terminal,
): Promise<void> {
  const rescan = { kind: "rescan", data, json: true } as const;
  const { success, stdout } = await new Deno.Command("deno", {
    args: [
      ...denoFlags({ ...plan, command: rescan }, source),
      ...["plugin", "rescan", "--json", "--data", data, `--service=${plan.service}`],
      ...(config === undefined ? [] : ["--config", config]),
    ],
    stdin: "null",
    stdout: "piped",
  }).output();
  if (!success) return; // it has said why
  const { plugins }: { plugins: readonly PluginSummary[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const [target] = realPath(folder);
  const unread = plugins.find(({ path, sha256 }) => sha256 === "" && realPath(path)[0] === target);
  if (unread === undefined) return;
  warn(
    `The running service cannot read it: it may read where links led when it was started; start it again`,
    terminal,
  );
}

/** What is to be known before anything is allowed. */
async function planOf(
  command: Exclude<Command, { kind: "help" | "version" }>,
  cwd: string,
  source: Source,
  terminal: Terminal,
): Promise<LaunchPlan> {
  const onData = command.kind === "start" || command.kind === "dev" ||
    command.kind === "doctor" ||
    actsOn(command, "installation") && packagePath(command) === undefined;
  const configuration = onData ? configurationOf(command, cwd) : NOTHING_CONFIGURED;
  const places = placesOf(command, cwd, configuration);
  const needs = needsOf(configuration, places.configFile);
  const service = onData && command.kind !== "start" && command.kind !== "doctor"
    ? await findService(places.dataDir)
    : undefined;
  return {
    command,
    places,
    source: source.folders,
    ...(source.host !== undefined && { sourceHost: source.host }),
    linkTargets: onData ? linkTargets(places.pluginsDir, terminal) : [],
    realPaths: [places.dataDir, places.configFile, places.pluginsDir].flatMap(realPath),
    pluginsDirExists: exists(places.pluginsDir),
    localAddresses: configuration.localAddresses ?? [],
    musicServer: { ...needs, read: needs.read.flatMap((path) => [path, ...realPath(path)]) },
    ...(command.kind === "start" && {
      listening: listeningNeeds(endpointOf(command, cwd, configuration, places)),
    }),
    named: namedPaths(command, cwd, source),
    written: writtenPaths(command, cwd, source),
    ...(service !== undefined && { service }),
  };
}

function denoFlags(plan: LaunchPlan, source: Source): string[] {
  return [
    "run",
    ...permissionFlags(grantsOf(plan)),
    "--unstable-worker-options",
    // Without it the deadline of some guests would not hold; see `deadlinesHold`.
    "--v8-flags=--liftoff-only",
    // A request's signal then tells of a caller that has left, and of nothing else.
    "--unstable-no-legacy-abort",
    ...source.flags,
    source.entry,
  ];
}

/** Arguments with more options, before a `--` that ends them. */
function withOptions(args: readonly string[], options: readonly string[]): string[] {
  const end = args.indexOf("--");
  return end < 0 ? [...args, ...options] : [...args.slice(0, end), ...options, ...args.slice(end)];
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
function namedPaths(command: Command, cwd: string, source: Source): string[] {
  const paths: string[] = [];
  const subject = packagePath(command);
  if (subject !== undefined) paths.push(subject);
  if ("input" in command && command.input.from === "file") paths.push(command.input.path);
  if ("source" in command && "path" in command.source) paths.push(command.source.path);
  if (command.kind === "pack") paths.push(command.folder);
  if (command.kind === "new") {
    const { template } = authorFolder(command, cwd, source);
    if (template !== undefined) paths.push(template);
  }
  if (command.kind === "test") paths.push(authorFolder(command, cwd, source).folder);
  if (command.kind === "config-set") {
    const files = command.changes.flatMap((change) => change.to === "file" ? [change.path] : []);
    paths.push(...[command.file ?? "-", ...files].filter((path) => path !== "-"));
  }
  return paths.map((path) => resolve(cwd, path)).flatMap((path) => [path, ...realPath(path)]);
}

/** What the command makes. */
function writtenPaths(command: Command, cwd: string, source: Source): readonly string[] {
  if (command.kind === "pack") return packTargets(command, cwd);
  if (command.kind === "new") return [authorFolder(command, cwd, source).folder];
  return command.kind === "test" ? [authorFolder(command, cwd, source).work] : [];
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
