import type { Hono } from "hono";
import { createApi, openToken, ownNames } from "../api/mod.ts";
import type { Address, Configuration } from "../configuration/mod.ts";
import { errorText, SoundproofError } from "../errors.ts";
import { type LogEntry, PluginHost } from "../host/mod.ts";
import type { StartCommand } from "./arguments.ts";
import { hostOptions } from "./host_options.ts";
import { openMusicServer } from "./music_server.ts";
import { DEFAULT_LISTEN, type Places } from "./places.ts";
import { reportError, type Terminal, warn } from "./terminal.ts";
import { harmless } from "./text.ts";
import { greeting } from "./views.ts";

/** How long running requests have to end when the service stops. */
const GRACE_MS = 4_000;

/**
 * Runs the service until a signal, or the end of stdin if it was launched; returns the exit code.
 *
 * The address is taken first, and answers 503 until the plugins are loaded: that it is free is known at once.
 *
 * @throws {SoundproofError} `api.address_in_use`, `api.token_exposed`, `api.token_invalid`, and what the host throws
 */
export async function serve(
  command: StartCommand,
  places: Places,
  configuration: Configuration,
  terminal: Terminal,
): Promise<number> {
  openFolders(places, terminal);
  const token = openToken(places.tokenFile);
  const ready: { app?: Hono } = {};
  const server = listen(
    command.listen ?? configuration.listen ?? DEFAULT_LISTEN,
    (request) =>
      ready.app?.fetch(request) ??
        new Response(null, { status: 503, headers: { "retry-after": "1" } }),
  );
  const stop = untilStopped(command.launched);
  const musicServer = openMusicServer(configuration, places.configFile, terminal);
  const host = await PluginHost.open({
    ...hostOptions(places, configuration),
    ...(musicServer !== undefined && { musicServer }),
    network: { ownAddresses: () => [server.addr] },
    log: (entry) => writeLog(entry, terminal),
  });
  if (command.firstStart) await enableFirst(host, terminal);

  const { hostname, port } = server.addr;
  ready.app = createApi(host, {
    token,
    names: ownNames(hostname, port),
    onFault: (error) => reportError(error, terminal),
  });
  const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  terminal.out(
    command.json
      ? `${JSON.stringify({ event: "ready", url, tokenFile: places.tokenFile })}\n`
      : greeting(url, places, host.list(), terminal),
  );

  await stop;
  await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, GRACE_MS))]);
  await host.close();
  return 0;
}

function listen(
  { hostname, port }: Address,
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
  } catch (cause) {
    const state = cause instanceof Deno.errors.AddrInUse
      ? "the address is in use"
      : errorText(cause);
    throw new SoundproofError(
      "api.address_in_use",
      `Cannot listen on ${hostname}:${port}: ${state}; choose another with --listen HOST:PORT`,
      { cause },
    );
  }
}

/** Resolves at SIGINT, at SIGTERM, and when the launcher is gone. */
function untilStopped(launched: boolean): Promise<void> {
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", resolve);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", resolve);
    if (launched) void endOf(Deno.stdin.readable).then(resolve);
  });
}

async function endOf(stream: ReadableStream<Uint8Array>): Promise<void> {
  try {
    for await (const _ of stream); // the launcher writes nothing
  } catch {
    // a broken pipe is an end too
  }
}

function openFolders({ dataDir, pluginsDir }: Places, terminal: Terminal): void {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const mode = (Deno.statSync(dataDir).mode ?? 0) & 0o777;
  if ((mode & 0o077) !== 0) {
    warn(`Others can look into "${dataDir}": its mode is ${mode.toString(8)}, want 700`, terminal);
  }
  try {
    Deno.statSync(pluginsDir);
  } catch {
    Deno.mkdirSync(pluginsDir, { recursive: true, mode: 0o700 });
  }
}

async function enableFirst(host: PluginHost, terminal: Terminal): Promise<void> {
  try {
    for (const plugin of host.list()) {
      if (plugin.state === "disabled") await host.enable(plugin.id);
    }
  } catch (error) {
    warn(errorText(error), terminal);
  }
}

function writeLog({ level, plugin, message }: LogEntry, terminal: Terminal): void {
  const who = plugin === undefined ? "" : ` ${plugin}:`;
  terminal.err(`${harmless(`${level}${who} ${message}`)}\n`);
}
