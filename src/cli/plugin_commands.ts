import { resolve } from "node:path";
import type { ApiHost } from "../api/mod.ts";
import type { Configuration } from "../configuration/mod.ts";
import { errorText, SoundproofError } from "../errors.ts";
import { inspectPackage, PluginHost, type PluginSummary } from "../host/mod.ts";
import type { HostCommand, InputSource } from "./arguments.ts";
import { hostOptions } from "./host_options.ts";
import { openMusicServer, unasked } from "./music_server.ts";
import type { Places } from "./places.ts";
import { exists } from "./source.ts";
import { printJson, reportError, type Terminal, warn } from "./terminal.ts";
import { harmless } from "./text.ts";
import { pluginDetails, pluginTable, problemText } from "./views.ts";

/** Runs `plugin info` or `plugin validate` on a package that need not be installed. */
export async function runPackageCommand(
  kind: "info" | "validate",
  path: string,
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  try {
    const summary = await inspectPackage(resolve(path));
    return kind === "info"
      ? showDetails(summary, json, terminal)
      : showVerdict(summary, json, terminal);
  } catch (error) {
    if (!json || !(error instanceof SoundproofError)) throw error;
    const { code, message, problems } = error;
    printJson({ valid: false, error: { code, message, problems } }, terminal);
    return 1;
  }
}

/** Opens the data folder for one command, runs it and closes it; returns the exit code. */
export async function runPluginCommand(
  command: HostCommand,
  places: Places,
  configuration: Configuration,
  terminal: Terminal,
): Promise<number> {
  if (!exists(places.dataDir)) {
    throw new SoundproofError(
      "cli.data_missing",
      `Cannot open data folder "${places.dataDir}": it does not exist; start makes it, --data names another`,
    );
  }
  const musicServer = openMusicServer(configuration, places.configFile, terminal);
  const runsGuests = command.kind === "call" || command.kind === "enable";
  const host = await PluginHost.open({
    ...hostOptions(places, configuration),
    ...(musicServer !== undefined &&
      { musicServer: runsGuests ? musicServer : unasked(musicServer) }),
    only: onlyOf(command, places.pluginsDir),
    log: ({ level, message }) => {
      if (level === "error" || level === "warn") warn(message, terminal);
    },
  });
  try {
    return await perform(command, host, terminal);
  } finally {
    await host.close();
  }
}

/** Does what a command says with an open host; returns the exit code. */
export async function perform(
  command: HostCommand,
  host: ApiHost,
  terminal: Terminal,
): Promise<number> {
  switch (command.kind) {
    case "list":
      if (command.json) printJson({ plugins: host.list() }, terminal);
      else terminal.out(pluginTable(host.list(), terminal.width));
      return 0;
    case "info":
      return showDetails(host.info(idOf(command)), command.json, terminal);
    case "validate":
      return showVerdict(host.info(idOf(command)), command.json, terminal);
    case "enable":
    case "disable": {
      const plugin = command.kind === "enable"
        ? await host.enable(command.id, command.local, command.assignment)
        : await host.disable(command.id);
      if (command.json) printJson(plugin, terminal);
      else terminal.out(`${harmless(plugin.id)} is ${plugin.state}\n`);
      return 0;
    }
    case "call": {
      const input = await readInput(command.input);
      const timeout = command.timeoutMs === undefined ? {} : { timeoutMs: command.timeoutMs };
      const output = await host.plugin(command.id).call(command.exportName, input, timeout);
      showOutput(output, command.json, terminal);
      return 0;
    }
  }
}

/** A command loads only what it is about, and starts nothing. */
function onlyOf(command: HostCommand, pluginsDir: string): readonly string[] {
  if ("id" in command) return [command.id];
  if ("subject" in command) return [idOf(command)];
  if (!exists(pluginsDir)) return [];
  return Array.from(Deno.readDirSync(pluginsDir), ({ name }) => name.replace(/\.ndp$/i, ""));
}

function idOf({ subject }: { subject: { id: string } | { path: string } }): string {
  return "id" in subject ? subject.id : "";
}

async function readInput(source: InputSource): Promise<Uint8Array> {
  try {
    switch (source.from) {
      case "nothing":
        return new Uint8Array();
      case "argument":
        JSON.parse(source.json);
        return new TextEncoder().encode(source.json);
      case "file":
        return await Deno.readFile(source.path);
      case "stdin":
        return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
    }
  } catch (cause) {
    const what = source.from === "argument" ? "--input as JSON" : "the input";
    throw new SoundproofError("cli.input_invalid", `Cannot read ${what}: ${errorText(cause)}`, {
      cause,
    });
  }
}

/** In a pipe the bytes as they are; in a terminal as harmless text; with `--json` always as JSON. */
function showOutput(output: Uint8Array, json: boolean, terminal: Terminal): void {
  if (json) return printJson(jsonOf(output), terminal);
  if (terminal.width === undefined) return terminal.out(output);
  const lines = new TextDecoder().decode(output).split("\n");
  terminal.out(`${lines.map(harmless).join("\n")}\n`);
}

function jsonOf(output: Uint8Array): unknown {
  if (output.length === 0) return null;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(output));
  } catch {
    return { base64: output.toBase64() };
  }
}

function showDetails(plugin: PluginSummary, json: boolean, terminal: Terminal): number {
  if (json) printJson(plugin, terminal);
  else terminal.out(pluginDetails(plugin));
  return 0;
}

function showVerdict(plugin: PluginSummary, json: boolean, terminal: Terminal): number {
  const { error, warnings } = plugin;
  if (json) {
    printJson({ valid: error === undefined, ...(error && { error }), warnings }, terminal);
    return error === undefined ? 0 : 1;
  }
  for (const warning of warnings) warn(problemText(warning), terminal);
  if (error) return reportError(new SoundproofError(error.code, error.message, error), terminal);
  const { name = plugin.id, version = "" } = plugin.manifest ?? {};
  terminal.out(`${harmless(`${name} ${version}`)} is sound\n`);
  return 0;
}
