import { isAbsolute, relative, sep } from "node:path";
import { SoundproofError } from "../errors.ts";
import { actsOn, packagePath } from "./acts_on.ts";
import type { Command } from "./arguments.ts";
import { deniedRanges } from "./denied_ranges.ts";
import type { ListeningNeeds } from "./listening_needs.ts";
import type { MusicServerNeeds } from "./music_server_needs.ts";
import type { Places } from "./places.ts";

/** All that a process may do; what has no list here it may never do. */
export interface Grants {
  /** Absolute paths. */
  readonly read: readonly string[] | "anywhere";
  /** Absolute paths. */
  readonly write: readonly string[] | "anywhere";
  /** What may be connected to and listened on: nothing, these hosts and ports, or everything but these IPv4 blocks. */
  readonly net: "nothing" | { readonly only: readonly string[] } | {
    readonly allBut: readonly string[];
  };
  /** Names of environment variables. */
  readonly env: readonly string[];
  /** Hosts that code may be imported from: none, unless Soundproof's own comes from one. */
  readonly imports: readonly string[];
}

const NEEDS_NOTHING: ListeningNeeds = { read: [], write: [], addresses: [] };

type FileGrants = Pick<Grants, "read" | "write" | "net">;

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
  /** What listening needs. */
  readonly listening?: ListeningNeeds;
  /** The package or the input file that the command names. */
  readonly named: readonly string[];
  /** The files that the command makes. */
  readonly written: readonly string[];
  /** The API of the running service that is to do what the command says. */
  readonly service?: string;
}

/** Commands that load plugins, which may need the network and write into library folders. */
export const LOADS_PLUGINS: ReadonlySet<Command["kind"]> = new Set([
  "start",
  "call",
  "enable",
  "approve",
  "install",
  "update",
  "rollback",
  "refresh",
  "config-set",
  "doctor",
]);

/** Commands that change the plugins folder. */
const CHANGES_PACKAGES: ReadonlySet<Command["kind"]> = new Set([
  "start",
  "install",
  "update",
  "rollback",
  "remove",
]);

/** The narrowest grants that a command works with. */
export function grantsOf(plan: LaunchPlan): Grants {
  const { command, service } = plan;
  const common = { env: [], imports: plan.sourceHost === undefined ? [] : [plan.sourceHost] };
  if (command.kind === "dev") {
    // Deno makes a link only for a process that may read and write everywhere.
    return { ...common, read: "anywhere", write: "anywhere", net: "nothing" };
  }
  if (actsOn(command, "tokens")) return { ...common, ...tokenGrants(plan) };
  if (service !== undefined) return { ...common, ...serviceGrants(plan, service) };
  const usesPlace = command.kind === "start" || command.kind === "doctor";
  if (usesPlace || actsOn(command, "installation") && !packagePath(command)) {
    return { ...common, ...dataGrants(plan) };
  }
  for (const path of plan.written) refuseWithin(plan.source, path);
  const read = [...plan.source, ...plan.named, ...plan.written];
  return { ...common, read, write: plan.written, net: "nothing" };
}

function tokenGrants({ source, places, realPaths }: LaunchPlan): Partial<Grants> & FileGrants {
  const folders = [places.dataDir, ...realPaths];
  for (const folder of folders) refuseAround(source, folder);
  return { read: [...source, ...folders], write: folders, net: "nothing" };
}

/** What asking a service needs: its address and its token; the network to download what it is to install. */
function serviceGrants(plan: LaunchPlan, service: string): Partial<Grants> & FileGrants {
  const { source, places, named } = plan;
  const [, socket] = /^unix:(.+)$/.exec(service) ?? [];
  const sockets = socket === undefined ? [] : [socket];
  // Through a socket it is asked as the port that a URL without one means, which Deno wants to know besides.
  const host = socket === undefined ? [hostAndPort(service)] : [service, "localhost:80"];
  return {
    read: [...source, places.tokenFile, ...named, ...sockets],
    write: sockets,
    net: downloads(plan.command)
      ? {
        allBut: deniedRanges([
          ...plan.localAddresses,
          ...host.map((name) => name.replace(/:\d+$/, "")),
        ]),
      }
      : { only: host },
  };
}

function dataGrants(plan: LaunchPlan): Partial<Grants> & FileGrants {
  const { command, places, musicServer, listening = NEEDS_NOTHING } = plan;
  const loads = LOADS_PLUGINS.has(command.kind);
  const write = [
    places.dataDir,
    ...(CHANGES_PACKAGES.has(command.kind) || !plan.pluginsDirExists ? [places.pluginsDir] : []),
    ...(loads ? musicServer.write : []),
    ...listening.write,
  ];
  for (const folder of [...write, ...plan.realPaths]) refuseAround(plan.source, folder);
  return {
    read: [
      ...plan.source,
      places.dataDir,
      places.configFile,
      places.pluginsDir,
      ...plan.realPaths,
      ...plan.linkTargets,
      ...musicServer.read,
      ...listening.read,
      ...plan.named,
    ],
    write,
    env: musicServer.env,
    net: loads
      ? { allBut: deniedTo([...plan.localAddresses, ...musicServer.addresses], listening) }
      : "nothing",
  };
}

/** Denied to connect to is denied to listen on; to connect to `0.0.0.0` is to connect to loopback, which nothing is denied. */
function deniedTo(opened: readonly string[], { addresses }: ListeningNeeds): readonly string[] {
  const ranges = deniedRanges([...opened, ...addresses]);
  return addresses.includes("0.0.0.0") ? ranges.filter((cidr) => cidr !== "0.0.0.0/8") : ranges;
}

function downloads(command: Command): boolean {
  return "source" in command && "url" in command.source;
}

/** A service's address as Deno's permission lists name it. */
function hostAndPort(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
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
    ...paths("read", grants.read),
    ...paths("write", grants.write),
    ...network(grants.net),
    ...list("env", grants.env),
    // Deno lets every program import from a dozen hosts unless told otherwise.
    ...(grants.imports.length > 0 ? list("import", grants.imports) : ["--deny-import"]),
  ];
}

function paths(permission: "read" | "write", granted: readonly string[] | "anywhere"): string[] {
  return granted === "anywhere"
    ? [`--allow-${permission}`]
    : list(permission, withoutNested(granted));
}

function network(net: Grants["net"]): string[] {
  if (net === "nothing") return [];
  return "only" in net
    ? list("net", net.only)
    : ["--allow-net", `--deny-net=${net.allBut.join(",")}`];
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

function refuseWithin(source: readonly string[], path: string): void {
  if (!source.some((folder) => isWithin(path, folder))) return;
  throw new SoundproofError(
    "cli.path_unusable",
    `Cannot write "${path}": it lies in Soundproof's own code, which nothing may write`,
  );
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
