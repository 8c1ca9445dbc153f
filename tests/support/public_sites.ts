/**
 * The internet as far as a plugin needs it: sites with names and certificates, on loopback, and a host that finds
 * them there. Between the guest and their sockets everything is the real thing.
 *
 * @module
 */

import { connect as connectTcp, type Socket } from "node:net";
import { type HostNetworkOptions, type LogEntry, PluginHost } from "../../src/host/mod.ts";
import type { PluginHostOptions } from "../../src/host/mod.ts";
import { builtPlugin } from "./built.ts";
import { authority } from "./certificates.ts";
import { tempDir } from "./temp_dir.ts";

/** Answers one site. The body has been read, since it is noted. */
export type Site = (request: SiteRequest) => Response | Promise<Response>;

/** What a site was asked. */
export interface SiteRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  /** The request itself, for an upgrade. */
  readonly raw: Request;
}

const ca = authority();

/** Sites by their names, all on port 443 for whoever comes through {@link PublicSites.network}. */
export class PublicSites implements AsyncDisposable {
  /** Everything the sites were asked, in order. */
  readonly asked: SiteRequest[] = [];
  readonly #servers: Deno.HttpServer[] = [];
  readonly #ports = new Map<string, number>();
  readonly #addresses = new Map<string, string>();
  readonly #closing = new AbortController();
  #cert = "";

  static async open(sites: Readonly<Record<string, Site>>): Promise<PublicSites> {
    const place = new PublicSites();
    place.#cert = (await ca).cert;
    for (const [index, [name, site]] of Object.entries(sites).entries()) {
      const address = `93.184.216.${index + 1}`;
      place.#addresses.set(name, address);
      place.#servers.push(Deno.serve({
        ...await (await ca).leaf(name),
        hostname: "127.0.0.1",
        port: 0,
        onListen: ({ port }) => void place.#ports.set(address, port),
      }, (request) => place.#answer(request, site)));
    }
    return place;
  }

  /** `METHOD https://host/path` of everything that was asked. */
  get lines(): string[] {
    return this.asked.map(({ method, url }) => `${method} ${url.origin}${url.pathname}`);
  }

  /** Ends when the sites do: for answers that never come. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The network of a host that finds these sites, and nothing else. */
  get network(): HostNetworkOptions {
    return {
      caCerts: [this.#cert],
      resolver: {
        resolve: (name) => {
          const address = this.#addresses.get(name);
          return Promise.resolve(address === undefined ? [] : [address]);
        },
      },
      connect: (address, port) => this.#connect(address, port),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }

  async #answer(raw: Request, site: Site): Promise<Response> {
    const upgrade = raw.headers.get("upgrade") !== null;
    const request = {
      method: raw.method,
      url: new URL(raw.url),
      headers: new Headers(raw.headers),
      body: upgrade ? "" : await raw.text(),
      raw,
    };
    this.asked.push(request);
    return await site(request);
  }

  #connect(address: string, port: number): Promise<Socket> {
    const to = port === 443 ? this.#ports.get(address) : undefined;
    if (to === undefined) return Promise.reject(new Error("nobody listens there"));
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = connectTcp({ host: "127.0.0.1", port: to, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket)).once("error", reject);
    return promise;
  }
}

/** An example plugin in a host of its own, enabled for every user and library. */
export class ExampleHost implements AsyncDisposable {
  readonly log: LogEntry[] = [];
  readonly #folder = tempDir();
  #host: PluginHost | undefined;

  private constructor(readonly id: string) {}

  /** Builds the plugin, if nobody has, and lets it run. */
  static async open(
    id: string,
    config: Readonly<Record<string, unknown>>,
    options: Omit<PluginHostOptions, "dataDir" | "config" | "log"> = {},
  ): Promise<ExampleHost> {
    const place = new ExampleHost(id);
    const plugins = `${place.#folder.path}/plugins`;
    await Deno.mkdir(plugins);
    await Deno.writeFile(`${plugins}/${id}.ndp`, await builtPlugin(id));
    place.#host = await PluginHost.open({
      dataDir: place.#folder.path,
      config: { [id]: JSON.parse(JSON.stringify(config)) },
      log: (entry) => void place.log.push(entry),
      ...options,
    });
    const { permissions = {} } = place.host.info(id).manifest ?? {};
    await place.host.enable(id, {
      ...(permissions.users && { users: "all" as const }),
      ...(permissions.library && { libraries: "all" as const }),
    });
    return place;
  }

  get host(): PluginHost {
    if (this.#host === undefined) throw new Error("the host is not open");
    return this.#host;
  }

  /** The plugin's log lines: `level: message`. */
  get lines(): string[] {
    return this.log.filter(({ plugin }) => plugin === this.id)
      .map(({ level, message }) => `${level}: ${message}`);
  }

  /** Calls an export with JSON; gives its JSON, `undefined` where the answer is empty. */
  async call(name: string, request: unknown = {}, timeoutMs?: number): Promise<unknown> {
    const output = await this.host.plugin(this.id).call(
      name,
      new TextEncoder().encode(JSON.stringify(request)),
      timeoutMs === undefined ? {} : { timeoutMs },
    );
    return output.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(output));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host?.close();
    this.#folder[Symbol.dispose]();
  }
}

/** A track as a server tells of it; give what matters. */
export function trackInfo(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: "t1",
    title: "Hyperballad",
    album: "Post",
    artist: "Björk",
    albumArtist: "Björk",
    artists: [{ id: "a1", name: "Björk" }],
    albumArtists: [{ id: "a1", name: "Björk" }],
    duration: 321.5,
    trackNumber: 2,
    discNumber: 1,
    ...fields,
  };
}
