/**
 * The `net` list of a gate worker: rules said in Deno's words, as narrowly as these words allow.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import { alternatives } from "./glob.ts";
import { HOST_NAME, type HostPattern } from "./host_patterns.ts";
import { SCHEME_PORTS, type UrlPattern } from "./url_patterns.ts";
import type { UrlRules } from "./url_rules.ts";

/** Permissions of a gate worker, see {@link denoNetList}. */
export interface DenoNetList {
  /**
   * Entries for a worker's `permissions.net`, the gateway among them; or `true`, everything, where a
   * rule has no narrower form. Deno's part of the wall is then gone, and what remains is the gate's own
   * decision and the gateway's, which know the rule exactly.
   */
  readonly net: string[] | true;
  /** Rules for which an entry had to be wider than the rule. */
  readonly open: readonly string[];
}

/** What one rule becomes: entries, or everything, and whether that is wider than the rule. */
interface Entries {
  readonly hosts: readonly string[] | true;
  readonly wider: boolean;
}

const bracketed = (host: string) => isIPv6(host) ? `[${host}]` : host;

/** Entries for one host with wildcards; `deep` where `*` covers several labels. */
function entriesOf(host: string, deep: boolean): Entries {
  if (!/[*?[]/.test(host) || isIPv6(host)) {
    // `{a,}` has an alternative that is no name: no URL has it, and Deno's list would not take it.
    const isSayable = HOST_NAME.test(host) || isIPv6(host);
    return { hosts: isSayable ? [bracketed(host)] : [], wider: false };
  }
  const network = /^((?:\d{1,3}\.){1,3})\*$/.exec(host)?.[1];
  if (network !== undefined && !deep) {
    const octets = network.split(".").filter((octet) => octet !== "");
    const base = [...octets, "0", "0", "0"].slice(0, 4).join(".");
    return { hosts: [`${base}/${octets.length * 8}`], wider: false };
  }
  // The whole labels after the last wildcard are all that Deno can be told.
  const suffix = /^.*[*?\]][^.]*\.([^*?[\]]+)$/.exec(host)?.[1];
  const isName = suffix !== undefined && HOST_NAME.test(suffix) && !/(?:^|\.)\d+$/.test(suffix);
  if (!isName) return { hosts: true, wider: true };
  return { hosts: [`*.${suffix}`], wider: !(deep && host === `*.${suffix}`) };
}

function hostEntries({ exact, glob = "*" }: HostPattern): Entries {
  if (exact !== undefined) return { hosts: [bracketed(exact)], wider: false };
  const all = (alternatives(glob) ?? ["*"]).map((host) => entriesOf(host, true));
  const hosts: string[] = [];
  for (const entry of all) {
    if (entry.hosts === true) return entry;
    hosts.push(...entry.hosts);
  }
  return { hosts, wider: all.some(({ wider }) => wider) };
}

function urlEntries({ scheme, host, port }: UrlPattern): Entries {
  const { hosts, wider } = entriesOf(host, false);
  if (hosts === true || port === "any") return { hosts, wider };
  const own = SCHEME_PORTS[scheme];
  const ports = port !== "default" ? [port] : own !== undefined ? [own] : [80, 443];
  return { hosts: hosts.flatMap((each) => ports.map((number) => `${each}:${number}`)), wider };
}

function combined(all: readonly (readonly [text: string, entries: Entries])[]): DenoNetList {
  const open = [...new Set(all.filter(([, { wider }]) => wider).map(([text]) => text))];
  const net: string[] = [];
  for (const [, { hosts }] of all) {
    if (hosts === true) return { net: true, open };
    net.push(...hosts);
  }
  return { net, open };
}

/**
 * Says compiled rules as a worker's `permissions.net`.
 *
 * `*.example.com` in Deno also admits `example.com` itself and names several levels deep: a URL rule
 * with it is therefore listed in `open`; a host rule, which covers all levels, is not. Where rules of both kinds exist either list
 * would do, since both must allow; the URLs' is taken, which knows ports, unless it is `true`.
 *
 * @param rules compiled rules
 * @param gatewayPort port of the gateway on `127.0.0.1`
 */
export function denoNetList(rules: UrlRules, gatewayPort: number): DenoNetList {
  const hosts = rules.hosts &&
    combined(rules.hosts.map((pattern) => [pattern.text, hostEntries(pattern)]));
  // A rule without methods refuses; it opens nothing.
  const urls = rules.urls &&
    combined(
      rules.urls.filter(({ methods }) => methods.length > 0)
        .map(({ pattern }) => [pattern.text, urlEntries(pattern)]),
    );
  const list = urls !== undefined && (urls.net !== true || hosts === undefined) ? urls : hosts;
  const { net, open } = list ?? { net: [], open: [] };
  if (net === true) return { net, open };
  return { net: [`127.0.0.1:${gatewayPort}`, ...new Set(net.sort())], open };
}
