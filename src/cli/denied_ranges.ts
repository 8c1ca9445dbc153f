import ipaddr from "ipaddr.js";
import { SPECIAL_ADDRESSES } from "../egress/mod.ts";

type Block = [ipaddr.IPv4, number];

/**
 * The IPv4 blocks that the whole process is denied, as Deno's last word on what a plugin can reach.
 *
 * The hosts of plugins are not known when the process starts, so it may connect anywhere else. Loopback is never among the
 * blocks: a process that is denied it cannot listen there. Deno takes no IPv6 blocks.
 *
 * @param opened Addresses and CIDRs that the configuration opens. A metadata address is opened only by its own name, a block
 * that is no one's to reach by nothing.
 */
export function deniedRanges(opened: readonly string[]): string[] {
  const blocks = opened.map(parseBlock).filter((block) => block !== undefined);
  return SPECIAL_ADDRESSES.filter(({ cidr, kind }) => {
    const denied = parseBlock(cidr);
    if (denied === undefined || denied[0].range() === "loopback") return false;
    if (kind === "never") return true;
    return !blocks.some((block) =>
      kind === "metadata" ? block[1] === 32 && overlap(block, denied) : overlap(block, denied)
    );
  }).map(({ cidr }) => cidr);
}

function parseBlock(text: string): Block | undefined {
  const cidr = text.includes("/") ? text : `${text}/32`;
  return ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr) ? ipaddr.IPv4.parseCIDR(cidr) : undefined;
}

function overlap([left, leftBits]: Block, [right, rightBits]: Block): boolean {
  return left.match(right, Math.min(leftBits, rightBits));
}
