import { isAbsolute, relative, sep } from "node:path";
import { SoundproofError } from "../errors.ts";
import type { Command } from "./arguments.ts";
import { deniedRanges } from "./denied_ranges.ts";
import type { MusicServerNeeds } from "./music_server.ts";
import type { Places } from "./places.ts";

/** All that a process may do; what has no list here it may never do. */
export interface Grants {
  /** Absolute paths. */
  readonly read: readonly string[];
  /** Absolute paths. */
  readonly write: readonly string[];
  /** What may be connected to and listened on: nothing, or everything but these IPv4 blocks. */
  readonly net: "nothing" | { readonly allBut: readonly string[] };
  /** Names of environment variables. */
  readonly env: readonly string[];
  /** Hosts that code may be imported from: none, unless Soundproof's own comes from one. */
  readonly imports: readonly string[];
}

/** What the launcher knows when it decides on the grants. */
export interface LaunchPlan {
  readonly command: Command;
  readonly places: Places;
  /** Soundproof's own folders that the service reads at run time; none when its code comes from a URL. */
  readonly source: readonly string[];
  /** The host that Soundproof's own code comes from, if it is not here. */
  readonly sourceHost?: string;
  /** Where the symlinks among the plugins lead. */
  readonly linkTargets: readonly string[];
  /** Where the data folder, the plugins folder and the configuration really are, if links lead there. */
  readonly realPaths: readonly string[];
  readonly pluginsDirExists: boolean;
  /** Private addresses that the configuration opens, for plugins that are granted them. */
  readonly localAddresses: readonly string[];
  /** What the music server needs. */
  readonly musicServer: MusicServerNeeds;
  /** The package or the input file that the command names. */
  readonly named: readonly string[];
}

/** Commands that run plugins, which may need the network. */
const RUNS_GUESTS: ReadonlySet<Command["kind"]> = new Set(["start", "call", "enable"]);

/** The narrowest grants that a command works with. */
export function grantsOf(plan: LaunchPlan): Grants {
  const { command, places } = plan;
  const common = { env: [], imports: plan.sourceHost === undefined ? [] : [plan.sourceHost] };
  const isAboutPackage = "subject" in command && "path" in command.subject;
  const isAboutNothing = command.kind === "help" || command.kind === "version" ||
    command.kind === "functions";
  if (isAboutNothing || isAboutPackage) {
    return { ...common, read: [...plan.source, ...plan.named], write: [], net: "nothing" };
  }
  const runsGuests = RUNS_GUESTS.has(command.kind);
  const { musicServer } = plan;
  const write = [
    places.dataDir,
    ...(plan.pluginsDirExists ? [] : [places.pluginsDir]),
    ...(runsGuests ? musicServer.write : []),
  ];
  for (const folder of [...write, ...plan.realPaths]) refuseAround(plan.source, folder);
  return {
    ...common,
    read: [
      ...plan.source,
      places.dataDir,
      places.configFile,
      places.pluginsDir,
      ...plan.realPaths,
      ...plan.linkTargets,
      ...musicServer.read,
      ...plan.named,
    ],
    write,
    env: musicServer.env,
    net: runsGuests
      ? { allBut: deniedRanges([...plan.localAddresses, ...musicServer.addresses]) }
      : "nothing",
  };
}

/**
 * Grants as Deno's flags. Nothing is asked for at run time, and without a list a permission is not there: `run`, `ffi`,
 * `sys` never are.
 *
 * @throws {SoundproofError} `cli.path_unusable` if a path has a comma, at which Deno splits, with no way to escape it
 */
export function permissionFlags(grants: Grants): string[] {
  return [
    "--no-prompt",
    ...list("read", withoutNested(grants.read)),
    ...list("write", withoutNested(grants.write)),
    ...(grants.net === "nothing"
      ? []
      : ["--allow-net", `--deny-net=${grants.net.allBut.join(",")}`]),
    ...list("env", grants.env),
    // Deno lets every program import from a dozen hosts unless told otherwise.
    ...(grants.imports.length > 0 ? list("import", grants.imports) : ["--deny-import"]),
  ];
}

function list(permission: string, values: readonly string[]): string[] {
  if (values.length === 0) return [];
  for (const value of values) {
    if (value.includes(",") || value === "") {
      throw new SoundproofError(
        "cli.path_unusable",
        `Cannot allow Deno "${value}": it has a comma, which Deno's permission lists cannot hold`,
      );
    }
  }
  return [`--allow-${permission}=${values.join(",")}`];
}

/** Leaves out what another path already brings; keeps the order. */
function withoutNested(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && isWithin(path, other)));
}

function refuseAround(source: readonly string[], folder: string): void {
  if (!source.some((path) => isWithin(path, folder))) return;
  throw new SoundproofError(
    "cli.path_unusable",
    `Cannot use "${folder}" for data: it holds Soundproof's own code, which nothing may write`,
  );
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
