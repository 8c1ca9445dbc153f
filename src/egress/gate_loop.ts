/**
 * What the gate's worker does with each message of the host. It holds the plugin's rules, the client
 * that goes through the gateway, and what is under way.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import { ByteBudget } from "./body_reader.ts";
import { faultOf } from "./fault.ts";
import type { FromWorker, GateStart, ToWorker } from "./gate_protocol.ts";
import { WorkerSocket } from "./gate_socket_worker.ts";
import type { GateConnect, GateRequest } from "./gate_types.ts";
import { type Decide, exchange, type ExchangeTools } from "./http_exchange.ts";
import { compileUrlRules, decideUrl, type NetworkRules } from "./url_rules.ts";

/** The part of a worker's scope that is used. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
}

/** How rules become a decision; a test replaces it to take this wall down. */
export type CompileRules = (rules: NetworkRules | undefined) => Decide;

/** Serves a gate from inside its worker. */
export function serveGate(scope: WorkerScope, compile: CompileRules = compileRules): void {
  let work: GateWork | undefined;
  scope.onmessage = ({ data }) => {
    if (data.kind === "start") work = new GateWork(data.start, scope, compile);
    else work?.take(data);
  };
}

/** The real way from rules to a decision. */
export function compileRules(rules: NetworkRules | undefined): Decide {
  // No rules: the permission was not granted, nothing is reached.
  if (rules === undefined) {
    return () => ({
      allowed: false,
      code: "egress.url_not_allowed",
      message: "Cannot use the network: the permission is not granted",
    });
  }
  const compiled = compileUrlRules(rules);
  return (url, method) => decideUrl(compiled, url, method);
}

class GateWork {
  readonly #scope: WorkerScope;
  readonly #start: GateStart;
  readonly #client: Deno.HttpClient;
  readonly #budget: ByteBudget;
  readonly #http: Decide;
  readonly #websocket: Decide;
  readonly #requests = new Map<number, AbortController>();
  readonly #sockets = new Map<number, WorkerSocket>();

  constructor(start: GateStart, scope: WorkerScope, compile: CompileRules) {
    const { port, username, password } = start.gateway;
    this.#scope = scope;
    this.#start = start;
    this.#client = Deno.createHttpClient({
      proxy: {
        transport: "socks5",
        // The h: names go to the gateway, which alone resolves them.
        url: `socks5h://127.0.0.1:${port}`,
        basicAuth: { username, password },
      },
      caCerts: [...start.caCerts],
    });
    this.#budget = new ByteBudget(start.limits.responseBytes);
    this.#http = compile(start.rules.http);
    this.#websocket = compile(start.rules.websocket);
  }

  take(message: Exclude<ToWorker, { kind: "start" }>): void {
    const { id } = message;
    switch (message.kind) {
      case "send":
        void this.#send(id, message.request);
        break;
      case "cancel":
        this.#requests.get(id)?.abort();
        break;
      case "connect":
        this.#connect(id, message.request);
        break;
      case "data": {
        const socket = this.#sockets.get(id);
        if (socket !== undefined) socket.send(message.data);
        break;
      }
      case "handled":
        this.#sockets.get(id)?.handled();
        break;
      case "close":
        this.#sockets.get(id)?.close(message.code, message.reason);
        break;
    }
  }

  async #send(id: number, request: GateRequest): Promise<void> {
    const abort = new AbortController();
    this.#requests.set(id, abort);
    const tools: ExchangeTools = {
      decide: this.#http,
      client: this.#client,
      budget: this.#budget,
      userAgent: this.#start.userAgent,
      maxRequestHeaderBytes: this.#start.limits.requestHeaderBytes,
      signal: abort.signal,
    };
    try {
      this.#post({ kind: "response", id, response: await exchange(request, tools) });
    } catch (thrown) {
      this.#fail(id, thrown, request.url);
    } finally {
      this.#requests.delete(id);
    }
  }

  #connect(id: number, request: GateConnect): void {
    try {
      const socket = new WorkerSocket(id, request, {
        decide: this.#websocket,
        client: this.#client,
        limits: this.#start.limits,
        post: (message) => this.#post(message),
        onGone: () => this.#sockets.delete(id),
      });
      this.#sockets.set(id, socket);
    } catch (thrown) {
      this.#fail(id, thrown, request.url);
    }
  }

  #fail(id: number, thrown: unknown, url: string): void {
    const error = thrown instanceof SoundproofError
      ? thrown
      : faultOf(thrown, "request", URL.parse(url) ?? new URL("about:blank"));
    const message = error.message.slice(0, 2_000);
    this.#post({ kind: "failure", id, code: error.code, message });
  }

  #post(message: FromWorker): void {
    const bytes = message.kind === "response"
      ? message.response.body
      : message.kind === "message"
      ? message.data
      : undefined;
    const owned = bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer;
    this.#scope.postMessage(message, owned ? [bytes.buffer] : []);
  }
}
