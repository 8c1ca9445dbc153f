/**
 * Which addresses a guest may reach: the decision of the gateway, as values in and values out.
 *
 * IPv4 is allowed where no special-purpose entry covers it. IPv6 is allowed inside `2000::/3` where
 * none does. IPv4 carried in IPv6 is taken out and judged as well.
 *
 * @module
 */

import ipaddr from "ipaddr.js";
import { embeddedIpv4 } from "./embedded_ipv4.ts";
import { SPECIAL_ADDRESSES, type SpecialAddress } from "./special_addresses.ts";

/** Whether an address may be connected to. `address` is its canonical text where it has one. */
export type AddressVerdict =
  | { readonly allowed: true; readonly address: string }
  | {
    readonly allowed: false;
    readonly address: string;
    /** Why, such as `loopback`, `cloud metadata` or `6to4 of private-use`. */
    readonly reason: string;
    /** Registry, RFC or provider behind the refusal. */
    readonly source: string;
    /** Whether it is, or carries, the address of a cloud's metadata or credential service. */
    readonly metadata: boolean;
  };

/** What a grant opens beyond the public internet. */
export interface AddressPolicy {
  /**
   * Whether loopback, RFC 1918 and unique local addresses are open. Link-local addresses and carrier
   * NAT are not among them (clouds keep their services there): those must be named.
   */
  readonly localNetwork: boolean;
  /**
   * Single hosts, addresses or CIDRs the administrator named. A named host may resolve to loopback,
   * RFC 1918, unique local and carrier NAT addresses.
   */
  readonly named: readonly string[];
}

/** The policy of a plugin without any grant: the public internet. */
export const PUBLIC_ONLY: AddressPolicy = { localNetwork: false, named: [] };

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Refused = Extract<AddressVerdict, { allowed: false }>;

interface Block extends SpecialAddress {
  readonly base: Address;
  readonly bits: number;
}

const BLOCKS: readonly Block[] = SPECIAL_ADDRESSES
  .map((row) => {
    const [base, bits] = ipaddr.parseCIDR(row.cidr);
    return { ...row, base, bits };
  })
  .sort((one, other) => other.bits - one.bits);

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
const IPV4_CARRIED = /^[0-9a-f:]*:(?<dotted>[0-9.]+)$/i;

/**
 * Parses an address in its strict text form: four decimal parts without leading zeros, or RFC 4291
 * without a zone. Square brackets are accepted, as in the host of a URL.
 */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  if (!bare.includes(":") || bare.includes("%") || !ipaddr.IPv6.isValid(bare)) return undefined;
  // The parser reads `::ffff:0177.0.0.1` as decimal; others read octal: refuse what is ambiguous.
  const dotted = IPV4_CARRIED.exec(bare)?.groups?.["dotted"];
  if (dotted?.includes(".") && !ipaddr.IPv4.isValidFourPartDecimal(dotted)) return undefined;
  return ipaddr.IPv6.parse(bare);
}

/** The block with the longest prefix that covers an address. */
function blockOf(address: Address): Block | undefined {
  return BLOCKS.find(({ base, bits }) =>
    base.kind() === address.kind() && address.match(base, bits)
  );
}

function refusal(
  address: Address | string,
  reason: string,
  source: string,
  metadata = false,
): Refused {
  return { allowed: false, address: address.toString(), reason, source, metadata };
}

function judge(address: Address): AddressVerdict {
  const block = blockOf(address);
  const own = block === undefined
    ? undefined
    : refusal(address, block.reason, block.source, block.kind === "metadata");
  // A row for one single address (`::1`, a metadata service) says more than the form it has.
  if (address instanceof ipaddr.IPv6 && block?.bits !== 128) {
    const embedded = embeddedIpv4(address.toByteArray());
    const inner = (embedded?.addresses ?? [])
      .map((carried) => judge(ipaddr.IPv4.parse(carried)))
      .filter((verdict) => !verdict.allowed);
    const worst = inner.find(({ metadata }) => metadata) ?? inner[0];
    if (embedded !== undefined && worst !== undefined) {
      const reason = `${embedded.form} of ${worst.reason}`;
      return refusal(address, reason, `${embedded.source}; ${worst.source}`, worst.metadata);
    }
    if (own === undefined && !address.match(GLOBAL_UNICAST)) {
      return refusal(address, "outside global unicast", "IANA IPv6 address space, RFC 4291 2.4");
    }
  }
  return own ?? { allowed: true, address: address.toString() };
}

/**
 * Judges an address for a guest without any grant.
 *
 * @param address text of an address; anything else is refused with the reason `not an address`
 */
export function judgeAddress(address: string): AddressVerdict {
  const parsed = parseAddress(address);
  return parsed === undefined
    ? refusal(address, "not an address", "RFC 4291 2.2, RFC 6943 3.1.1")
    : judge(parsed);
}

/** A host name as it is compared: lower case, without the root's dot. */
export function bareHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** How closely `named` names an address: `exact` (alone), `block` (in a CIDR) or not at all. */
function naming(named: readonly string[], address: Address): "exact" | "block" | undefined {
  let found: "block" | undefined;
  for (const entry of named) {
    const slash = entry.indexOf("/");
    const base = parseAddress(slash === -1 ? entry : entry.slice(0, slash));
    if (base === undefined || base.kind() !== address.kind()) continue;
    const full = base.kind() === "ipv4" ? 32 : 128;
    const digits = entry.slice(slash + 1);
    const bits = slash === -1 ? full : /^\d{1,3}$/.test(digits) ? Number(digits) : NaN;
    if (!(bits >= 0 && bits <= full) || !address.match(base, bits)) continue;
    if (bits === full) return "exact";
    found = "block";
  }
  return found;
}

function judgeUnder(policy: AddressPolicy, host: string, address: Address): AddressVerdict {
  const verdict = judge(address);
  if (verdict.allowed) return verdict;
  const kind = blockOf(address)?.kind ?? "special";
  const named = naming(policy.named, address);
  if (kind === "never" || (verdict.metadata && named !== "exact")) return verdict;
  const hostNamed = policy.named.some((entry) => bareHost(entry) === bareHost(host));
  const open = named !== undefined ||
    (kind === "local" && (policy.localNetwork || hostNamed)) || (kind === "shared" && hostNamed);
  if (!open) return verdict;
  const carried = address instanceof ipaddr.IPv6 && blockOf(address)?.bits !== 128 &&
    embeddedIpv4(address.toByteArray())?.addresses;
  // Naming 64:ff9b::/96 opens DNS64 networks, and with them no private IPv4 behind the translator.
  for (const inner of named === "exact" || !carried ? [] : carried) {
    if (!judgeUnder(policy, host, ipaddr.IPv4.parse(inner)).allowed) return verdict;
  }
  return { allowed: true, address: verdict.address };
}

/**
 * Judges an address a host resolved to (or the literal in the URL) under what a grant opens.
 *
 * Public addresses are always allowed. Metadata services stay refused unless `named` holds exactly
 * that address; a CIDR, a host name or `localNetwork` does not open them. Unspecified, multicast and
 * broadcast addresses cannot be opened.
 *
 * @param policy what the grant opens
 * @param host the name or literal as requested
 * @param address one address it stands for
 */
export function judgeFor(policy: AddressPolicy, host: string, address: string): AddressVerdict {
  const parsed = parseAddress(address);
  return parsed === undefined ? judgeAddress(address) : judgeUnder(policy, host, parsed);
}
