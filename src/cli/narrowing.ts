import { hostPatternCovers, parseUrlPattern } from "../egress/mod.ts";
import { SoundproofError } from "../errors.ts";
import {
  type Decision,
  type NetworkKey,
  type NetworkNarrowing,
  networkRules,
} from "../grants/mod.ts";
import {
  type Manifest,
  type NetworkPermission,
  PERMISSION_KEYS,
  type PermissionKey,
} from "../manifest/mod.ts";
import type { DecisionWords } from "./action.ts";

/**
 * A decision from what was typed: hosts and methods become rules of the manifest's own permissions.
 *
 * @throws {SoundproofError} `grant.invalid` for what the manifest does not ask for.
 */
export function decisionFrom(words: DecisionWords, manifest: Manifest | undefined): Decision {
  const { hosts, methods, without, ...rest } = words;
  const { http, websocket } = manifest?.permissions ?? {};
  if (hosts === undefined && methods === undefined) {
    return { ...rest, ...(without !== undefined && { without: without.map(permissionKey) }) };
  }
  const chosen = hosts === "all" ? undefined : hosts;
  const known = new Set(
    chosen?.filter((host) => [http, websocket].some((asked) => asksFor(asked, host))),
  );
  const unknown = chosen?.find((host) => !known.has(host));
  if (unknown !== undefined) throw invalid(`host "${unknown}"`, "the manifest does not ask for it");
  if (methods !== undefined && http === undefined) {
    throw invalid("methods", "the manifest does not ask for http");
  }
  return {
    ...rest,
    ...(without !== undefined && { without: without.map(permissionKey) }),
    ...(http !== undefined && { http: narrowed("http", http, chosen, methods) }),
    ...(websocket !== undefined && {
      websocket: narrowed("websocket", websocket, chosen, undefined),
    }),
  };
}

/** What is left of a permission's rules; everything where neither hosts nor methods are chosen. */
function narrowed(
  key: NetworkKey,
  asked: NetworkPermission,
  chosen: readonly string[] | undefined,
  methods: readonly string[] | undefined,
): NetworkNarrowing {
  const hosts = chosen?.filter((host) => asksFor(asked, host));
  if (methods === undefined) return hosts === undefined ? {} : { hosts };
  const { hosts: all, urls } = networkRules(key, asked);
  const named = hosts ?? (all === "any" ? ["*"] : all ?? []);
  return {
    ...(hosts !== undefined && { hosts }),
    urls: Object.fromEntries(
      urls === undefined
        ? named.map((host) => [`*://${host}:*/*`, methods])
        : Object.entries(urls).map(([pattern, of]) => [
          pattern,
          of.includes("*") ? methods : of.filter((method) => methods.includes(method)),
        ]),
    ),
  };
}

function asksFor(asked: NetworkPermission | undefined, host: string): boolean {
  if (asked === undefined) return false;
  const { requiredHosts, allowedUrls = {} } = asked;
  const known = requiredHosts?.length === 0 ? ["*"] : requiredHosts ??
    Object.keys(allowedUrls).flatMap((pattern) => parseUrlPattern(pattern)?.host ?? []);
  return known.some((pattern) => hostPatternCovers(pattern, host));
}

function permissionKey(word: string): PermissionKey {
  const key = PERMISSION_KEYS.find((known) => known === word);
  if (key !== undefined) return key;
  throw new SoundproofError(
    "cli.usage",
    `Cannot withhold "${word}": no permission has this name; there are ${
      PERMISSION_KEYS.join(", ")
    }`,
  );
}

function invalid(thing: string, state: string): SoundproofError {
  return new SoundproofError("grant.invalid", `Cannot grant ${thing}: ${state}`);
}
