/** A network of the tests' own making. @module */

import type {
  ConnectRequest,
  Egress,
  EgressRequest,
  EgressResponse,
  Socket,
  SocketEvents,
} from "../../src/services/mod.ts";

/** A WebSocket whose other end is the test. */
export class FakeSocket implements Socket {
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: [code: number, reason: string][] = [];
  constructor(readonly request: ConnectRequest, readonly events: SocketEvents) {}

  send(message: string | Uint8Array): void {
    if (this.closes.length > 0) throw new Error("websocket: close sent");
    this.sent.push(message);
  }

  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }
}

/** Answers requests with what the test wants, and keeps what was asked. */
export class FakeEgress implements Egress {
  readonly requests: EgressRequest[] = [];
  readonly sockets: FakeSocket[] = [];
  answer: (request: EgressRequest, signal: AbortSignal) => Promise<EgressResponse> = () =>
    Promise.resolve({ status: 200, headers: [], body: new Uint8Array(0) });
  /** Throws or waits in place of the handshake. */
  handshake: (request: ConnectRequest, signal: AbortSignal) => Promise<void> = () =>
    Promise.resolve();

  send(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    this.requests.push(request);
    return this.answer(request, signal);
  }

  async connect(
    request: ConnectRequest,
    events: SocketEvents,
    signal: AbortSignal,
  ): Promise<Socket> {
    await this.handshake(request, signal);
    const socket = new FakeSocket(request, events);
    this.sockets.push(socket);
    return socket;
  }
}
