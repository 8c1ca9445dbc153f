import { type OwnNames, ownNames } from "../api/mod.ts";
import { isLocal } from "../configuration/mod.ts";
import { errorText, SoundproofError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { keepListening, type Listener } from "./listener.ts";

/** What answers a request. */
export type Handler = (
  request: Request,
  connection: Deno.ServeHandlerInfo,
) => Response | Promise<Response>;

/** A service that listens. */
export interface Listening {
  /** Where it is asked, such as `https://[::]:4747` or `unix:/run/soundproof.sock`. */
  readonly url: string;
  /** Where this machine's commands ask it. */
  readonly localUrl: string;
  /** What it is called. */
  readonly names: OwnNames;
  /** Its ports. */
  readonly addresses: readonly Deno.NetAddr[];
  /** Takes no more requests, and settles when those that came are answered. */
  shutdown(): Promise<void>;
}

/**
 * Listens at an endpoint.
 *
 * @param warn Told that the server ended, and listens again.
 * @throws {SoundproofError} `api.address_in_use`, `configuration.invalid` for a certificate that cannot be used
 */
export async function listenAt(
  { listen, tls, socket }: Endpoint,
  handler: Handler,
  warn: (text: string) => void,
): Promise<Listening> {
  const onFault = (thrown: unknown) =>
    warn(`The server ended, and listens again: ${errorText(thrown)}`);
  const listeners: Listener<Deno.Addr>[] = [];
  const shutdown = async () => {
    await Promise.all(listeners.map((listener) => listener.shutdown()));
    for (const { addr } of listeners) if ("path" in addr) removeSocket(addr.path);
  };
  const atSocket = async (path: string) => {
    await refuseUsed(path);
    listeners.push(opened(path, () => keepListening(() => serveSocket(path, handler), onFault)));
    return `unix:${path}`;
  };
  if ("path" in listen) {
    const url = await atSocket(listen.path);
    return { url, localUrl: url, names: { hosts: ["localhost"] }, addresses: [], shutdown };
  }
  const scheme = tls === undefined ? "http" : "https";
  const { hostname } = listen;
  const literal = hostname.includes(":") ? `[${hostname}]` : hostname;
  const certificate = tls && readCertificate(tls);
  const listener = opened(
    `${literal}:${listen.port}`,
    () =>
      keepListening<Deno.NetAddr>((taken) =>
        Deno.serve({
          hostname,
          port: taken?.port ?? listen.port,
          onListen: () => {},
          ...certificate,
        }, handler), onFault),
  );
  listeners.push(listener);
  const { port } = listener.addr;
  const url = `${scheme}://${literal}:${port}`;
  const names = ownNames(hostname, port, scheme);
  return {
    url,
    localUrl: socket === undefined ? url : await atSocket(socket),
    names: {
      ...names,
      hosts: [...names.hosts, ...(socket === undefined ? [] : ["localhost"])],
      ...(!isLocal(listen) && { anyAddressAt: port }),
    },
    addresses: [listener.addr],
    shutdown,
  };
}

/** Only its user can connect: the launcher's umask lets it be made so, and its mode says so whoever made it. */
function serveSocket(path: string, handler: Handler): Deno.HttpServer<Deno.UnixAddr> {
  removeSocket(path);
  const server = Deno.serve({ path, transport: "unix", onListen: () => {} }, handler);
  Deno.chmodSync(path, 0o600);
  return server;
}

/** A socket on which nobody listens is left of a process that was killed; anything else there is not ours to remove. */
async function refuseUsed(path: string): Promise<void> {
  let state = "there is a file that is no socket";
  try {
    if (Deno.lstatSync(path).isSocket) {
      (await Deno.connect({ transport: "unix", path })).close();
      state = "the address is in use";
    }
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return;
    if (thrown instanceof Deno.errors.ConnectionRefused) return;
    state = errorText(thrown);
  }
  throw inUse(path, state);
}

function removeSocket(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (thrown) {
    if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
  }
}

function opened<Address extends Deno.Addr>(
  at: string,
  open: () => Listener<Address>,
): Listener<Address> {
  try {
    return open();
  } catch (cause) {
    const state = cause instanceof Deno.errors.AddrInUse
      ? "the address is in use"
      : errorText(cause);
    throw inUse(at, state, cause);
  }
}

function inUse(at: string, state: string, cause?: unknown): SoundproofError {
  return new SoundproofError(
    "api.address_in_use",
    `Cannot listen on ${at}: ${state}; choose another with --listen HOST:PORT`,
    { cause },
  );
}

function readCertificate(
  { certificate, key }: NonNullable<Endpoint["tls"]>,
): { readonly cert: string; readonly key: string } {
  try {
    return { cert: Deno.readTextFileSync(certificate), key: Deno.readTextFileSync(key) };
  } catch (cause) {
    throw new SoundproofError(
      "configuration.invalid",
      `Cannot use TlsCertificate "${certificate}" and TlsKey "${key}": ${errorText(cause)}`,
      { cause },
    );
  }
}
