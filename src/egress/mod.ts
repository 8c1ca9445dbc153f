/**
 * The network of guests: what a plugin may reach, and the two walls that hold it to that.
 *
 * The rules are pure functions: {@link decideUrl} on URLs and methods, {@link judgeFor} on addresses.
 * The {@link Gateway} alone opens connections, and only to addresses it has judged. Begin reading with
 * `url_rules.ts` and `gateway_session.ts`.
 *
 * @module
 */

export { type AddressPolicy, type AddressVerdict } from "./addresses.ts";
export { judgeAddress, judgeFor, PUBLIC_ONLY } from "./addresses.ts";
export { type DenoNetList, denoNetList } from "./deno_net_list.ts";
export { Gateway, type GatewayOptions, type OwnAddress } from "./gateway.ts";
export { type GatewayCounters, type GatewayLimits } from "./gateway_policy.ts";
export { type GatewayPass, type GatewayPolicy } from "./gateway_policy.ts";
export { type GatewayRefusal, type GatewayRefusalCode } from "./gateway_policy.ts";
export { type HostPortCheck, hostPortCheck } from "./host_ports.ts";
export { type CacheBounds, cachingResolver, type Resolver, systemResolver } from "./resolver.ts";
export { SPECIAL_ADDRESSES, type SpecialAddress, type SpecialKind } from "./special_addresses.ts";
export { compileUrlRules, decideUrl } from "./url_rules.ts";
export { type NetworkRules, type UrlRules, type UrlVerdict } from "./url_rules.ts";
