/**
 * A gate that reaches nothing: the rules, the redirects and the headers are those of the real one, and what lies
 * behind them is played. For tests of plugins.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";
import { ByteBudget } from "./body_reader.ts";
import { closeArguments } from "./close_code.ts";
import type { GateRules } from "./gate_protocol.ts";
import { allowedUrl } from "./gate_socket_worker.ts";
import {
  DEFAULT_GATE_LIMITS,
  type GateConnect,
  type GateRequest,
  type GateResponse,
  type GateSocket,
  type SocketHandlers,
} from "./gate_types.ts";
import { type Decide, exchange } from "./http_exchange.ts";
import { handshakeHeaders } from "./request_headers.ts";
import { compileRules } from "./gate_loop.ts";

/** What stands in the place of the internet. */
export interface PlayedNetwork {
  /** Answers a request that the rules allow. What it throws is the fault of the request. */
  answer(request: Request): Promise<Response>;
  /** Takes a WebSocket that the rules allow. What it throws is the fault of the handshake. */
  accept(url: string): void;
  /** Takes a message that was sent over such a WebSocket. */
  receive(url: string, message: string | Uint8Array): void;
}

/** The part of a gate that a plugin's network uses. */
export class PlayedGate {
  readonly #play: PlayedNetwork;
  readonly #http: Decide;
  readonly #websocket: Decide;
  readonly #budget = new ByteBudget(DEFAULT_GATE_LIMITS.responseBytes);
  readonly #sockets = new Set<GateSocket>();
  #requests = 0;
  #lastId = 0;

  constructor(rules: GateRules, play: PlayedNetwork) {
    this.#play = play;
    this.#http = compileRules(rules.http);
    this.#websocket = compileRules(rules.websocket);
  }

  /** What is under way now. */
  get load(): { running: boolean; requests: number; sockets: number } {
    return { running: true, requests: this.#requests, sockets: this.#sockets.size };
  }

  /** Has one HTTP request answered; rejects as a gate does. */
  async send(request: GateRequest, signal: AbortSignal): Promise<GateResponse> {
    this.#requests++;
    try {
      return await exchange(request, {
        decide: this.#http,
        ask: (asked) => this.#play.answer(asked),
        budget: this.#budget,
        userAgent: "Soundproof",
        maxRequestHeaderBytes: DEFAULT_GATE_LIMITS.requestHeaderBytes,
        signal,
      });
    } finally {
      this.#requests--;
    }
  }

  /** Opens a WebSocket over which nothing comes; rejects as a gate does. */
  connect(request: GateConnect, handlers: SocketHandlers): Promise<GateSocket> {
    return Promise.try(() => {
      const url = allowedUrl(request.url, this.#websocket).href;
      handshakeHeaders(request.headers, DEFAULT_GATE_LIMITS.requestHeaderBytes);
      this.#play.accept(url);
      const socket: GateSocket = {
        id: ++this.#lastId,
        sendText: (text) => this.#send(socket, url, text),
        sendBinary: (data) => this.#send(socket, url, data),
        close: (code, reason) => {
          closeArguments(code, reason);
          if (this.#sockets.delete(socket)) void handlers.onClose(code, reason, true);
        },
      };
      this.#sockets.add(socket);
      return socket;
    });
  }

  /** Lets go of every socket. */
  close(): Promise<void> {
    this.#sockets.clear();
    return Promise.resolve();
  }

  #send(socket: GateSocket, url: string, message: string | Uint8Array): Promise<void> {
    return Promise.try(() => {
      if (!this.#sockets.has(socket)) {
        throw new SoundproofError("egress.socket_closed", "Cannot send: the WebSocket is closed");
      }
      this.#play.receive(url, message);
    });
  }
}
