/**
 * The network of guests: what a plugin may reach, and the two walls that hold it to that.
 *
 * Promises that a plugin reaches exactly the hosts, paths and methods of its rules, and no private
 * address unless it was granted. Never knows what a plugin is, nor WASM.
 *
 * The rules are pure functions: {@link decideUrl} on URLs and methods, {@link judgeFor} on addresses.
 * The {@link Gate} sends requests from a worker that may reach the declared hosts only; the
 * {@link Gateway} alone opens connections, and only to addresses it has judged. Begin reading with
 * `gate.ts`, `url_rules.ts` and `gateway_session.ts`.
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
export { type AddressPolicy, type AddressVerdict } from "./addresses.ts";
export { judgeAddress, judgeFor, PUBLIC_ONLY } from "./addresses.ts";
export { type DenoNetList, denoNetList } from "./deno_net_list.ts";
export { Gateway, type GatewayOptions, type OwnAddress } from "./gateway.ts";
export { type Connect } from "./gateway_session.ts";
export { type GatewayCounters, type GatewayLimits } from "./gateway_policy.ts";
export { type GatewayPass, type GatewayPolicy } from "./gateway_policy.ts";
export { type GatewayRefusal, type GatewayRefusalCode } from "./gateway_policy.ts";
export { faultOf } from "./fault.ts";
export { PlayedGate, type PlayedNetwork } from "./played_gate.ts";
export { type HostPattern } from "./host_patterns.ts";
export { type HostPortCheck, hostPortCheck } from "./host_ports.ts";
export { type Hop, isRedirect, nextHop } from "./redirect.ts";
export { type CacheBounds, cachingResolver, type Resolver, systemResolver } from "./resolver.ts";
export { SPECIAL_ADDRESSES, type SpecialAddress, type SpecialKind } from "./special_addresses.ts";
export { parseUrlPattern, type PortRule, type UrlPattern } from "./url_patterns.ts";
export { compileUrlRules, decideUrl } from "./url_rules.ts";
export { type NetworkRules, type UrlRule, type UrlRules } from "./url_rules.ts";
export { type UrlVerdict } from "./url_rules.ts";
export { urlText } from "./url_text.ts";
export { hostPatternCovers } from "./pattern_relations.ts";
export { type Widening, widerRules } from "./wider_rules.ts";
