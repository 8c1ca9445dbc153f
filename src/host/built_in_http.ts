import type { GateRequest, GateResponse } from "../egress/mod.ts";

/** Larger bodies fail the call (`extism-abi.md`, 1.5). Bytes. */
const MAX_BODY_BYTES = 50 * 1024 * 1024;

/**
 * A request of Extism's built-in HTTP as the cell sends it: length of the JSON (32 bits, big endian),
 * the JSON, the body. Its keys are matched in any letter case, and what is `null` is not there.
 *
 * @throws {TypeError} Where it is not of that form.
 */
export function readBuiltInRequest(message: Uint8Array, timeoutMs: number): GateRequest {
  const length = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0);
  const fields = readFields(message.subarray(4, 4 + length));
  const { url, method, headers } = fields;
  if (typeof url !== "string") throw new TypeError("request has no url");
  if (method !== undefined && typeof method !== "string") throw new TypeError("method is no text");
  return {
    url,
    method: method || "GET",
    headers: readHeaders(headers ?? {}),
    body: message.subarray(4 + length),
    followRedirects: true,
    timeoutMs,
    maxBodyBytes: MAX_BODY_BYTES,
    overflow: "error",
  };
}

/** A response as the cell reads it: status, length of the header JSON (32 bits each), JSON, body. */
export function writeBuiltInResponse({ status, headers, body }: GateResponse): Uint8Array {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(joined)));
  const message = new Uint8Array(8 + json.byteLength + body.byteLength);
  const view = new DataView(message.buffer);
  view.setUint32(0, status);
  view.setUint32(4, json.byteLength);
  message.set(json, 8);
  message.set(body, 8 + json.byteLength);
  return message;
}

function readFields(json: Uint8Array): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder().decode(json));
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
