import { SoundproofError } from "../errors.ts";
import {
  compileUrlRules,
  denoNetList,
  Gate,
  type GateRequest,
  type GateResponse,
  type GatewayPass,
  hostPortCheck,
  type NetworkRules,
} from "../egress/mod.ts";
import type { LocalGrant } from "../grants/mod.ts";
import type { NetworkPermission, Permissions } from "../manifest/mod.ts";
import {
  type ConnectRequest,
  type Egress,
  EgressError,
  type EgressFault,
  type EgressRequest,
  type EgressResponse,
  type Socket,
  type SocketEvents,
} from "../services/mod.ts";
import { readBuiltInRequest, writeBuiltInResponse } from "./built_in_http.ts";
import { DEFAULT_GATEWAY_LIMITS, type HostNetwork } from "./host_network.ts";
import type { PluginLimits } from "./options.ts";
import { RecentRefusals } from "./recent_refusals.ts";

/** Longest time of one request or handshake; a guest's call does not last longer either. */
const TIMEOUT_MS = 30_000;

/** What a plugin's network is made from. */
export interface PluginNetworkParts {
  readonly id: string;
  readonly permissions: Permissions;
  readonly local: LocalGrant;
  readonly network: HostNetwork;
  /** What the administrator allows of each request. */
  readonly limits: PluginLimits;
  /** Told of every request that was refused. */
  readonly onRefusal: (refusal: RequestRefusal) => void;
}

/** A request that came to nothing because we did not want it. */
export interface RequestRefusal {
  readonly code: SoundproofError["code"];
  /** Without query and credentials. */
  readonly url: string;
  /** Why, in words. */
  readonly reason: string;
  /** Whether the gateway refused it, which has told so itself. */
  readonly told: boolean;
}

/** A gate and its pass at the gateway. */
interface Open {
  readonly gate: Gate;
  readonly pass: GatewayPass;
}

/** One plugin's way out: its gate, made at the first need, and the texts its guests read. */
export class PluginNetwork implements Egress {
  readonly #parts: PluginNetworkParts;
  readonly #http: NetworkRules | undefined;
  readonly #websocket: NetworkRules | undefined;
  readonly #refusals = new RecentRefusals();
  #open: Promise<Open> | undefined;
  #closed = false;

  constructor(parts: PluginNetworkParts) {
    this.#parts = parts;
    const { http, websocket } = parts.permissions;
    this.#http = http && rulesOf(http, "any");
    this.#websocket = websocket && rulesOf(websocket, []);
  }

  /** Sends a request of `http_send` (`extism-abi.md`, 2.2). */
  async send(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    const { url, method, maxBodyBytes } = request;
    return await this.#exchange({
      url,
      method,
      // A redirect beyond the last that is followed is the guest's answer, as upstream.
      surplusRedirect: "response",
      headers: [...request.headers],
      body: request.body,
      followRedirects: request.followRedirects &&
        (this.#parts.permissions.http?.allowRedirects ?? true),
      timeoutMs: TIMEOUT_MS,
      maxBodyBytes,
      overflow: "cut",
    }, signal).catch((thrown) => {
      throw egressError(thrown);
    });
  }

  /**
   * Sends a request of Extism's built-in HTTP. Its list of hosts is the same, but an empty one permits
   * nothing (`extism-abi.md`, 1.5).
   */
  async sendBuiltIn(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const request = readBuiltInRequest(message, TIMEOUT_MS);
    try {
      const state = this.#http === undefined
        ? "the plugin has no http permission"
        : this.#http.hosts === "any"
        ? "the manifest lists no hosts"
        : undefined;
      if (state !== undefined) {
        const refusal = new SoundproofError("egress.url_not_allowed", state);
        this.#audit(refusal, request.url);
        throw refusal;
      }
      return writeBuiltInResponse(await this.#exchange(request, signal));
    } catch (thrown) {
      if (!(thrown instanceof SoundproofError)) throw thrown;
      const text = isRefusal(thrown)
        ? `HTTP request to '${withoutSecrets(request.url)}' is not allowed: ${thrown.message}`
        : thrown.message;
      throw new SoundproofError(thrown.code, text, { cause: thrown });
    }
  }

  /** Opens a WebSocket (`extism-abi.md`, 2.8). */
  async connect(
    request: ConnectRequest,
    events: SocketEvents,
    signal: AbortSignal,
  ): Promise<Socket> {
    const { url } = request;
    const since = performance.now();
    try {
      const { gate } = await this.#gate();
      signal.throwIfAborted();
      const socket = await gate.connect({
        url,
        headers: [...request.headers],
        timeoutMs: this.#parts.limits.requestTimeoutMs ?? TIMEOUT_MS,
      }, {
        onMessage: (_kind, data) =>
          typeof data === "string" ? events.text(data) : events.binary(data),
        onClose: (code, reason) => events.closed(code, reason),
        onError: () => {},
      });
      return {
        send: (message) =>
          typeof message === "string" ? socket.sendText(message) : socket.sendBinary(message),
        close(code, reason) {
          try {
            socket.close(code, reason);
          } catch (thrown) {
            // A code that cannot be sent must not keep the connection open.
            socket.close(1000, "");
            throw thrown;
          }
        },
      };
    } catch (thrown) {
      const fault = this.#refusals.explain(thrown, since);
      this.#audit(fault, url);
      throw egressError(fault);
    }
  }

  /** What the gateway has counted; `undefined` while the plugin has not used the network. */
  async counters(): Promise<GatewayPass["counters"] | undefined> {
    return (await this.#open)?.pass.counters;
  }

  /** What the gate has under way; `undefined` while the plugin has not used the network. */
  async load(): Promise<Gate["load"] | undefined> {
    return (await this.#open)?.gate.load;
  }

  /** Ends every request and socket. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = await this.#open?.catch(() => undefined);
    await open?.gate.close();
    open?.pass.revoke();
  }

  async #exchange(request: GateRequest, signal: AbortSignal): Promise<GateResponse> {
    const since = performance.now();
    try {
      const limited = withinLimits(request, this.#parts.limits);
      const { gate } = await this.#gate();
      return await gate.send(limited, signal);
    } catch (thrown) {
      const fault = this.#refusals.explain(thrown, since);
      this.#audit(fault, request.url);
      throw fault;
    }
  }

  #gate(): Promise<Open> {
    if (this.#closed) {
      throw new SoundproofError("egress.cancelled", "Cannot use the network: plugin unloaded");
    }
    return this.#open ??= this.#start().catch((thrown) => {
      this.#open = undefined; // the next request tries again
      throw thrown;
    });
  }

  async #start(): Promise<Open> {
    const { id, permissions, local, network, limits: { requestsPerMinute } } = this.#parts;
    const asked = [permissions.http, permissions.websocket].filter((p) => p !== undefined);
    const checks = [this.#http, this.#websocket].filter((r) => r !== undefined).map(hostPortCheck);
    const { port, pass } = await network.admit({
      pluginId: id,
      allowsHostPort: (host, port) => checks.some((allows) => allows(host, port)),
      addresses: {
        // The gateway cannot tell HTTP from a WebSocket: both must have been given the local network.
        localNetwork: asked.every(({ allowLocalNetwork }) => allowLocalNetwork),
        named: local.addresses,
      },
      limits: { ...DEFAULT_GATEWAY_LIMITS, ...network.options.gatewayLimits },
    }, (refusal) => this.#refusals.add(refusal));
    const { caCerts, gateLimits, gateWorker } = network.options;
    const gate = new Gate({
      rules: {
        ...(this.#http !== undefined && { http: this.#http }),
        ...(this.#websocket !== undefined && { websocket: this.#websocket }),
      },
      gateway: { port, username: pass.username, password: pass.password },
      limits: { ...gateLimits, ...(requestsPerMinute !== undefined && { requestsPerMinute }) },
      ...(caCerts !== undefined && { caCerts }),
      ...(gateWorker !== undefined && { workerUrl: gateWorker }),
    });
    return { gate, pass };
  }

  #audit(thrown: unknown, url: string): void {
    if (!(thrown instanceof SoundproofError) || !isRefusal(thrown)) return;
    this.#parts.onRefusal({
      code: thrown.code,
      url: withoutSecrets(url),
      reason: thrown.message,
      told: thrown.cause instanceof SoundproofError,
    });
  }
}

/** The network rules that Deno's list of hosts can only say more widely, such as `*`. */
export function openRules({ http, websocket }: Permissions): string[] {
  const rules = [http && rulesOf(http, "any"), websocket && rulesOf(websocket, [])];
  return [
    ...new Set(
      rules.flatMap((each) => each === undefined ? [] : denoNetList(compileUrlRules(each), 0).open),
    ),
  ];
}

/**
 * A request cut down to what an administrator allows.
 *
 * @throws {SoundproofError} `egress.body_too_large` for a body that is not to be cut.
 */
function withinLimits(request: GateRequest, limits: PluginLimits): GateRequest {
  const { requestBytes = Infinity, responseBytes = Infinity, requestTimeoutMs = Infinity } = limits;
  const length = request.body?.byteLength ?? 0;
  if (length > requestBytes) {
    throw new SoundproofError(
      "egress.body_too_large",
      `Cannot send request: its body has ${length} bytes, max is ${requestBytes}`,
    );
  }
  return {
    ...request,
    timeoutMs: Math.min(request.timeoutMs, requestTimeoutMs),
    maxBodyBytes: Math.min(request.maxBodyBytes, responseBytes),
  };
}

/** The rules of a permission; `empty` is what an empty list of hosts stands for. */
function rulesOf(permission: NetworkPermission, empty: "any" | []): NetworkRules {
  const { requiredHosts, allowedUrls } = permission;
  return {
    ...(requiredHosts !== undefined && {
      hosts: requiredHosts.length === 0 ? empty : requiredHosts,
    }),
    ...(allowedUrls !== undefined && { urls: allowedUrls }),
  };
}

const FAULTS_OF_TRANSPORT: ReadonlySet<string> = new Set([
  "egress.cancelled",
  "egress.connect_failed",
  "egress.resolution_failed",
  "egress.socket_closed",
  "egress.timeout",
  "egress.transport",
]);

/** Whether a fault is a decision of ours rather than an accident of the network. */
function isRefusal({ code }: SoundproofError): boolean {
  return code.startsWith("egress.") && !FAULTS_OF_TRANSPORT.has(code);
}

/** A fault as the host services know it; they have the texts that guests know. */
function egressError(thrown: unknown): unknown {
  if (!(thrown instanceof SoundproofError)) return thrown;
  const { code, message } = thrown;
  const because = (fault: EgressFault, text = message) =>
    new EgressError(fault, text, undefined, { cause: thrown });
  switch (code) {
    case "egress.url_not_allowed":
    case "egress.host_not_allowed":
      return because("host");
    case "egress.address_refused":
    case "egress.own_address":
      return because("private");
    case "egress.timeout":
      return because("transport", "context deadline exceeded");
    case "egress.cancelled":
      return because("transport", "context canceled");
    default:
      return because(isRefusal(thrown) ? "rule" : "transport");
  }
}

/** A URL as it may be written down: without credentials, query and fragment. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return "(no URL)";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
