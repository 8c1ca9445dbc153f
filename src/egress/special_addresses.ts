/**
 * Every block of addresses a guest may not reach, with the reason and where it is written down.
 *
 * Pure data: {@link judgeAddress} in `addresses.ts` reads it. Where rows overlap the longest prefix
 * gives the reason. IPv6 outside `2000::/3` is refused whether a row covers it or not.
 *
 * @module
 */

/**
 * What a grant can do about a block.
 *
 * - `local`: opened by `allowLocalNetwork`, by a named host, or by a named address or CIDR
 * - `shared`: opened by a named host, address or CIDR (carrier NAT is also what overlay networks use)
 * - `special`: opened by a named address or CIDR only
 * - `metadata`: opened by naming the exact address only
 * - `never`: nothing opens it
 */
export type SpecialKind = "local" | "shared" | "special" | "metadata" | "never";

/** One refused block. */
export interface SpecialAddress {
  /** The block, such as `10.0.0.0/8`. */
  readonly cidr: string;
  /** Why, in a word or two that suit a counter's label. */
  readonly reason: string;
  /** Registry, RFC or provider that says so. */
  readonly source: string;
  /** What a grant can do about it. */
  readonly kind: SpecialKind;
}

type Row = readonly [cidr: string, reason: string, kind: SpecialKind, source: string];

const IPV4_REGISTRY = "IANA IPv4 special-purpose registry";
const IPV6_REGISTRY = "IANA IPv6 special-purpose registry";

const ROWS: readonly Row[] = [
  ["0.0.0.0/8", "this network", "never", `${IPV4_REGISTRY}, RFC 791`],
  ["10.0.0.0/8", "private-use", "local", `${IPV4_REGISTRY}, RFC 1918`],
  ["100.64.0.0/10", "shared address space", "shared", `${IPV4_REGISTRY}, RFC 6598`],
  ["100.100.100.200/32", "cloud metadata", "metadata", "Alibaba Cloud, instance metadata"],
  ["127.0.0.0/8", "loopback", "local", `${IPV4_REGISTRY}, RFC 1122`],
  ["168.63.129.16/32", "cloud metadata", "metadata", "Microsoft Azure, wire server"],
  ["169.254.0.0/16", "link-local", "special", `${IPV4_REGISTRY}, RFC 3927`],
  ["169.254.0.23/32", "cloud metadata", "metadata", "Tencent Cloud, instance metadata"],
  ["169.254.42.42/32", "cloud metadata", "metadata", "Scaleway, instance metadata"],
  ["169.254.169.253/32", "cloud metadata", "metadata", "AWS, resolver of the VPC"],
  ["169.254.169.254/32", "cloud metadata", "metadata", "AWS, Google Cloud, Azure, OpenStack"],
  ["169.254.170.2/32", "cloud metadata", "metadata", "AWS, ECS task credentials"],
  ["169.254.170.23/32", "cloud metadata", "metadata", "AWS, EKS pod identity"],
  ["172.16.0.0/12", "private-use", "local", `${IPV4_REGISTRY}, RFC 1918`],
  ["192.0.0.0/24", "protocol assignments", "special", `${IPV4_REGISTRY}, RFC 6890`],
  ["192.0.0.192/32", "cloud metadata", "metadata", "Oracle Cloud, instance metadata"],
  ["192.0.2.0/24", "documentation", "special", `${IPV4_REGISTRY}, RFC 5737`],
  ["192.31.196.0/24", "AS112", "special", `${IPV4_REGISTRY}, RFC 7535`],
  ["192.52.193.0/24", "AMT", "special", `${IPV4_REGISTRY}, RFC 7450`],
  ["192.88.99.0/24", "6to4 relay", "special", `${IPV4_REGISTRY}, RFC 7526`],
  ["192.168.0.0/16", "private-use", "local", `${IPV4_REGISTRY}, RFC 1918`],
  ["192.175.48.0/24", "AS112", "special", `${IPV4_REGISTRY}, RFC 7534`],
  ["198.18.0.0/15", "benchmarking", "special", `${IPV4_REGISTRY}, RFC 2544`],
  ["198.51.100.0/24", "documentation", "special", `${IPV4_REGISTRY}, RFC 5737`],
  ["203.0.113.0/24", "documentation", "special", `${IPV4_REGISTRY}, RFC 5737`],
  ["224.0.0.0/4", "multicast", "never", "IANA IPv4 multicast registry, RFC 5771"],
  ["240.0.0.0/4", "reserved", "special", `${IPV4_REGISTRY}, RFC 1112`],
  ["255.255.255.255/32", "broadcast", "never", `${IPV4_REGISTRY}, RFC 919`],
  ["::/96", "IPv4-compatible", "special", "RFC 4291 2.5.5.1"],
  ["::/128", "unspecified", "never", `${IPV6_REGISTRY}, RFC 4291`],
  ["::1/128", "loopback", "local", `${IPV6_REGISTRY}, RFC 4291`],
  ["::ffff:0:0/96", "IPv4-mapped", "never", `${IPV6_REGISTRY}, RFC 4291 2.5.5.2`],
  ["::ffff:0:0:0/96", "IPv4-translated", "special", "RFC 7915, RFC 2765"],
  ["64:ff9b::/96", "NAT64", "special", `${IPV6_REGISTRY}, RFC 6052`],
  ["64:ff9b:1::/48", "local NAT64", "special", `${IPV6_REGISTRY}, RFC 8215`],
  ["100::/64", "discard-only", "special", `${IPV6_REGISTRY}, RFC 6666`],
  ["100:0:0:1::/64", "dummy prefix", "special", `${IPV6_REGISTRY}, RFC 9780`],
  ["2001::/23", "protocol assignments", "special", `${IPV6_REGISTRY}, RFC 2928`],
  ["2001::/32", "Teredo", "special", `${IPV6_REGISTRY}, RFC 4380`],
  ["2001:2::/48", "benchmarking", "special", `${IPV6_REGISTRY}, RFC 5180`],
  ["2001:3::/32", "AMT", "special", `${IPV6_REGISTRY}, RFC 7450`],
  ["2001:4:112::/48", "AS112", "special", `${IPV6_REGISTRY}, RFC 7535`],
  ["2001:10::/28", "deprecated ORCHID", "special", `${IPV6_REGISTRY}, RFC 4843`],
  ["2001:20::/28", "ORCHIDv2", "special", `${IPV6_REGISTRY}, RFC 7343`],
  ["2001:30::/28", "drone remote id", "special", `${IPV6_REGISTRY}, RFC 9374`],
  ["2001:db8::/32", "documentation", "special", `${IPV6_REGISTRY}, RFC 3849`],
  ["2002::/16", "6to4", "special", `${IPV6_REGISTRY}, RFC 3056`],
  ["2620:4f:8000::/48", "AS112", "special", `${IPV6_REGISTRY}, RFC 7534`],
  ["3fff::/20", "documentation", "special", `${IPV6_REGISTRY}, RFC 9637`],
  ["5f00::/16", "SRv6 SIDs", "special", `${IPV6_REGISTRY}, RFC 9602`],
  ["fc00::/7", "unique local", "local", `${IPV6_REGISTRY}, RFC 4193`],
  ["fd00:42::42/128", "cloud metadata", "metadata", "Scaleway, instance metadata"],
  ["fd00:ec2::23/128", "cloud metadata", "metadata", "AWS, EKS pod identity"],
  ["fd00:ec2::253/128", "cloud metadata", "metadata", "AWS, resolver of the VPC"],
  ["fd00:ec2::254/128", "cloud metadata", "metadata", "AWS, instance metadata"],
  ["fd20:ce::254/128", "cloud metadata", "metadata", "Google Cloud, metadata server"],
  ["fe80::/10", "link-local", "special", `${IPV6_REGISTRY}, RFC 4291`],
  ["fe80::a9fe:a9fe/128", "cloud metadata", "metadata", "OpenStack, metadata over IPv6"],
  ["fec0::/10", "site-local", "special", "RFC 3879"],
  ["ff00::/8", "multicast", "never", "IANA IPv6 multicast registry, RFC 4291"],
];

/** The blocks, in the order of the registries. */
export const SPECIAL_ADDRESSES: readonly SpecialAddress[] = ROWS.map(
  ([cidr, reason, kind, source]) => ({ cidr, reason, kind, source }),
);
