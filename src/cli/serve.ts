import { collectGarbage } from "../cell/mod.ts";
import { createApi, notReadyYet, openToken, type OwnNames } from "../api/mod.ts";
import type { Configuration } from "../configuration/mod.ts";
import { errorText } from "../errors.ts";
import { PluginHost } from "../host/mod.ts";
import { announceService, DataFolder, TokenStore } from "../state/mod.ts";
import type { StartCommand } from "./arguments.ts";
import { endpointOf } from "./endpoint.ts";
import { hostOptions } from "./host_options.ts";
import { openMusicServer, publicUrl } from "./music_server.ts";
import { listenAt } from "./listening.ts";
import { heedOrders } from "./orders.ts";
import { type Places, problemTexts } from "./places.ts";
import { Reloading } from "./reload.ts";
import { ServiceLog } from "./service_log.ts";
import { openSidecar, type SidecarService } from "./sidecar_service.ts";
import type { Terminal } from "./terminal.ts";
import { greeting } from "./views.ts";

/** How long requests have to be answered when the service stops; then the calls that still run are ended. */
const GRACE_MS = 3_000;
/** How long what is answered then has to be sent. */
const SENDING_MS = 500;

/**
 * Runs the service until it is told to stop; returns the exit code.
 *
 * The address is taken first, and answers 503 until the plugins are loaded: that it is free is known at once.
 *
 * @throws {SoundproofError} `api.address_in_use`, `api.token_exposed`, `api.token_invalid`, `token.revoked`, and what the host throws
 */
export async function serve(
  command: StartCommand,
  places: Places,
  configuration: Configuration,
  terminal: Terminal,
): Promise<number> {
  const log = new ServiceLog(command.json, terminal);
  outliveFaults(log);
  for (const text of problemTexts(configuration, places)) log.warn(text);
  openFolders(places, log);
  using tokens = new TokenStore(DataFolder.tokensOf(places.dataDir));
  tokens.adopt("local", ["admin"], openToken(places.tokenFile));
  const ready: {
    app?: ReturnType<typeof createApi>;
    sidecar?: SidecarService;
    reload?: () => Promise<void>;
  } = {};
  let requests = 0;
  const server = await listenAt(
    endpointOf(command, Deno.cwd(), configuration, places),
    (request, connection) => {
      requests++;
      const picture = ready.sidecar?.artwork.answer(request, connection.completed);
      if (picture !== undefined) return picture;
      return ready.app?.fetch(request, connection) ?? notReadyYet(request);
    },
    (text) => log.warn(text),
  );
  const reloading = new Reloading(command, places, configuration, log);
  const stop = heedOrders(command.launched, () => void ready.reload?.(), () => {
    log.warn("SIGUSR1 opens Deno's inspector, so the service ends at once");
    Deno.exit(1);
  });
  const { url, addresses: [address] } = server;
  const baseUrl = publicUrl({ ...configuration, ...(address && { listen: address }) });
  const musicServer = openMusicServer(configuration, places, baseUrl, (text) => log.warn(text));
  const host = await PluginHost.open({
    ...hostOptions(places, configuration),
    ...(musicServer !== undefined && { musicServer }),
    ...(configuration.autoReload !== undefined && { autoReload: configuration.autoReload }),
    network: { ownAddresses: () => server.addresses },
    log: log.sink,
  });
  ready.reload = () => reloading.reload(host);
  if (command.firstStart) await enableFirst(host, log);
  const sidecar = musicServer &&
    openSidecar({
      configuration,
      places,
      baseUrl,
      scrobblers: host.scrobblers,
      log: (level, text) => log[level](text),
    });
  if (sidecar !== undefined) ready.sidecar = sidecar;

  const stopping = new AbortController();
  ready.app = createApi(host, {
    ...(sidecar !== undefined && { playback: sidecar.playback }),
    tokens,
    names: namesOf(server.names, configuration),
    stopping: stopping.signal,
    onFault: (thrown) => log.fault(thrown),
  });
  announceService(places.dataDir, { url: server.localUrl, pid: Deno.pid });
  const tell = (event: object, text: string) =>
    terminal.out(command.json ? `${JSON.stringify(event)}\n` : text);
  tell(
    { event: "ready", url, tokenFile: places.tokenFile },
    greeting(url, places, host.list(), terminal),
  );

  // The packages that were read would lie in memory until much more does.
  collectGarbage();

  await stop;
  stopping.abort();
  const answered = server.shutdown();
  const unwatched = sidecar?.close();
  await within(GRACE_MS, Promise.all([answered, unwatched]));
  await host.close();
  await unwatched;
  await within(SENDING_MS, answered);
  tell({ event: "stopped", requests }, `Stopped after ${requests} requests\n`);
  return 0;
}

/** What fails while nobody waits for it is told, and ends nothing: a plugin that found the way to it would end the others. */
function outliveFaults(log: ServiceLog): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.fault(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.fault(event.error);
  });
}

/** What the service is called where it listens, and from outside. */
function namesOf(names: OwnNames, { publicUrl }: Configuration): OwnNames {
  if (publicUrl === undefined) return names;
  return { ...names, hosts: [...names.hosts, new URL(publicUrl).host] };
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, milliseconds);
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

function openFolders({ dataDir, pluginsDir }: Places, log: ServiceLog): void {
  Deno.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const mode = (Deno.statSync(dataDir).mode ?? 0) & 0o777;
  if ((mode & 0o077) !== 0) {
    log.warn(`Others can look into "${dataDir}": its mode is ${mode.toString(8)}, want 700`);
  }
  try {
    Deno.statSync(pluginsDir);
  } catch {
    Deno.mkdirSync(pluginsDir, { recursive: true, mode: 0o700 });
  }
}

async function enableFirst(host: PluginHost, log: ServiceLog): Promise<void> {
  try {
    for (const plugin of host.list()) {
      if (plugin.state === "disabled") await host.enable(plugin.id);
    }
  } catch (error) {
    log.warn(errorText(error));
  }
}
