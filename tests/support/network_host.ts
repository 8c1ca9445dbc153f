/**
 * A host with guests that ask for the network, loopback servers, and a DNS that says what a test wants:
 * from the guest's call to real sockets, everything between is the real thing.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import type { Decision } from "../../src/grants/mod.ts";
import { type LogEntry, PluginHost, type PluginHostOptions } from "../../src/host/mod.ts";
import { type GuestResponse, networkGuest, readGuestResponse } from "./network_guest.ts";
import { tempDir } from "./temp_dir.ts";

/** A network permission as a manifest has it. */
export interface Asked {
  readonly requiredHosts?: readonly string[];
  readonly allowedUrls?: Readonly<Record<string, readonly string[]>>;
  readonly allowLocalNetwork?: boolean;
}

/** One plugin of a host. */
export interface AskedPlugin {
  readonly http?: Asked;
  readonly websocket?: Asked;
  /** What the administrator opens; without it exactly `127.0.0.1`, where the servers of tests are. */
  readonly local?: Decision;
}

/** Answers of the DNS: a name's addresses, or a function that is asked each time. */
export type Dns = Readonly<
  Record<string, readonly string[] | ((signal: AbortSignal) => Promise<readonly string[]>)>
>;

export const NOTHING: Decision = {};
export const LOOPBACK: Decision = { addresses: ["127.0.0.1"] };

/** A request of Extism's built-in HTTP. */
export interface GuestRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

export interface NetworkHost extends AsyncDisposable {
  readonly host: PluginHost;
  readonly log: readonly LogEntry[];
  /** Names that were looked up, in order. */
  readonly asked: readonly string[];
  /** Lets the guest send a request; with a method other than GET the JSON of the request is its body. */
  send(plugin: string, request: string | GuestRequest): Promise<GuestResponse>;
  /** Lets the guest call a host function; gives its answer. */
  ask(plugin: string, name: string, request: object): Promise<Record<string, unknown>>;
  /** What the guest was told of its WebSockets, in order. */
  events(plugin: string): Record<string, unknown>[];
  /** As `send`, where it must be refused: what the guest reads, and the codes that were told of it. */
  refused(plugin: string, request: string | GuestRequest): Promise<Refusal>;
}

export interface Refusal {
  readonly text: string;
  readonly codes: readonly string[];
  readonly subjects: readonly string[];
}

/** Opens a host with these plugins, all enabled. */
export async function networkHost(
  plugins: Readonly<Record<string, AskedPlugin>>,
  dns: Dns = {},
  options: Omit<Partial<PluginHostOptions>, "dataDir" | "log"> = {},
): Promise<NetworkHost> {
  const folder = tempDir();
  const pluginsDir = `${folder.path}/plugins`;
  for (const [id, { http, websocket }] of Object.entries(plugins)) {
    Deno.mkdirSync(`${pluginsDir}/${id}`, { recursive: true });
    const rules = [http, websocket].some((asked) => asked?.allowedUrls !== undefined);
    const manifest = {
      name: id,
      author: "Soundproof",
      version: "1.0.0",
      description: "Asks for the network",
      ...(rules && { website: "https://example.com", capabilities: ["MetadataAgent"] }),
      permissions: {
        ...(http && { http: { reason: "test", ...http } }),
        ...(websocket && { websocket: { reason: "test", ...websocket } }),
      },
    };
    Deno.writeTextFileSync(`${pluginsDir}/${id}/manifest.json`, JSON.stringify(manifest));
    const wasm = networkGuest([
      ...(http ? ["http" as const] : []),
      ...(websocket ? ["websocket" as const] : []),
    ]);
    Deno.writeFileSync(`${pluginsDir}/${id}/plugin.wasm`, wasm);
  }
  const log: LogEntry[] = [];
  const asked: string[] = [];
  const host = await PluginHost.open({
    ...options,
    dataDir: `${folder.path}/data`,
    pluginsDir,
    log: (entry) => log.push(entry),
    network: {
      resolver: {
        resolve(name, signal) {
          asked.push(name);
          const answer = dns[name] ?? [];
          return typeof answer === "function" ? answer(signal) : Promise.resolve(answer);
        },
      },
      ...options.network,
    },
  });
  for (const [id, { local = LOOPBACK, http, websocket }] of Object.entries(plugins)) {
    await host.enable(id, http || websocket ? local : NOTHING);
  }
  const call = async (plugin: string, request: string | GuestRequest) => {
    const full = typeof request === "string" ? { url: request } : request;
    const name = (full.method ?? "GET") === "GET" ? "get" : "post";
    return await host.plugin(plugin).call(name, new TextEncoder().encode(JSON.stringify(full)));
  };
  return {
    host,
    log,
    asked,
    send: async (plugin, request) => readGuestResponse(await call(plugin, request)),
    async ask(plugin, name, request) {
      const input = new TextEncoder().encode(JSON.stringify(request));
      const output = await host.plugin(plugin).call(name, input);
      return JSON.parse(new TextDecoder().decode(output));
    },
    events: (plugin) =>
      log.filter((entry) => entry.plugin === plugin && entry.message.startsWith("{"))
        .map(({ message }) => JSON.parse(message)),
    async refused(plugin, request) {
      const before = host.audit().at(-1)?.id ?? 0;
      const text = await call(plugin, request).then(
        (output) => `answered with status ${readGuestResponse(output).status}`,
        (error: Error) => error.message,
      );
      ok(!text.startsWith("answered"), `${JSON.stringify(request)} was ${text}`);
      const events = host.audit(before).filter((event) => event.plugin === plugin);
      return {
        text,
        codes: [...new Set(events.map(({ code }) => code))],
        subjects: events.map(({ subject }) => subject),
      };
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      folder[Symbol.dispose]();
    },
  };
}

export interface LoopbackServer extends AsyncDisposable {
  readonly port: number;
  /** `METHOD path`, with the host that was asked for and the body. */
  readonly seen: SeenRequest[];
}

export interface SeenRequest {
  readonly line: string;
  readonly host: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server on `127.0.0.1` that notes what it is asked. */
export function loopbackServer(
  answer: (request: Request, port: number) => Response | Promise<Response> = () =>
    new Response("hi"),
  tls: { cert?: string; key?: string } = {},
): LoopbackServer {
  const seen: SeenRequest[] = [];
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls as { cert: string; key: string } },
    async (request): Promise<Response> => {
      const { pathname, search, host } = new URL(request.url);
      const body = await request.clone().text();
      const line = `${request.method} ${pathname}${search}`;
      seen.push({ line, host, headers: request.headers, body });
      return await answer(request, server.addr.port);
    },
  );
  return {
    port: server.addr.port,
    seen,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
