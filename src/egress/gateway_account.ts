/**
 * The books of one pass: what is open, how often it asked, how much went through.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Direction, GatewayCounters, GatewayLimits, GatewayPolicy } from "./gateway_policy.ts";

/** Clients of one pass that may be between login and request while all its connections are open. */
const WAITING_CLIENTS = 16;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Counts what one pass does and says when it is too much. */
export class GatewayAccount {
  readonly policy: GatewayPolicy;
  readonly counters: GatewayCounters = {
    open: 0,
    connections: 0,
    bytesUp: 0,
    bytesDown: 0,
    refusals: {},
  };
  readonly #now: () => number;
  readonly #sockets = new Set<Socket>();
  #asked: number[] = [];
  #hourStart = -Infinity;
  #hour = { up: 0, down: 0 };
  #revoked = false;

  constructor(policy: GatewayPolicy, now: () => number) {
    this.policy = policy;
    this.#now = now;
  }

  get limits(): GatewayLimits {
    return this.policy.limits;
  }

  /**
   * Takes note of a client that has logged in and not asked for anything yet.
   *
   * @returns `false` where the pass has so many sockets that one more cannot be meant well
   */
  arrive(client: Socket): boolean {
    if (this.#sockets.size >= 2 * this.limits.connections + WAITING_CLIENTS) return false;
    this.hold(client);
    return true;
  }

  /** Takes a place for a connection to be made; returns the code of the limit that is reached. */
  enter(client: Socket):
    | "egress.rate_limit"
    | "egress.connection_limit"
    | "egress.byte_limit"
    | undefined {
    const now = this.#now();
    this.#asked = this.#asked.filter((at) => at > now - MINUTE_MS);
    if (this.#asked.length >= this.limits.connectsPerMinute) return "egress.rate_limit";
    this.#asked.push(now);
    if (this.counters.open >= this.limits.connections) return "egress.connection_limit";
    if (this.#isSpent("up", 0) || this.#isSpent("down", 0)) return "egress.byte_limit";
    this.counters.open++;
    client.once("close", () => this.counters.open--);
    return undefined;
  }

  /** Ends a socket when the pass is revoked. */
  hold(socket: Socket): void {
    if (this.#revoked) socket.destroy();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** Whether so many more bytes may go; counts them if so. */
  spend(direction: Direction, bytes: number): boolean {
    if (this.#isSpent(direction, bytes)) return false;
    this.#hour[direction] += bytes;
    if (direction === "up") this.counters.bytesUp += bytes;
    else this.counters.bytesDown += bytes;
    this.policy.onBytes?.(direction, bytes);
    return true;
  }

  /** Ends everything the pass has open. */
  revoke(): void {
    this.#revoked = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** With 0 bytes: whether the allowance is used up. */
  #isSpent(direction: Direction, bytes: number): boolean {
    const limit = direction === "up" ? this.limits.bytesUp : this.limits.bytesDown;
    if (limit === Infinity) return false;
    const now = this.#now();
    if (now - this.#hourStart >= HOUR_MS) {
      this.#hourStart = now;
      this.#hour = { up: 0, down: 0 };
    }
    return bytes === 0 ? this.#hour[direction] >= limit : this.#hour[direction] + bytes > limit;
  }
}
