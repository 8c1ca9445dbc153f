import { hostPatternCovers, parseUrlPattern } from "../egress/mod.ts";
import { SoundproofError } from "../errors.ts";
import type { NetworkPermission } from "../manifest/mod.ts";
import type { NetworkNarrowing } from "./decision.ts";
import { hostsOf, type NetworkKey, networkRules } from "./network_rules.ts";

/** A pattern that no host has: a list that became empty would mean every host. */
const NO_HOST = "";

/** URL patterns with the methods of each. */
type Urls = Readonly<Record<string, readonly string[]>>;

/**
 * What is left of a permission. Whatever was decided, it allows nothing that the permission does not: a decision may
 * be older than the manifest.
 */
export function narrowNetwork(
  key: NetworkKey,
  asked: NetworkPermission,
  { hosts, urls }: NetworkNarrowing,
  localNetwork: boolean,
): NetworkPermission {
  const { requiredHosts: _, allowedUrls: __, ...others } = asked;
  const requiredHosts = hosts === undefined ? asked.requiredHosts : narrowHosts(key, asked, hosts);
  const allowedUrls = urls === undefined ? asked.allowedUrls : narrowUrls(asked.allowedUrls, urls);
  return {
    ...others,
    ...(requiredHosts !== undefined && { requiredHosts }),
    ...(allowedUrls !== undefined && { allowedUrls }),
    allowLocalNetwork: asked.allowLocalNetwork && localNetwork,
  };
}

/** Of either list what the other covers. Where the manifest has no hosts, those decided are one condition more. */
function narrowHosts(
  key: NetworkKey,
  asked: NetworkPermission,
  decided: readonly string[],
): string[] {
  const known = hostsOf(networkRules(key, asked));
  if (known === undefined) return decided.length === 0 ? [NO_HOST] : [...decided];
  const covered = (host: string, by: readonly string[]) =>
    by.some((pattern) => hostPatternCovers(pattern, host));
  const left = new Set([
    ...decided.filter((host) => covered(host, known)),
    ...known.filter((host) => covered(host, decided)),
  ]);
  return left.size === 0 ? [NO_HOST] : [...left];
}

/**
 * Every pattern of the manifest with the methods that are left of it. One that is taken away stays, without a method:
 * it decides before wider ones, which would otherwise allow there what was taken away, or more.
 */
function narrowUrls(asked: Urls | undefined, decided: Urls): Urls {
  if (asked === undefined) return decided;
  return Object.fromEntries(
    Object.entries(asked).map(([pattern, methods]) => {
      const chosen = Object.hasOwn(decided, pattern) ? decided[pattern] ?? [] : [];
      const left = methods.includes("*")
        ? chosen
        : chosen.includes("*")
        ? methods
        : methods.filter((method) => chosen.includes(method));
      return [pattern, left];
    }),
  );
}

/**
 * Checks a narrowing against the permission it is of.
 *
 * @throws {SoundproofError} `grant.invalid`, which names the permission and what the manifest does not ask for.
 */
export function checkNarrowing(
  key: NetworkKey,
  asked: NetworkPermission | undefined,
  { hosts = [], urls = {} }: NetworkNarrowing,
): void {
  if (asked === undefined) {
    const [thing] = [...hosts, ...Object.keys(urls)];
    if (thing !== undefined) throw refusal(key, `"${thing}"`, "the manifest does not ask for it");
    return;
  }
  const rules = networkRules(key, asked);
  const known = hostsOf(rules) ??
    Object.keys(rules.urls ?? {}).flatMap((pattern) => parseUrlPattern(pattern)?.host ?? []);
  const isKnown = (host: string) => known.some((pattern) => hostPatternCovers(pattern, host));
  for (const host of hosts) {
    if (!isKnown(host)) throw refusal(key, `host "${host}"`, "the manifest does not ask for it");
  }
  for (const [pattern, methods] of Object.entries(urls)) {
    if (rules.urls === undefined) {
      const host = parseUrlPattern(pattern)?.host;
      if (host !== undefined && isKnown(host)) continue;
      throw refusal(key, `"${pattern}"`, "no host that the manifest asks for covers it");
    }
    const allowed = Object.hasOwn(rules.urls, pattern) ? rules.urls[pattern] : undefined;
    if (allowed === undefined) throw refusal(key, `"${pattern}"`, "the manifest has no such rule");
    const more = methods.find((method) => !allowed.includes("*") && !allowed.includes(method));
    if (more !== undefined) {
      const state = `the manifest asks for ${allowed.join(", ") || "no method"}`;
      throw refusal(key, `method "${more}" of "${pattern}"`, state);
    }
  }
}

function refusal(key: NetworkKey, thing: string, state: string): SoundproofError {
  return new SoundproofError("grant.invalid", `Cannot grant "${key}" ${thing}: ${state}`);
}
