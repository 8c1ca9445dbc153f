/**
 * Which URLs and methods a guest may request: the decision of the gate, as values in and values out.
 *
 * Two kinds of rule exist, and where a manifest has both (protobuf manifest on an Extism module) both
 * must allow. It is decided on the URL as it will be requested, after the URL parser. A rule on paths
 * must hold under two readings of the path: as sent, and as a server sees it that decodes `%2F`, `%5C`
 * and `%252e` and resolves the dot segments this brings.
 *
 * Where this differs from upstream:
 *
 * | case | upstream | here | why |
 * | --- | --- | --- | --- |
 * | host case, trailing dot, default port in URL or pattern | compared as written | normalised | one host, one answer |
 * | IDN and short IPv4 (`127.1`) in a pattern | as written | as the URL parser writes them | the same |
 * | `requiredHosts`: `api-*.example.com`, `?`, `[abc]`, `{x,y}` | globs for `http_request`, literal for `http_send` | globs for both | one list, one meaning |
 * | `requiredHosts`: an invalid glob | traps | matches nothing, is reported | no trap at run time |
 * | `requiredHosts`: port inside (`host:8080`) | matches nothing | matches nothing, is reported | |
 * | exact URL pattern without a path | the root only | the whole site; after all patterns with a path | as documented |
 * | `/api/*` | also `/apixyz` | `/api` and below only | the author means a folder |
 * | `/a*`, and a `*` in the middle of a path | matches nothing | `*` is a run inside one segment | as it reads |
 * | dot segments, `%2e`, `%2F`, `%5C`, `..;` | raw text | must be covered under both readings | no way around a path rule |
 * | a path that is not UTF-8, has control characters or four layers of encoding | raw text | only rules without a path cover it | the same |
 * | `*` in a host | one label, possibly empty, or digits and dots | one label or part of it, a whole label never empty; digits and dots only for IPv4 literals | `.example.com` is no host |
 * | `*` at a host's end (`localhost*`, `192.168.1.*`) | also covers a port | a port must be written, or `:*` | ports are a rule of their own |
 * | `https://host:*` | any written port | any port, the default included | `:443` is dropped by the URL parser |
 * | `*://host/*`, `http*://…` | regular expression over the raw text | scheme, host and path one by one | `?x=://host/` is no host |
 * | several wildcard patterns match | random | the most specific: host, then path, port, scheme; then by text | deterministic |
 * | no scheme, no `//` (`api.example.com/*`) | matches nothing | matches nothing, is reported | |
 * | empty host (`https:///x`) | any host | matches nothing, is reported | `*` says so |
 * | methods in a rule | upper case only | any case | |
 *
 * @module
 */

import { type HostPattern, parseHostPattern } from "./host_patterns.ts";
import { readPath } from "./url_reading.ts";
import {
  bySpecificity,
  hostOf,
  parseUrlPattern,
  patternCovers,
  type RequestTarget,
  SCHEME_PORTS,
  type UrlPattern,
} from "./url_patterns.ts";

/** Rules as the manifest and the grant leave them. Where both kinds are given, both must allow. */
export interface NetworkRules {
  /**
   * Host patterns (`requiredHosts`): any port, path and method. An empty list allows nothing; `"any"`
   * allows every host (the `http` permission with an empty list).
   */
  readonly hosts?: readonly string[] | "any";
  /** URL patterns with the methods each allows (`*` for any). */
  readonly urls?: Readonly<Record<string, readonly string[]>>;
}

/** A URL pattern with its methods in upper case. */
export interface UrlRule {
  /** What it covers. */
  readonly pattern: UrlPattern;
  /** Methods it allows, `*` for any. */
  readonly methods: readonly string[];
}

/** Compiled rules: see {@link compileUrlRules}. */
export interface UrlRules {
  /** Absent where the rules have no hosts. */
  readonly hosts?: readonly HostPattern[];
  /** Absent where the rules have no URLs. In the order they are asked. */
  readonly urls?: readonly UrlRule[];
  /** Patterns that can match nothing, for the permission review. */
  readonly ignored: readonly string[];
}

/** What a rule says on a request, and which rule. */
export type UrlVerdict =
  | { readonly allowed: true; readonly rule: string }
  | {
    readonly allowed: false;
    readonly code:
      | "egress.url_not_allowed"
      | "egress.method_not_allowed"
      | "egress.scheme_not_allowed";
    /** The rule that refused; absent where none matched. */
    readonly rule?: string;
    /** A sentence for people, without query and credentials. */
    readonly message: string;
  };

/** Orders rules: exact ones, then wildcards, then exact sites for the rest of their paths. */
function orderedRules(patterns: readonly UrlRule[]): readonly UrlRule[] {
  const exact: UrlRule[] = [];
  const wild: UrlRule[] = [];
  for (const rule of patterns) {
    const { pattern } = rule;
    if (pattern.wild) wild.push(rule);
    else if (pattern.path !== "any") exact.push(rule);
    else {
      exact.push({ ...rule, pattern: { ...pattern, path: { plain: "/", deep: "/" } } });
      wild.push(rule);
    }
  }
  const sorted = (rules: UrlRule[]) =>
    rules.sort((one, other) => bySpecificity(one.pattern, other.pattern));
  return [...sorted(exact), ...sorted(wild)];
}

/**
 * Compiles rules once; {@link decideUrl} then asks them. Patterns that can match nothing are left out
 * and listed in `ignored`.
 */
export function compileUrlRules(input: NetworkRules): UrlRules {
  const ignored: string[] = [];
  const keep = <T>(text: string, parsed: T | undefined): T[] => {
    if (parsed === undefined) ignored.push(text);
    return parsed === undefined ? [] : [parsed];
  };
  const hosts = input.hosts === "any" ? ["*"] : input.hosts;
  const hostPatterns = hosts?.flatMap((text) => keep(text, parseHostPattern(text)));
  const urlRules = input.urls &&
    Object.entries(input.urls).flatMap(([text, methods]) =>
      keep(text, parseUrlPattern(text)).map((pattern) => ({
        pattern,
        methods: methods.map((method) => method.toUpperCase()),
      }))
    );
  return {
    ...(hostPatterns && { hosts: hostPatterns }),
    ...(urlRules && { urls: orderedRules(urlRules) }),
    ignored,
  };
}

/**
 * Decides on a request.
 *
 * @param rules compiled rules
 * @param url the URL that will be requested; `http`, `https`, `ws` or `wss`
 * @param method in any case; `GET` for a WebSocket
 */
export function decideUrl(rules: UrlRules, url: URL, method: string): UrlVerdict {
  const asked = method.toUpperCase();
  const shown = `"${asked} ${url.protocol}//${url.host}${url.pathname}"`;
  const scheme = url.protocol.slice(0, -1);
  const own = Object.hasOwn(SCHEME_PORTS, scheme) ? SCHEME_PORTS[scheme] : undefined;
  if (own === undefined) {
    const message = `Cannot request ${shown}: scheme is "${scheme}", not http, https, ws or wss`;
    return { allowed: false, code: "egress.scheme_not_allowed", message };
  }
  const unmatched: UrlVerdict = {
    allowed: false,
    code: "egress.url_not_allowed",
    message: `Cannot request ${shown}: no rule of the plugin covers it`,
  };
  const target: RequestTarget = {
    scheme,
    host: hostOf(url),
    port: url.port === "" ? own : Number(url.port),
    path: readPath(url.pathname),
  };
  const host = rules.hosts?.find(({ matches }) => matches(target.host));
  if (rules.hosts !== undefined && host === undefined) return unmatched;
  if (rules.urls === undefined) {
    return host === undefined ? unmatched : { allowed: true, rule: host.text };
  }
  let rule: UrlRule | undefined;
  for (const reading of ["deep", "plain"] as const) {
    rule = rules.urls.find(({ pattern }) => patternCovers(pattern, target, reading));
    if (rule === undefined) return unmatched;
    if (rule.methods.includes("*") || rule.methods.includes(asked)) continue;
    const message = `Cannot request ${shown}: rule "${rule.pattern.text}" allows ${
      rule.methods.join(", ") || "no method"
    }`;
    return { allowed: false, code: "egress.method_not_allowed", rule: rule.pattern.text, message };
  }
  return rule === undefined ? unmatched : { allowed: true, rule: rule.pattern.text };
}
