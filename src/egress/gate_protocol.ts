/**
 * The messages between a gate and its worker. The worker believes the host; the host believes
 * nothing that {@link parseFromWorker} has not looked at.
 *
 * @module
 */

import { ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { GateConnect, GateLimits, GateRequest, GateResponse, Header } from "./gate_types.ts";
import type { NetworkRules } from "./url_rules.ts";

/** What a worker is started with. */
export interface GateStart {
  /** Rules for HTTP and for WebSockets; what is absent reaches nothing. */
  readonly rules: GateRules;
  readonly gateway: GatewayAddress;
  readonly limits: GateLimits;
  readonly userAgent: string;
  /** Certificates (PEM) trusted beside the system's. */
  readonly caCerts: readonly string[];
}

/** The rules of the two services that share a gate. */
export interface GateRules {
  readonly http?: NetworkRules;
  readonly websocket?: NetworkRules;
}

/** Where the gateway listens on loopback, and this gate's own credentials for it. */
export interface GatewayAddress {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** From the host to the worker. The first is `start`. */
export type ToWorker =
  | { readonly kind: "start"; readonly start: GateStart }
  | { readonly kind: "send"; readonly id: number; readonly request: GateRequest }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "connect"; readonly id: number; readonly request: GateConnect }
  | { readonly kind: "data"; readonly id: number; readonly data: string | Uint8Array }
  | { readonly kind: "handled"; readonly id: number }
  | { readonly kind: "close"; readonly id: number; readonly code: number; readonly reason: string };

/** From the worker to the host. */
export type FromWorker =
  /** The end of a request that answered. */
  | { readonly kind: "response"; readonly id: number; readonly response: GateResponse }
  /** The end of a request or of a socket that did not open. */
  | {
    readonly kind: "failure";
    readonly id: number;
    readonly code: ErrorCode;
    readonly message: string;
  }
  | { readonly kind: "open"; readonly id: number }
  /** One message; the next comes after `handled`. */
  | { readonly kind: "message"; readonly id: number; readonly data: string | Uint8Array }
  /** The oldest `data` is on its way, or why it is not. */
  | { readonly kind: "sent"; readonly id: number; readonly error?: string }
  /** The end of an open socket. */
  | {
    readonly kind: "closed";
    readonly id: number;
    readonly code: number;
    readonly reason: string;
    readonly clean: boolean;
    readonly error?: string;
  };

/** What a worker may send at most. */
const BOUNDS = { headers: 1_000, headerBytes: 256 * 1024, textLength: 2_000 };

/** Reads one message of a worker that may be hostile; `undefined` for anything but the shapes above. */
export function parseFromWorker(value: unknown): FromWorker | undefined {
  if (!isRecord(value) || !isId(value.id)) return undefined;
  const { id } = value;
  switch (value.kind) {
    case "response": {
      const response = parseResponse(value.response);
      return response && { kind: "response", id, response };
    }
    case "failure":
      return isEgressCode(value.code) && isText(value.message)
        ? { kind: "failure", id, code: value.code, message: value.message }
        : undefined;
    case "open":
      return { kind: "open", id };
    case "message":
      return typeof value.data === "string" || isOwnBytes(value.data)
        ? { kind: "message", id, data: value.data }
        : undefined;
    case "sent":
      if (value.error === undefined) return { kind: "sent", id };
      return isText(value.error) ? { kind: "sent", id, error: value.error } : undefined;
    case "closed": {
      const { code, reason, clean, error } = value;
      if (!isWithin(code, 0, 65_535) || !isText(reason) || typeof clean !== "boolean") {
        return undefined;
      }
      if (error === undefined) return { kind: "closed", id, code, reason, clean };
      return isText(error) ? { kind: "closed", id, code, reason, clean, error } : undefined;
    }
    default:
      return undefined;
  }
}

function parseResponse(value: unknown): GateResponse | undefined {
  if (!isRecord(value)) return undefined;
  const { status, url, headers, body, hops } = value;
  if (!isWithin(status, 100, 999) || !isWithin(hops, 0, 20)) return undefined;
  if (typeof url !== "string" || url.length > 65_536) return undefined;
  if (!isOwnBytes(body) || !Array.isArray(headers) || headers.length > BOUNDS.headers) {
    return undefined;
  }
  const pairs: Header[] = [];
  let bytes = 0;
  for (const header of headers) {
    if (!Array.isArray(header)) return undefined;
    const [name, text]: unknown[] = header;
    if (typeof name !== "string" || typeof text !== "string") return undefined;
    bytes += name.length + text.length + 4;
    pairs.push([name, text]);
  }
  return bytes > BOUNDS.headerBytes ? undefined : { status, url, headers: pairs, body, hops };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isId(value: unknown): value is number {
  return isWithin(value, 1, Number.MAX_SAFE_INTEGER);
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= BOUNDS.textLength;
}

/** Bytes that nobody else can write (no shared memory) and that keep nothing larger alive. */
function isOwnBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer &&
    value.byteLength === value.buffer.byteLength;
}

function isEgressCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && value.startsWith("egress.") &&
    Object.hasOwn(ERROR_CODES, value);
}
