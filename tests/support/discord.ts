/**
 * Discord as far as a presence needs it: the API that says where the gateway is and names pictures, and the
 * gateway, over TLS, with sockets that a test drops, and frames that it waits for.
 *
 * @module
 */

import { PublicSites, type Site } from "./public_sites.ts";

/** A frame that the gateway received, as it was written. */
export interface Frame {
  readonly text: string;
  readonly op: number;
  // deno-lint-ignore no-explicit-any
  readonly d: any;
}

/** What a test waits for longest. Milliseconds. */
const PATIENCE_MS = 20_000;

/** Something that comes one by one, and can be waited for. */
class Arrivals<T> {
  readonly #here: T[] = [];
  #waiting: ((item: T) => void) | undefined;

  add(item: T): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#here.push(item);
    else waiting(item);
  }

  /** What is here and nobody has taken. */
  get untaken(): readonly T[] {
    return this.#here;
  }

  async next(what: string): Promise<T> {
    const first = this.#here.shift();
    if (first !== undefined) return first;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Error(`no ${what} came`); // made here, to tell who waited
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = resolve;
        timer = setTimeout(() => reject(late), PATIENCE_MS);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One connection to the gateway. */
export class GatewayConnection {
  readonly #socket: WebSocket;
  readonly #frames = new Arrivals<Frame>();
  readonly #closed = Promise.withResolvers<{ code: number; reason: string }>();

  constructor(socket: WebSocket, readonly headers: Headers) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { op, d } = JSON.parse(data);
      this.#frames.add({ text: data, op, d });
    };
    socket.onclose = ({ code, reason }) => this.#closed.resolve({ code, reason });
  }

  /** The next frame that was not looked at. */
  next(): Promise<Frame> {
    return this.#frames.next("frame");
  }

  /** Frames that nobody has looked at. */
  get unread(): readonly Frame[] {
    return this.#frames.untaken;
  }

  /** How the other side closed. */
  get closed(): Promise<{ code: number; reason: string }> {
    return this.#closed.promise;
  }

  send(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Closes as Discord does when it throws somebody out. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}

/** How the API answers, where not as it should. */
export interface DiscordFaults {
  /** Answers a request for a picture's name. */
  externalAssets?: (url: string, closing: AbortSignal) => Response | Promise<Response> | undefined;
  /** Answers the question where the gateway is. */
  gateway?: () => Response;
}

/** Discord's API and gateway. */
export class Discord implements AsyncDisposable {
  readonly faults: DiscordFaults;
  readonly #connections = new Arrivals<GatewayConnection>();
  #sites: PublicSites | undefined;

  private constructor(faults: DiscordFaults) {
    this.faults = faults;
  }

  static async open(faults: DiscordFaults = {}): Promise<Discord> {
    const discord = new Discord(faults);
    discord.#sites = await PublicSites.open({
      "discord.com": (request) => discord.#api(request),
      "gateway.discord.gg": (request) => discord.#gateway(request),
    });
    return discord;
  }

  get sites(): PublicSites {
    if (this.#sites === undefined) throw new Error("Discord is not open");
    return this.#sites;
  }

  /** The next connection to the gateway. */
  connection(): Promise<GatewayConnection> {
    return this.#connections.next("connection");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sites?.[Symbol.asyncDispose]();
  }

  #api: Site = async ({ method, url, body }) => {
    if (method === "GET" && url.pathname === "/api/gateway") {
      return this.faults.gateway?.() ?? Response.json({ url: "wss://gateway.discord.gg" });
    }
    const assets = /^\/api\/v9\/applications\/(\d+)\/external-assets$/.exec(url.pathname);
    if (method !== "POST" || assets === null) return new Response(null, { status: 404 });
    const { urls: [picture] } = JSON.parse(body);
    const fault = await this.faults.externalAssets?.(picture, this.sites.closing);
    return fault ?? Response.json([{ external_asset_path: `external/${picture.length}` }]);
  };

  #gateway: Site = ({ raw, headers }) => {
    const { socket, response } = Deno.upgradeWebSocket(raw);
    socket.onopen = () => this.#connections.add(new GatewayConnection(socket, headers));
    return response;
  };
}
