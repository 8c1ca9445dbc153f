import { type ErrorCode, SoundproofError } from "../errors.ts";
import type { GatewayRefusal } from "../egress/mod.ts";

/** Refusals that are remembered; the oldest make room. */
const MAX_KEPT = 256;

/** What a gate reports when the gateway has cut it off; SOCKS5 cannot carry more. */
const WITHOUT_REASON: ReadonlySet<ErrorCode> = new Set([
  "egress.address_refused",
  "egress.transport",
]);

/**
 * What a plugin reads. Not the gateway's own reason: it names addresses, and a plugin must not learn
 * what names stand for inside a private network.
 */
const STATES: Readonly<Record<GatewayRefusal["code"], string>> = {
  "egress.address_refused": "the host is, or resolves to, a private or reserved address",
  "egress.byte_limit": "the plugin has sent or received as many bytes as it may in an hour",
  "egress.connect_failed": "no address of the host could be connected to",
  "egress.connection_limit": "the plugin has as many connections open as it may",
  "egress.credentials": "the gateway does not know the plugin",
  "egress.handshake_timeout": "the host was too slow to be found or connected to",
  "egress.host_not_allowed": "no rule of the plugin covers the host and port",
  "egress.malformed": "the host name cannot be resolved",
  // Told like any other private address: where the host itself listens is nothing for a plugin.
  "egress.own_address": "the host is, or resolves to, a private or reserved address",
  "egress.rate_limit": "the plugin asked for more connections in a minute than it may",
  "egress.resolution_failed": "the host name has no address",
};

/**
 * Why the gateway has refused one plugin, by host and port: a gate learns no more than that its
 * connection came to nothing.
 */
export class RecentRefusals {
  readonly #kept = new Map<
    string,
    { readonly code: GatewayRefusal["code"]; readonly at: number }
  >();

  /** Remembers a refusal until its request asks for it. */
  add({ host, port, code }: GatewayRefusal): void {
    const place = `${host}:${port}`;
    this.#kept.delete(place);
    this.#kept.set(place, { code, at: performance.now() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  /**
   * The fault of a gate with the code and the state of the gateway's refusal behind it, if there is one.
   *
   * @param thrown What a request of the gate ended with.
   * @param since When that request began; `performance.now()`.
   */
  explain(thrown: unknown, since: number): unknown {
    if (!(thrown instanceof SoundproofError) || !WITHOUT_REASON.has(thrown.code)) return thrown;
    const url = URL.parse(/"([a-z]+:\/\/[^"]*)"/.exec(thrown.message)?.[1] ?? "");
    if (url === null) return thrown;
    const refusal = this.#kept.get(placeOf(url));
    if (refusal === undefined || refusal.at < since) return thrown;
    const { protocol, host, pathname } = url;
    return new SoundproofError(
      refusal.code,
      `Cannot request "${protocol}//${host}${pathname}": ${STATES[refusal.code]}`,
      { cause: thrown },
    );
  }
}

/** Host and port as the gateway is asked for them. */
function placeOf({ protocol, hostname, port }: URL): string {
  const own = protocol === "https:" || protocol === "wss:" ? 443 : 80;
  return `${hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "")}:${port === "" ? own : port}`;
}
