/** A gateway between a raw client and a target server, for tests. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Gateway, type GatewayOptions } from "../../src/egress/gateway.ts";
import type {
  GatewayPass,
  GatewayPolicy,
  GatewayRefusal,
} from "../../src/egress/gateway_policy.ts";
import type { GatewayLimits } from "../../src/egress/gateway_policy.ts";
import type { Resolver } from "../../src/egress/resolver.ts";

const ROOMY: GatewayLimits = {
  connections: 100,
  bytesUp: Infinity,
  bytesDown: Infinity,
  connectsPerMinute: 1_000,
  idleMs: 5_000,
  totalMs: Infinity,
  handshakeMs: 2_000,
};

export type PolicyChanges = Partial<Omit<GatewayPolicy, "limits">> & {
  limits?: Partial<GatewayLimits>;
};

/** A policy that covers every host and port and has the loopback open. */
export function policy({ limits, ...changes }: PolicyChanges = {}): GatewayPolicy {
  return {
    pluginId: "plugin",
    allowsHostPort: () => true,
    addresses: { localNetwork: true, named: [] },
    limits: { ...ROOMY, ...limits },
    ...changes,
  };
}

/** A resolver that answers from a table, counts, and takes the next answer at each call. */
export function tableResolver(
  table: Record<string, readonly (readonly string[])[]>,
): { resolver: Resolver; calls: string[] } {
  const calls: string[] = [];
  const resolver: Resolver = {
    resolve: (name) => {
      const answers = table[name] ?? [[]];
      const index = Math.min(calls.filter((call) => call === name).length, answers.length - 1);
      calls.push(name);
      return Promise.resolve(answers[index]!);
    },
  };
  return { resolver, calls };
}

export interface Place {
  gateway: Gateway;
  refusals: GatewayRefusal[];
  /** A target server on 127.0.0.1; its handler may be replaced. */
  port: number;
  accepted: Socket[];
}

/** A gateway and a target server, closed after the test. */
export async function place(
  options: GatewayOptions & { onTarget?: (socket: Socket) => void },
  run: (place: Place) => Promise<void>,
): Promise<void> {
  const refusals: GatewayRefusal[] = [];
  const accepted: Socket[] = [];
  const gateway = await Gateway.listen({
    onRefusal: (refusal) => refusals.push(refusal),
    resolver: tableResolver({}).resolver,
    ...options,
  });
  const target: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
    (options.onTarget ?? ((echo) => echo.pipe(echo)))(socket);
  });
  await new Promise<void>((done) => target.listen(0, "127.0.0.1", done));
  try {
    await run({ gateway, refusals, port: (target.address() as { port: number }).port, accepted });
  } finally {
    await gateway.close();
    accepted.forEach((socket) => socket.destroy());
    await new Promise((done) => target.close(done));
  }
}

/** A raw client that can wait for bytes and for the end. */
export class Client {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      this.socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** The next `count` bytes, or what came before the end. */
  async take(count: number): Promise<number[]> {
    while (this.#bytes.length < count && !this.#ended) {
      await new Promise<void>((done) => this.#wake = done);
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return [...taken];
  }

  /** Everything until the end. */
  async rest(): Promise<Buffer> {
    return Buffer.from(await this.take(Infinity));
  }

  /** Logs in; returns the status of RFC 1929. */
  async logIn(
    { username, password }: Pick<GatewayPass, "username" | "password">,
  ): Promise<number | undefined> {
    this.socket.write(Buffer.from([5, 2, 0, 2]));
    deepStrictEqual(await this.take(2), [5, 2]);
    const name = Buffer.from(username);
    const word = Buffer.from(password);
    this.socket.write(
      Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([word.length]), word]),
    );
    return (await this.take(2))[1];
  }

  /** Asks for a host by name; returns the reply code, or -1 if there was none. */
  async ask(host: string, port: number, command = 1): Promise<number> {
    const name = Buffer.from(host, "latin1");
    this.socket.write(Buffer.concat([
      Buffer.from([5, command, 0, 3, name.length]),
      name,
      Buffer.from([port >> 8, port & 255]),
    ]));
    return (await this.take(10))[1] ?? -1;
  }

  /** Ends the connection and waits for that. */
  close(): Promise<void> {
    this.socket.destroy();
    return new Promise((done) => this.socket.closed ? done() : this.socket.once("close", done));
  }
}

/** Logs in, asks, and returns the reply code with the client. */
export async function through(
  gateway: Gateway,
  pass: GatewayPass,
  host: string,
  port: number,
): Promise<{ client: Client; code: number }> {
  const client = new Client(gateway.port);
  strictEqual(await client.logIn(pass), 0);
  return { client, code: await client.ask(host, port) };
}

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    ok(tries < 400, `waited too long for ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}
