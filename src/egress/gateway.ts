/**
 * The fourth wall: a SOCKS5 server on loopback, which alone opens connections for plugins.
 *
 * Each gate has a pass of its own. The gateway checks host and port against the grant again, resolves
 * the name itself, refuses where any answer is refused, connects to the address it judged, and counts.
 * It never sees inside TLS.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { bareHost, parseAddress } from "./addresses.ts";
import { GatewayAccount } from "./gateway_account.ts";
import type { GatewayPass, GatewayPolicy, GatewayRefusal } from "./gateway_policy.ts";
import { type Connect, connectTo, serveClient, type SessionContext } from "./gateway_session.ts";
import { cachingResolver, type Resolver, systemResolver } from "./resolver.ts";

/** An address the host listens on. `0.0.0.0`, `::` and names stand for all of the machine's. */
export interface OwnAddress {
  /** Address or name. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
}

/** How a gateway is set up. */
export interface GatewayOptions {
  /** Default: the system's, with a cache of 30 s. */
  readonly resolver?: Resolver;
  /** For tests: opens connections to judged addresses otherwise than directly. */
  readonly connect?: Connect;
  /** Where the host listens; asked at every request. The gateway adds itself. */
  readonly ownAddresses?: () => readonly OwnAddress[];
  /** Told of every refusal, before the client is. */
  readonly onRefusal?: (refusal: GatewayRefusal) => void;
  /** Limit from accepting a client to its request. Default 5,000 ms. */
  readonly handshakeMs?: number;
  /** Clients without credentials yet at once. Default 256. */
  readonly maxHandshakes?: number;
  /** Monotonic clock in milliseconds. */
  readonly now?: () => number;
}

const digest = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();

/** A gateway that listens. */
export class Gateway {
  /** Port on `127.0.0.1`. */
  readonly port: number;
  readonly #server: Server;
  readonly #options: GatewayOptions;
  readonly #now: () => number;
  readonly #context: SessionContext;
  readonly #clients = new Set<Socket>();
  readonly #passes = new Map<string, { account: GatewayAccount; digest: Buffer }>();
  readonly #nobody = randomBytes(32);
  #handshakes = 0;

  private constructor(server: Server, port: number, options: GatewayOptions) {
    this.#server = server;
    this.port = port;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#context = {
      resolver: options.resolver ?? cachingResolver(systemResolver(), { now: this.#now }),
      connect: options.connect ?? connectTo,
      now: this.#now,
      handshakeMs: options.handshakeMs ?? 5_000,
      authenticate: (username, password) => this.#authenticate(username, password),
      isOwnAddress: (address, at, connected) => this.#isOwnAddress(address, at, connected),
      refuse: (account, { host, port }, code, reason) => {
        const pluginId = account?.policy.pluginId;
        if (account !== undefined) {
          account.counters.refusals[code] = (account.counters.refusals[code] ?? 0) + 1;
        }
        const who = pluginId === undefined ? {} : { pluginId };
        options.onRefusal?.({ ...who, host, port, code, reason });
      },
    };
  }

  /** Starts a gateway on a free port of `127.0.0.1`. Rejects where the process may not listen there. */
  static listen(options: GatewayOptions = {}): Promise<Gateway> {
    return new Promise((fulfil, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        const gateway = new Gateway(server, port, options);
        server.on("connection", (client) => gateway.#accept(client));
        fulfil(gateway);
      });
    });
  }

  /** Makes credentials for one gate: 128 random bits of name, 256 of password. */
  admit(policy: GatewayPolicy): GatewayPass {
    const username = randomBytes(16).toString("base64url");
    const password = randomBytes(32).toString("base64url");
    const account = new GatewayAccount(policy, this.#now);
    this.#passes.set(username, { account, digest: digest(password) });
    return {
      username,
      password,
      counters: account.counters,
      revoke: () => {
        this.#passes.delete(username);
        account.revoke();
      },
    };
  }

  /** Stops listening and ends every connection. */
  close(): Promise<void> {
    const closed = new Promise<void>((fulfil) => this.#server.close(() => fulfil()));
    this.#passes.forEach(({ account }) => account.revoke());
    this.#passes.clear();
    this.#clients.forEach((client) => client.destroy());
    return closed;
  }

  #accept(client: Socket): void {
    client.on("error", () => client.destroy());
    if (this.#handshakes >= (this.#options.maxHandshakes ?? 256)) {
      const reason = "too many clients are in their handshake";
      this.#context.refuse(undefined, { host: "", port: 0 }, "egress.connection_limit", reason);
      client.destroy();
      return;
    }
    this.#clients.add(client);
    client.once("close", () => this.#clients.delete(client));
    const unknown = { count: 1 };
    const leave = () => {
      this.#handshakes -= unknown.count;
      unknown.count = 0;
    };
    this.#handshakes++;
    serveClient(client, this.#context, leave).finally(leave);
  }

  #authenticate(username: Uint8Array, password: Uint8Array): GatewayAccount | undefined {
    const pass = this.#passes.get(Buffer.from(username).toString("latin1"));
    // Digests are compared, in constant time, also where the name is unknown.
    const right = timingSafeEqual(digest(password), pass?.digest ?? this.#nobody);
    return right ? pass?.account : undefined;
  }

  #isOwnAddress(address: string, port: number, connected?: { localAddress: string }): boolean {
    const own = [
      { hostname: "127.0.0.1", port: this.port },
      ...this.#options.ownAddresses?.() ?? [],
    ];
    return own.some((listening) => {
      if (listening.port !== port) return false;
      const host = bareHost(listening.hostname);
      if (host === "localhost") return isLoopback(address);
      const listens = parseAddress(host)?.toString();
      const isOne = listens !== undefined && listens !== "0.0.0.0" && listens !== "::";
      if (isOne) return listens === address;
      // A connection to an address of this machine has that address at both ends.
      return isLoopback(address) || connected?.localAddress === address;
    });
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
