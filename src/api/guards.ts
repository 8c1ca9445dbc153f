import { SoundproofError } from "../errors.ts";

/** What the service is called, by those who may ask it. */
export interface OwnNames {
  /** `Host` values that are ours, in lower case. */
  readonly hosts: readonly string[];
  /** Whether any address is ours too, at this port: what listens on all addresses. No page can rebind an address. */
  readonly anyAddressAt?: number;
  /** `https` where the service itself speaks TLS. */
  readonly scheme?: "http" | "https";
}

/** The names of a service that listens there; off loopback any of the machine's addresses is one. */
export function ownNames(
  hostname: string,
  port: number,
  scheme: "http" | "https" = "http",
): OwnNames {
  const literal = hostname.includes(":") ? `[${hostname}]` : hostname;
  const hosts = [...new Set([literal, "localhost", "127.0.0.1", "[::1]"])];
  return {
    hosts: hosts.flatMap((host) => withPort(host, port, scheme === "http" ? 80 : 443)),
    scheme,
  };
}

/** A host as a `Host` header names it: without the port where that is the scheme's own. */
export function withPort(host: string, port: number, defaultPort: number): string[] {
  return port === defaultPort ? [host, `${host}:${port}`] : [`${host}:${port}`];
}

/**
 * Refuses requests whose `Host` is not ours, and requests that a browser marks as coming from a page elsewhere.
 *
 * A page can have any name resolve to loopback (DNS rebinding), but it cannot choose the `Host` its browser sends.
 *
 * @throws {SoundproofError} `api.host_refused`, `api.origin_refused`
 */
export function checkOrigin(request: Request, names: OwnNames): void {
  const { headers } = request;
  const host = (headers.get("host") ?? new URL(request.url).host).toLowerCase();
  if (!isOurs(host, names)) {
    throw new SoundproofError(
      "api.host_refused",
      `Cannot answer for host "${host}": this service is ${names.hosts.join(", ")}`,
    );
  }
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site") ?? "none";
  const foreign = origin !== null && origin !== `${names.scheme ?? "http"}://${host}`;
  if (foreign || (site !== "none" && site !== "same-origin")) {
    throw new SoundproofError(
      "api.origin_refused",
      `Cannot answer a page of ${origin ?? `a ${site} origin`}: only this service's own may ask`,
    );
  }
}

function isOurs(host: string, { hosts, anyAddressAt }: OwnNames): boolean {
  if (hosts.includes(host)) return true;
  if (anyAddressAt === undefined) return false;
  const [, address = "", port] = /^(\[[0-9a-f:.]+\]|\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(host) ??
    [];
  return address !== "" && port === String(anyAddressAt);
}
