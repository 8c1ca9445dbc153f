import { decodeFrame, encodeFrame } from "../cell/mod.ts";
import type { GateRequest, GateResponse } from "../egress/mod.ts";

/** Larger bodies fail the call (`extism-abi.md`, 1.5). Bytes. */
const MAX_BODY_BYTES = 50 * 1024 * 1024;

/**
 * A request of Extism's built-in HTTP as the cell sends it: a frame of the guest's own JSON, as text, and
 * the body. Keys of the JSON are matched in any letter case, and what is `null` is not there.
 *
 * @throws {Error} Where it is not of that form.
 */
export function readBuiltInRequest(frame: Uint8Array, timeoutMs: number): GateRequest {
  const { head, payload } = decodeFrame(frame);
  const { url, method, headers } = readFields(String(head));
  if (typeof url !== "string") throw new TypeError("request has no url");
  if (method !== undefined && typeof method !== "string") throw new TypeError("method is no text");
  return {
    url,
    method: method || "GET",
    headers: readHeaders(headers ?? {}),
    body: payload.slice(),
    followRedirects: true,
    timeoutMs,
    maxBodyBytes: MAX_BODY_BYTES,
    overflow: "error",
  };
}

/** A response as the cell reads it: a frame of status and header JSON, and the body. */
export function writeBuiltInResponse({ status, headers, body }: GateResponse): Uint8Array {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return encodeFrame({ status, headers: JSON.stringify(Object.fromEntries(joined)) }, body);
}

function readFields(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  if (typeof value !== "object" || value === null) throw new TypeError("request is no JSON object");
  return Object.fromEntries(
    Object.entries(value).map(([key, value]) => [key.toLowerCase(), value ?? undefined]),
  );
}

function readHeaders(headers: unknown): [string, string][] {
  if (typeof headers !== "object" || headers === null) throw new TypeError("headers are no object");
  return Object.entries(headers).map(([name, value]) => {
    if (typeof value !== "string") throw new TypeError(`header ${name} is no text`);
    return [name, value];
  });
}
