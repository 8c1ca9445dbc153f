/**
 * Close codes of WebSockets, and what of them the standard `WebSocket` can send.
 *
 * @module
 */

import { SoundproofError } from "../errors.ts";

/** RFC 6455, 5.5: a control frame holds 125 bytes, 2 of them the code. */
const MAX_REASON_BYTES = 123;

/** The arguments of `WebSocket.close`. */
export type CloseArguments = [code?: number, reason?: string];

/**
 * What goes out for the code and reason asked for.
 *
 * 1000 and 3000–4999 as they are; 1005 as a frame without code and reason; 1001 as 1000 and
 * 1002–1014 as 4002–4014, because the standard `WebSocket` can send no other. A reason is cut to
 * the 123 bytes of UTF-8 that fit, at a character's border.
 *
 * Throws `egress.close_refused` for a code that no peer may send (RFC 6455, 7.4).
 */
export function closeArguments(code: number, reason: string): CloseArguments {
  if (code === 1005) return [];
  const sent = sentCode(code);
  if (sent === undefined) {
    const text = `Cannot close WebSocket: the code ${code} may not be sent`;
    throw new SoundproofError("egress.close_refused", text);
  }
  return [sent, cutReason(reason)];
}

function sentCode(code: number): number | undefined {
  if (!Number.isInteger(code)) return undefined;
  if (code === 1000 || code >= 3000 && code <= 4999) return code;
  if (code === 1001) return 1000;
  return code >= 1002 && code <= 1014 && code !== 1004 && code !== 1006 ? code + 3000 : undefined;
}

function cutReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(MAX_REASON_BYTES));
  return reason.slice(0, read);
}
