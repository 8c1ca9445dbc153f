/**
 * One client of the gateway, from its first byte to the relay.
 *
 * 1. greeting, credentials, request: within the gateway's time, in at most 1 KiB
 * 2. host and port against the grant, then the pass's limits
 * 3. all addresses of the name; one refused address refuses the request
 * 4. a connection to exactly a judged address, the next one if it fails
 *
 * @module
 */

import { connect, isIPv6, type Socket } from "node:net";
import { errorText } from "../errors.ts";
import { type AddressVerdict, bareHost, judgeFor, parseAddress } from "./addresses.ts";
import { FrameReader } from "./frame_reader.ts";
import type { GatewayAccount } from "./gateway_account.ts";
import type { GatewayRefusalCode } from "./gateway_policy.ts";
import { relay } from "./relay.ts";
import type { Resolver } from "./resolver.ts";
import {
  COMMAND_CONNECT,
  METHOD_NONE,
  METHOD_PASSWORD,
  readCredentials,
  readGreeting,
  readRequest,
  REPLY,
  writeReply,
} from "./socks5.ts";

/** Opens a connection to an address in canonical text; rejects where it cannot, or when aborted. */
export type Connect = (address: string, port: number, signal: AbortSignal) => Promise<Socket>;

/** What a session needs of its gateway. */
export interface SessionContext {
  readonly resolver: Resolver;
  readonly connect: Connect;
  readonly now: () => number;
  readonly handshakeMs: number;
  /** The account behind credentials. */
  authenticate(username: Uint8Array, password: Uint8Array): GatewayAccount | undefined;
  /** Whether the host itself listens there; `connected` once the kernel has chosen our own address. */
  isOwnAddress(address: string, port: number, connected?: { localAddress: string }): boolean;
  refuse(
    account: GatewayAccount | undefined,
    target: { readonly host: string; readonly port: number },
    code: GatewayRefusalCode,
    reason: string,
  ): void;
}

/** A refusal on its way to the client. */
class Refused extends Error {
  constructor(
    readonly code: GatewayRefusalCode,
    reason: string,
    readonly answer: Uint8Array | "none" = writeReply(REPLY.notAllowed),
  ) {
    super(reason);
  }
}

const NOWHERE = { host: "", port: 0 };

/**
 * Serves one client; never rejects.
 *
 * @param onKnown called once the client has proved who it is
 */
export async function serveClient(
  client: Socket,
  context: SessionContext,
  onKnown: () => void,
): Promise<void> {
  let account: GatewayAccount | undefined;
  let target = NOWHERE;
  const reader = new FrameReader(client);
  try {
    reader.limit(context.handshakeMs);
    account = await authenticate(client, reader, context);
    onKnown();
    const request = await reader.read(readRequest);
    const literal = parseAddress(request.host)?.toString();
    target = { host: literal ?? bareHost(request.host), port: request.port };
    if (request.command !== COMMAND_CONNECT) {
      const answer = writeReply(REPLY.commandNotSupported);
      throw new Refused("egress.malformed", `command ${request.command} is not CONNECT`, answer);
    }
    reader.limit(account.limits.handshakeMs);
    const limit = account.enter(client);
    if (limit !== undefined) throw new Refused(limit, "limit of the plugin is reached");
    const server = await open(account, target, reader, context);
    account.counters.connections++;
    join(client, server, reader, account, target, context);
  } catch (thrown) {
    const refused = thrown instanceof Refused ? thrown : new Refused(
      reader.fault(),
      errorText(thrown),
      target === NOWHERE ? "none" : writeReply(REPLY.failure),
    );
    // A client that goes away is no refusal of ours.
    if (!reader.isGone) context.refuse(account, target, refused.code, refused.message);
    reader.release();
    if (refused.answer === "none" || reader.isGone) client.destroy();
    else client.end(refused.answer, () => client.destroy());
  }
}

async function authenticate(
  client: Socket,
  reader: FrameReader,
  context: SessionContext,
): Promise<GatewayAccount> {
  const methods = await reader.read(readGreeting);
  if (!methods.includes(METHOD_PASSWORD)) {
    const answer = new Uint8Array([5, METHOD_NONE]);
    throw new Refused("egress.credentials", "client offers no credentials", answer);
  }
  client.write(new Uint8Array([5, METHOD_PASSWORD]));
  const { username, password } = await reader.read(readCredentials);
  const account = context.authenticate(username, password);
  if (account === undefined) {
    throw new Refused("egress.credentials", "credentials are wrong", new Uint8Array([1, 1]));
  }
  if (!account.arrive(client)) {
    throw new Refused("egress.connection_limit", "too many clients of the plugin wait", "none");
  }
  client.write(new Uint8Array([1, 0]));
  return account;
}

/** Decides on a target and connects to it. */
async function open(
  account: GatewayAccount,
  { host, port }: { readonly host: string; readonly port: number },
  reader: FrameReader,
  context: SessionContext,
): Promise<Socket> {
  const { policy } = account;
  if (!policy.allowsHostPort(host, port)) {
    throw new Refused("egress.host_not_allowed", "no rule of the plugin covers host and port");
  }
  const addresses = await resolve(host, reader.signal, context.resolver);
  const verdicts = addresses.map((address) => judgeFor(policy.addresses, host, address));
  if (verdicts.some(({ address }) => context.isOwnAddress(address, port))) {
    throw new Refused("egress.own_address", "host itself listens there");
  }
  const bad = verdicts.find((verdict): verdict is Extract<AddressVerdict, { allowed: false }> =>
    !verdict.allowed
  );
  if (bad !== undefined) {
    throw new Refused("egress.address_refused", `${bad.address} is ${bad.reason} (${bad.source})`);
  }
  let failure = "no address";
  // An address is connected to by the text its verdict has, so that no parser reads it again.
  for (const { address } of verdicts) {
    try {
      const server = await context.connect(address, port, reader.signal);
      const localAddress = server.localAddress ?? "";
      if (!context.isOwnAddress(address, port, { localAddress })) return server;
      server.destroy();
      throw new Refused("egress.own_address", "host itself listens there");
    } catch (thrown) {
      if (thrown instanceof Refused || reader.signal.aborted) throw thrown;
      failure = errorText(thrown);
    }
  }
  throw new Refused("egress.connect_failed", failure, writeReply(REPLY.refused));
}

/** All addresses of a host, or the host itself where it is one. */
async function resolve(
  host: string,
  signal: AbortSignal,
  resolver: Resolver,
): Promise<readonly string[]> {
  if (parseAddress(host) !== undefined) return [host];
  // `127.1` and `0x7f.1` are addresses to some resolvers and names to none: a URL never has them.
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host)) {
    throw new Refused("egress.malformed", "name ends in a number");
  }
  const answer = writeReply(REPLY.hostUnreachable);
  let addresses: readonly string[];
  try {
    addresses = await resolver.resolve(host, signal);
  } catch (thrown) {
    throw new Refused("egress.resolution_failed", errorText(thrown), answer);
  }
  if (addresses.length > 0) return addresses;
  throw new Refused("egress.resolution_failed", "name has no address", answer);
}

/** Connects directly. */
export function connectTo(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((fulfil, reject) => {
    const family = isIPv6(address) ? 6 : 4;
    const server = connect({ host: address, port, family, noDelay: true, allowHalfOpen: true });
    const abort = () => {
      server.destroy();
      reject(signal.reason);
    };
    const settle = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort, { once: true });
    server.once("error", (error) => {
      settle();
      server.destroy();
      reject(error);
    });
    server.once("connect", () => {
      settle();
      fulfil(server);
    });
    if (signal.aborted) abort();
  });
}

function join(
  client: Socket,
  server: Socket,
  reader: FrameReader,
  account: GatewayAccount,
  target: { readonly host: string; readonly port: number },
  context: SessionContext,
): void {
  account.hold(server);
  const { idleMs, totalMs } = account.limits;
  const spend = (direction: "up" | "down", bytes: number): boolean => {
    if (account.spend(direction, bytes)) return true;
    context.refuse(
      account,
      target,
      "egress.byte_limit",
      `allowance of bytes ${direction} is spent`,
    );
    return false;
  };
  client.write(writeReply(REPLY.succeeded));
  const early = reader.release();
  relay(client, server, { spend, idleMs, totalMs, now: context.now });
  if (early.byteLength > 0) client.unshift(early);
}
