import { RemoteHost } from "../api/mod.ts";
import type { Configuration } from "../configuration/mod.ts";
import { PluginHost } from "../host/mod.ts";
import { PACKAGE_ENDING } from "../packages/mod.ts";
import type { CommandOn } from "./acts_on.ts";
import { CommandLog } from "./command_log.ts";
import { LOADS_PLUGINS } from "./flags.ts";
import { hostOptions } from "./host_options.ts";
import { openMusicServer, publicUrl, unasked } from "./music_server.ts";
import { perform } from "./perform.ts";
import { type Places, requireData } from "./places.ts";
import { withProgress } from "./progress.ts";
import { exists } from "./source.ts";
import { checkStream } from "./stream_command.ts";
import { type Terminal, warn } from "./terminal.ts";

type InstallationCommand = CommandOn<"installation">;

/** Has a running service do what a command says; returns the exit code. Nothing of the data folder is read but the token. */
export async function runAtService(
  command: InstallationCommand,
  url: string,
  { tokenFile }: Places,
  terminal: Terminal,
): Promise<number> {
  using admin = new RemoteHost({ url, token: Deno.readTextFileSync(tokenFile).trim() });
  const stage = { admin, service: true, terminal, json: command.json };
  return await perform(command, stage, untilInterrupted());
}

/** Opens the data folder for one command, does what it says and closes it; returns the exit code. */
export async function runOnData(
  command: InstallationCommand,
  places: Places,
  configuration: Configuration,
  terminal: Terminal,
): Promise<number> {
  requireData(places.dataDir);
  if (command.kind === "logs" || command.kind === "audit") checkStream(command, false);
  const musicServer = openMusicServer(
    configuration,
    places,
    publicUrl(configuration),
    (text) => warn(text, terminal),
  );
  const log = new CommandLog(terminal);
  const open = () =>
    PluginHost.open({
      ...hostOptions(places, configuration),
      ...(musicServer !== undefined && {
        musicServer: LOADS_PLUGINS.has(command.kind) ? musicServer : unasked(musicServer),
      }),
      only: onlyOf(command, places.pluginsDir),
      log: (entry) => log.add(entry),
    });
  let thrown: unknown;
  try {
    await using admin = await withProgress("Loading plugins", terminal, open);
    if (command.kind === "call") log.follow();
    const stage = { admin, service: false, terminal: log.terminal, json: command.json };
    return await perform(command, stage, untilInterrupted());
  } catch (error) {
    thrown = error;
    throw error;
  } finally {
    log.end(thrown);
  }
}

/** A command loads only what it is about, and starts nothing. */
function onlyOf(command: InstallationCommand, pluginsDir: string): readonly string[] {
  switch (command.kind) {
    case "install":
    case "logs":
    case "audit":
      return [];
    case "list":
    case "rescan":
      return exists(pluginsDir)
        ? Array.from(Deno.readDirSync(pluginsDir), ({ name }) => withoutEnding(name))
        : [];
    case "info":
    case "validate":
    case "config-template":
      return "id" in command.subject ? [command.subject.id] : [];
    default:
      return [command.id];
  }
}

function withoutEnding(name: string): string {
  return name.endsWith(PACKAGE_ENDING) ? name.slice(0, -PACKAGE_ENDING.length) : name;
}

/** Ends with Ctrl-C, or when a supervisor says so. */
function untilInterrupted(): AbortSignal {
  const ending = new AbortController();
  const end = () => ending.abort();
  Deno.addSignalListener("SIGINT", end);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", end);
  return ending.signal;
}
