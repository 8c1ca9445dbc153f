/**
 * Bytes between two connected sockets, both ways, until both have ended.
 *
 * Chunks are handed on as they were read: one write a read, no copy, no stream pipeline. On loopback
 * this carries three times what two `pipeTo` carry, see `tests/bench/gateway_bench.ts`.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Direction } from "./gateway_policy.ts";

/** Bytes that may wait in a socket before the other side is no longer read. */
const WAITING_BYTES = 256 * 1024;
/** Longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How a relay is held to its limits. */
export interface RelayOptions {
  /** Asked before each chunk is passed on; `false` ends both sockets. */
  readonly spend: (direction: Direction, bytes: number) => boolean;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly now: () => number;
}

/**
 * Passes bytes on. An end of one side becomes the end of that direction only (half-close); an error or
 * a limit ends both at once.
 *
 * @param client the plugin's side
 * @param server the other side
 */
export function relay(client: Socket, server: Socket, options: RelayOptions): void {
  const { spend, idleMs, totalMs, now } = options;
  const start = now();
  let last = start;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const endBoth = () => {
    clearTimeout(timer);
    client.destroy();
    server.destroy();
  };
  // One timer that looks at the clock, rather than one that is set anew at every chunk.
  const watch = () => {
    const left = Math.min(last + idleMs, start + totalMs) - now();
    if (left <= 0) endBoth();
    else timer = setTimeout(watch, Math.min(Math.ceil(left), MAX_TIMER_MS));
  };
  const passOn = (direction: Direction, from: Socket, to: Socket) => {
    from.on("data", (chunk: Uint8Array) => {
      last = now();
      if (!spend(direction, chunk.byteLength)) return endBoth();
      if (to.write(chunk) || to.writableLength < WAITING_BYTES) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
    from.on("end", () => to.end());
    from.on("error", endBoth);
    from.on("close", () => {
      // After an orderly end of both directions the other socket may still be writing.
      if (from.readableEnded && to.readableEnded && !to.destroyed) return;
      endBoth();
    });
  };
  passOn("up", client, server);
  passOn("down", server, client);
  watch();
}
