/**
 * Close codes of WebSocket connections, and the texts they become.
 *
 * @module
 */

/** RFC 6455 section 7.4.1, in the words of upstream's library. */
const MEANINGS: ReadonlyMap<number, string> = new Map([
  [1000, "normal"],
  [1001, "going away"],
  [1002, "protocol error"],
  [1003, "unsupported data"],
  [1005, "no status"],
  [1006, "abnormal closure"],
  [1007, "invalid payload data"],
  [1008, "policy violation"],
  [1009, "message too big"],
  [1010, "mandatory extension missing"],
  [1011, "internal server error"],
  [1015, "TLS handshake error"],
]);

/** Whether the other side left as it should; every other code is an error to the plugin. */
export function isOrderlyClose(code: number): boolean {
  return code === 1000 || code === 1001 || code === 1005;
}

/** `websocket: close 1006 (abnormal closure): unexpected EOF`. */
export function closeText(code: number, reason: string): string {
  const meaning = MEANINGS.get(code);
  const detail = code === 1006 && reason === "" ? "unexpected EOF" : reason;
  return `websocket: close ${code}${meaning === undefined ? "" : ` (${meaning})`}${
    detail === "" ? "" : `: ${detail}`
  }`;
}
