/**
 * The gate: one per plugin, the only way from a plugin to the network.
 *
 * 1. The first request starts a worker whose sole permission is `net`, for the hosts of the rules and the gateway.
 * 2. The worker checks each URL and each redirect against the rules and asks the gateway to connect.
 * 3. The host counts: requests, sockets, bytes and requests a minute; and it keeps the time.
 * 4. A worker with nothing to do is ended after `idleMs`; one that crashes, hangs or sends what it should not is ended at once, and
 *    the next request starts another.
 * 5. {@link Gate.close} ends everything: requests fail, sockets close with 1001 `plugin unloaded`.
 *
 * @module
 */

import configuration from "../../deno.json" with { type: "json" };
import { type ErrorCode, SoundproofError } from "../errors.ts";
import { GateLink } from "./gate_link.ts";
import type { FromWorker, GateRules, GatewayAddress, ToWorker } from "./gate_protocol.ts";
import { HostSocket } from "./gate_socket_host.ts";
import {
  DEFAULT_GATE_LIMITS,
  type GateConnect,
  type GateLimits,
  type GateRequest,
  type GateResponse,
  type GateSocket,
  type SocketHandlers,
} from "./gate_types.ts";
import { RateLimit } from "./rate_limit.ts";
import { urlText } from "./url_text.ts";

/** How long a worker may take to let go of a request that was given up. */
const LET_GO_MS = 5_000;
/** How long closing sockets may take before the worker is ended. */
const CLOSE_MS = 1_000;

/** Time as the gate needs it; a test brings its own. */
export interface GateClock {
  now(): number;
  /** Calls once after `ms`; the function it returns calls that off. */
  after(ms: number, call: () => void): () => void;
}

/** How a gate is made. */
export interface GateOptions {
  readonly rules: GateRules;
  /** Where the gateway listens, and this gate's own credentials (a `GatewayPass`). */
  readonly gateway: GatewayAddress;
  readonly limits?: Partial<GateLimits>;
  readonly clock?: GateClock;
  /** For tests: another worker. */
  readonly workerUrl?: URL;
  /** For tests: certificates (PEM) trusted beside the system's. */
  readonly caCerts?: readonly string[];
}

interface OpenRequest {
  readonly request: GateRequest;
  readonly bytes: number;
  /** Tells the caller; absent once it was told. The worker's answer is still awaited then. */
  settle: ((outcome: GateResponse | SoundproofError) => void) | undefined;
  stopTimer: () => void;
}

const SYSTEM_CLOCK: GateClock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** The host's side of one plugin's gate. */
export class Gate {
  readonly #options: GateOptions;
  readonly #limits: GateLimits;
  readonly #clock: GateClock;
  readonly #rate: RateLimit;
  readonly #requests = new Map<number, OpenRequest>();
  readonly #sockets = new Map<number, HostSocket>();
  #link: GateLink | undefined;
  #idleSince: number | undefined;
  #stopIdleTimer: (() => void) | undefined;
  #lastId = 0;
  #queuedBytes = 0;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_GATE_LIMITS, ...options.limits };
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#rate = new RateLimit(this.#limits.requestsPerMinute, () => this.#clock.now());
  }

  /** What is under way now. */
  get load(): { running: boolean; requests: number; sockets: number } {
    const running = this.#link !== undefined;
    return { running, requests: this.#requests.size, sockets: this.#sockets.size };
  }

  /**
   * Sends one HTTP request. A status of 400 or more is an answer like any other.
   *
   * Rejects with a `SoundproofError` whose code starts with `egress.`: refusals of the rules, of
   * redirects, headers and addresses, limits, `egress.timeout`, `egress.cancelled`, `egress.transport`.
   */
  async send(request: GateRequest, signal: AbortSignal): Promise<GateResponse> {
    const doing = () => `request "${urlText(request.url)}"`;
    const timeoutMs = Math.min(request.timeoutMs, this.#limits.timeoutMs);
    const bytes = request.body?.byteLength ?? 0;
    if (signal.aborted) throw cancelled(doing(), "the caller gave up");
    this.#admit(doing, this.#requests.size < this.#limits.requests, "requests");
    if (!(timeoutMs >= 1)) throw timedOut(doing(), timeoutMs);
    this.#queue(bytes);
    const { promise, resolve, reject } = Promise.withResolvers<GateResponse>();
    const id = ++this.#lastId;
    const giveUp = () => this.#giveUp(id, cancelled(doing(), "the caller gave up"));
    const open: OpenRequest = {
      request,
      bytes,
      settle: (outcome) => {
        open.settle = undefined;
        signal.removeEventListener("abort", giveUp);
        open.stopTimer();
        if (outcome instanceof SoundproofError) reject(outcome);
        else resolve(outcome);
      },
      stopTimer: this.#clock.after(
        timeoutMs,
        () => this.#giveUp(id, timedOut(doing(), timeoutMs)),
      ),
    };
    this.#requests.set(id, open);
    signal.addEventListener("abort", giveUp);
    try {
      this.#post({ kind: "send", id, request });
    } catch (thrown) {
      this.#endRequest(id, asError(thrown));
    }
    return await promise;
  }

  /**
   * Opens a WebSocket. Redirects are not followed, messages are not compressed.
   *
   * Rejects as {@link Gate.send} does; handlers are called only after it resolved.
   */
  async connect(request: GateConnect, handlers: SocketHandlers): Promise<GateSocket> {
    const doing = () => `open WebSocket "${urlText(request.url)}"`;
    const timeoutMs = Math.min(request.timeoutMs, this.#limits.timeoutMs);
    this.#admit(doing, this.#sockets.size < this.#limits.sockets, "WebSockets");
    if (!(timeoutMs >= 1)) throw timedOut(doing(), timeoutMs);
    const id = ++this.#lastId;
    const socket = new HostSocket(id, handlers, this.#limits.messageBytes, {
      post: (message) => this.#link?.post(message),
      queue: (bytes) => this.#queue(bytes),
      unqueue: (bytes) => this.#queuedBytes -= bytes,
      onEnded: () => this.#watchIdle(),
    });
    this.#sockets.set(id, socket);
    const late = () => socket.abandon(timedOut(doing(), timeoutMs));
    const stopTimer = this.#clock.after(timeoutMs, late);
    try {
      this.#post({ kind: "connect", id, request });
    } catch (thrown) {
      this.#sockets.delete(id);
      stopTimer();
      throw thrown;
    }
    try {
      return await socket.opened;
    } finally {
      stopTimer();
    }
  }

  /** Ends the gate for good: requests fail with `egress.cancelled`, sockets close with 1001. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return await this.#closed.promise;
    const closed = this.#closed = Promise.withResolvers<void>();
    for (const id of [...this.#requests.keys()]) {
      this.#endRequest(id, cancelled("finish request", "the plugin was unloaded"));
    }
    for (const socket of this.#sockets.values()) {
      socket.abandon(cancelled("open WebSocket", "the plugin was unloaded"));
      socket.close(1001, "plugin unloaded");
    }
    const stopTimer = this.#clock.after(CLOSE_MS, () => this.#end());
    if (this.#link === undefined || this.#sockets.size === 0) this.#end();
    await closed.promise;
    stopTimer();
  }

  #admit(doing: () => string, hasRoom: boolean, what: string): void {
    if (this.#closed !== undefined) throw cancelled(doing(), "the gate is closed");
    if (!hasRoom) throw refusal("egress.busy", doing(), `too many ${what} are under way`);
    if (!this.#rate.take()) {
      const state = `more than ${this.#limits.requestsPerMinute} requests in a minute`;
      throw refusal("egress.rate_limit", doing(), state);
    }
  }

  #queue(bytes: number): void {
    if (this.#queuedBytes + bytes > this.#limits.queuedBytes) {
      throw refusal("egress.busy", "send", "too many bytes are on their way out");
    }
    this.#queuedBytes += bytes;
  }

  /** Posts to the worker, started if there is none. */
  #post(message: ToWorker): void {
    this.#link ??= this.#startWorker();
    this.#watchIdle();
    this.#link.post(message);
  }

  #startWorker(): GateLink {
    const { rules, gateway, caCerts = [], workerUrl } = this.#options;
    const { port, username, password } = gateway;
    const url = workerUrl ?? new URL("./gate_worker.ts", import.meta.url);
    const start = {
      rules,
      gateway: { port, username, password },
      limits: this.#limits,
      userAgent: `Soundproof/${configuration.version}`,
      caCerts,
    };
    return new GateLink(url, start, {
      onMessage: (message) => this.#take(message),
      onLost: (reason) => this.#lost(reason),
    });
  }

  /** Takes a message of the worker; returns what is wrong with it, if anything. */
  #take(message: FromWorker): string | undefined {
    const open = this.#requests.get(message.id);
    if (open !== undefined) return this.#takeAnswer(message, open);
    const socket = this.#sockets.get(message.id);
    if (socket === undefined) return "it answered what was not asked";
    const fault = socket.take(message);
    if (fault === undefined && (message.kind === "closed" || message.kind === "failure")) {
      this.#sockets.delete(message.id);
      this.#watchIdle();
      if (this.#closed !== undefined && this.#sockets.size === 0) this.#end();
    }
    return fault;
  }

  #takeAnswer(message: FromWorker, { request }: OpenRequest): string | undefined {
    if (message.kind === "failure") {
      this.#endRequest(message.id, new SoundproofError(message.code, message.message));
      return undefined;
    }
    if (message.kind !== "response") return "it treated a request as a WebSocket";
    if (message.response.body.byteLength > request.maxBodyBytes) {
      return "it sent a body over the limit";
    }
    this.#endRequest(message.id, message.response);
    return undefined;
  }

  /** Tells the caller at once; the slot is free when the worker has let go. */
  #giveUp(id: number, error: SoundproofError): void {
    const open = this.#requests.get(id);
    if (open?.settle === undefined) return;
    open.settle(error);
    this.#link?.post({ kind: "cancel", id });
    const hangs = () => this.#link?.lose("it does not let go of a request");
    open.stopTimer = this.#clock.after(LET_GO_MS, hangs);
  }

  #endRequest(id: number, outcome: GateResponse | SoundproofError): void {
    const open = this.#requests.get(id);
    if (open === undefined) return;
    this.#requests.delete(id);
    this.#queuedBytes -= open.bytes;
    open.stopTimer();
    open.settle?.(outcome);
    this.#watchIdle();
  }

  #lost(reason: string): void {
    this.#link = undefined;
    const state = `the gate ended: ${reason.slice(0, 500)}`;
    for (const id of [...this.#requests.keys()]) {
      this.#endRequest(id, refusal("egress.transport", "finish request", state));
    }
    for (const socket of this.#sockets.values()) socket.lost(state);
    this.#sockets.clear();
    this.#forgetIdle();
    this.#closed?.resolve();
  }

  /** Whether a worker runs that nobody needs. */
  get #idle(): boolean {
    return this.#link !== undefined && this.#requests.size === 0 &&
      ![...this.#sockets.values()].some(({ live }) => live);
  }

  /** Notes when the worker became idle. One timer is enough: it looks again when it was early. */
  #watchIdle(): void {
    this.#idleSince = this.#idle ? this.#clock.now() : undefined;
    if (this.#idle) this.#stopIdleTimer ??= this.#armIdleTimer(this.#limits.idleMs);
  }

  #armIdleTimer(ms: number): () => void {
    return this.#clock.after(ms, () => {
      this.#stopIdleTimer = undefined;
      if (this.#idleSince === undefined) return;
      const left = this.#idleSince + this.#limits.idleMs - this.#clock.now();
      if (left > 0) this.#stopIdleTimer = this.#armIdleTimer(left);
      else this.#end();
    });
  }

  #end(): void {
    this.#link?.end();
    this.#link = undefined;
    this.#sockets.clear();
    this.#forgetIdle();
    this.#closed?.resolve();
  }

  #forgetIdle(): void {
    this.#idleSince = undefined;
    this.#stopIdleTimer?.();
    this.#stopIdleTimer = undefined;
  }
}

function refusal(code: ErrorCode, doing: string, state: string): SoundproofError {
  return new SoundproofError(code, `Cannot ${doing}: ${state}`);
}

function cancelled(doing: string, state: string): SoundproofError {
  return refusal("egress.cancelled", doing, state);
}

function timedOut(doing: string, timeoutMs: number): SoundproofError {
  return refusal("egress.timeout", doing, `no full answer within ${timeoutMs} ms`);
}

function asError(thrown: unknown): SoundproofError {
  return thrown instanceof SoundproofError
    ? thrown
    : new SoundproofError("egress.transport", `Cannot send request: ${String(thrown)}`);
}
