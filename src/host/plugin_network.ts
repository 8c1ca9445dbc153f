import type { PluginLimits } from "../configuration/mod.ts";
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
  PlayedGate,
} from "../egress/mod.ts";
import { networkRules } from "../grants/mod.ts";
import type { Permissions } from "../manifest/mod.ts";
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
import type { Telemetry } from "../telemetry/mod.ts";
import { DEFAULT_GATEWAY_LIMITS, type HostNetwork } from "./host_network.ts";
import { RecentRefusals } from "./recent_refusals.ts";

/** Longest time of one request or handshake; a guest's call does not last longer either. */
const TIMEOUT_MS = 30_000;
/** Redirects that `http_send` follows; the next one is its answer (`extism-abi.md`, 6.2). */
const MAX_REDIRECTS = 4;

/** What a plugin's network is made from. */
export interface PluginNetworkParts {
  readonly id: string;
  readonly permissions: Permissions;
  /** Private hosts, addresses and CIDRs that are open. */
  readonly addresses: readonly string[];
  readonly network: HostNetwork;
  /** What the administrator allows of each request. */
  readonly limits: PluginLimits;
  /** Told of every request that was refused. */
  readonly onRefusal: (refusal: RequestRefusal) => void;
  /** Told of every request and every byte. */
  readonly telemetry: Telemetry;
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
  readonly gate: Pick<Gate, "send" | "connect" | "close" | "load">;
  /** Absent where the internet is played. */
  readonly pass?: GatewayPass;
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
    this.#http = http && networkRules("http", http);
    this.#websocket = websocket && networkRules("websocket", websocket);
  }

  /** Sends a request of `http_send` (`extism-abi.md`, 2.2). */
  async send(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    const { url, method, maxBodyBytes } = request;
    return await this.#exchange({
      url,
      method,
      maxRedirects: MAX_REDIRECTS,
      surplusRedirect: "response",
      ...(request.maxRedirects !== undefined && { maxRedirects: request.maxRedirects }),
      ...(request.refusedRedirect !== undefined && { refusedRedirect: request.refusedRedirect }),
      headers: [...request.headers],
      body: request.body,
      followRedirects: request.followRedirects &&
        (this.#parts.permissions.http?.allowRedirects ?? true),
      timeoutMs: TIMEOUT_MS,
      maxBodyBytes,
      overflow: "cut",
    }, signal).catch((thrown) => {
      throw egressError(thrown, url);
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
    const told = this.#tell("websocket", "CONNECT", url);
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
      told.end();
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
      told.end(fault);
      this.#audit(fault, url);
      throw egressError(fault, url);
    }
  }

  /** What the gateway has counted; `undefined` while the plugin has not used the network. */
  async counters(): Promise<GatewayPass["counters"] | undefined> {
    return (await this.#open)?.pass?.counters;
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
    open?.pass?.revoke();
  }

  async #exchange(request: GateRequest, signal: AbortSignal): Promise<GateResponse> {
    const since = performance.now();
    const told = this.#tell("http", request.method, request.url);
    try {
      const limited = withinLimits(request, this.#parts.limits);
      const { gate } = await this.#gate();
      const response = await gate.send(limited, signal);
      told.end();
      return response;
    } catch (thrown) {
      const fault = this.#refusals.explain(thrown, since);
      told.end(fault);
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
    const { id, permissions, addresses, network, telemetry } = this.#parts;
    const { requestsPerMinute } = this.#parts.limits;
    const rules = {
      ...(this.#http !== undefined && { http: this.#http }),
      ...(this.#websocket !== undefined && { websocket: this.#websocket }),
    };
    const { play } = network.options;
    if (play !== undefined) return { gate: new PlayedGate(rules, play) };
    const asked = [permissions.http, permissions.websocket].filter((p) => p !== undefined);
    const checks = [this.#http, this.#websocket].filter((r) => r !== undefined).map(hostPortCheck);
    const { port, pass } = await network.admit({
      pluginId: id,
      allowsHostPort: (host, port) => checks.some((allows) => allows(host, port)),
      addresses: {
        // The gateway cannot tell HTTP from a WebSocket: both must have been given the local network.
        localNetwork: asked.every(({ allowLocalNetwork }) => allowLocalNetwork),
        named: addresses,
      },
      limits: { ...DEFAULT_GATEWAY_LIMITS, ...network.options.gatewayLimits },
      onBytes: (direction, bytes) => telemetry.transferred(id, direction, bytes),
    }, (refusal) => this.#refusals.add(refusal));
    const { caCerts, gateLimits, gateWorker } = network.options;
    const gate = new Gate({
      rules,
      gateway: { port, username: pass.username, password: pass.password },
      limits: { ...gateLimits, ...(requestsPerMinute !== undefined && { requestsPerMinute }) },
      ...(caCerts !== undefined && { caCerts }),
      ...(gateWorker !== undefined && { workerUrl: gateWorker }),
    });
    return { gate, pass };
  }

  #tell(kind: "http" | "websocket", method: string, url: string) {
    const { id, telemetry } = this.#parts;
    const { host, protocol } = URL.parse(url) ?? { host: "", protocol: "" };
    const told = telemetry.request(id, kind, { method, host, scheme: protocol.slice(0, -1) });
    return {
      end: (fault?: unknown) =>
        told.end(
          fault instanceof SoundproofError
            ? fault.code
            : fault === undefined
            ? fault
            : "egress.transport",
        ),
    };
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
  const rules = [
    http && networkRules("http", http),
    websocket && networkRules("websocket", websocket),
  ];
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

/** Where a redirect led that was refused, if it was for the host there. */
function refusedTarget(message: string, asked: string): string | undefined {
  const target = /Cannot request "(?:[A-Z]+ )?([a-z]+:\/\/[^"]*)": (?:no rule|the host)/.exec(
    message,
  );
  const url = URL.parse(target?.[1] ?? "");
  return url === null || url.host === URL.parse(asked)?.host ? undefined : url.href;
}

/** A fault as the host services know it; they have the texts that guests know. */
function egressError(thrown: unknown, asked: string): unknown {
  if (!(thrown instanceof SoundproofError)) return thrown;
  const { code, message } = thrown;
  const location = refusedTarget(message, asked);
  const because = (fault: EgressFault, text = message) =>
    new EgressError(fault, text, location, { cause: thrown });
  switch (code) {
    case "egress.redirect_refused":
      return because(location === undefined ? "rule" : "host");
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
