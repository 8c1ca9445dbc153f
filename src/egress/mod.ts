/**
 * The way out: gate and gateway.
 *
 * Promises that a plugin reaches exactly the hosts, paths and methods of its rules, and no private
 * address unless it was granted. Never knows what a plugin is, nor WASM. Begin with `gate.ts`.
 *
 * @module
 */

export { Gate } from "./gate.ts";
export type { GateClock } from "./gate.ts";
export type { GateOptions } from "./gate.ts";
export type { GateRules } from "./gate_protocol.ts";
export type { GatewayAddress } from "./gate_protocol.ts";
export { DEFAULT_GATE_LIMITS } from "./gate_types.ts";
export type { GateConnect } from "./gate_types.ts";
export type { GateLimits } from "./gate_types.ts";
export type { GateRequest } from "./gate_types.ts";
export type { GateResponse } from "./gate_types.ts";
export type { GateSocket } from "./gate_types.ts";
export type { Header } from "./gate_types.ts";
export type { SocketHandlers } from "./gate_types.ts";
