/**
 * One message made of JSON and bytes: length of the JSON (32 bits, big endian), the JSON, the bytes. For
 * host calls whose payload would suffer from being written as JSON.
 *
 * @module
 */

const LENGTH_BYTES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes a frame. */
export function encodeFrame(head: unknown, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = encoder.encode(JSON.stringify(head));
  const frame = new Uint8Array(LENGTH_BYTES + json.byteLength + payload.byteLength);
  new DataView(frame.buffer).setUint32(0, json.byteLength);
  frame.set(json, LENGTH_BYTES);
  frame.set(payload, LENGTH_BYTES + json.byteLength);
  return frame;
}

/**
 * Reads a frame. The head is not checked; the payload is a view of `frame`.
 *
 * @throws {Error} Where it is none: too short, or no JSON.
 */
export function decodeFrame(frame: Uint8Array): { head: unknown; payload: Uint8Array } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const end = LENGTH_BYTES + view.getUint32(0);
  if (end > frame.byteLength) throw new RangeError("frame is shorter than its head");
  return {
    head: JSON.parse(decoder.decode(frame.subarray(LENGTH_BYTES, end))),
    payload: frame.subarray(end),
  };
}
