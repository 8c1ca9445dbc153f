/**
 * One pattern of `allowedUrls`, parsed and matched.
 *
 * @module
 */

import { domainToASCII } from "node:url";
import { isIPv4, isIPv6 } from "node:net";
import { bareHost } from "./addresses.ts";
import { matchesStars } from "./glob.ts";
import { HOST_NAME } from "./host_patterns.ts";
import { type PathReadings, readPath } from "./url_reading.ts";

/** A request as patterns see it. */
export interface RequestTarget {
  /** Scheme without its colon. */
  readonly scheme: string;
  /** Host in lower case, without brackets and without the root's dot. */
  readonly host: string;
  /** Port, the scheme's own where the URL has none. */
  readonly port: number;
  readonly path: PathReadings;
}

/** A port rule: the scheme's own, any, or one number. */
export type PortRule = "default" | "any" | number;

/** A parsed pattern. */
export interface UrlPattern {
  /** The pattern as written. */
  readonly text: string;
  /** Whether it contains `*`: exact patterns are asked first. */
  readonly wild: boolean;
  /** Scheme, with `*` for any run; `*` where the pattern names none. */
  readonly scheme: string;
  /** Host, with `*` for a run inside one label; `*` alone is any host. */
  readonly host: string;
  /** Port, the default of the scheme in the request where none is written. */
  readonly port: PortRule;
  /** `any`, or what the path must be under each reading. */
  readonly path: "any" | { readonly plain: string; readonly deep: string };
}

/** Schemes a guest can ask for, with their ports. */
export const SCHEME_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
};

const SHAPE =
  /^(?:([a-z*][a-z0-9+.*-]*):)?\/\/(?:[^/?#@\\\s]*@)?([^/?#@\\\s]*)((?:\/[^?#\\]*)?)(?:[?#].*)?$/is;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{0,5}|\*))?$/i;

/** A host as the URL parser would write it; label by label where it has wildcards. */
function canonicalHost(host: string): string | undefined {
  if (host.includes("*")) {
    const labels = bareHost(host).split(".").map((label) =>
      // deno-lint-ignore no-control-regex -- the whole of ASCII is meant
      /^[\u0000-\u007f]*$/.test(label) ? label : domainToASCII(label)
    );
    return /^[a-z0-9_*-]+(?:\.[a-z0-9_*-]+)*$/.test(labels.join("."))
      ? labels.join(".")
      : undefined;
  }
  const url = URL.parse(`http://${host}`);
  const exact = url === null ? "" : hostOf(url);
  return HOST_NAME.test(exact) || isIPv6(exact) ? exact : undefined;
}

/** The host of a URL as rules compare it. */
export function hostOf(url: URL): string {
  return bareHost(url.hostname).replace(/^\[(.*)\]$/, "$1");
}

/**
 * Parses a pattern.
 *
 * @returns the pattern, or `undefined` where it can match nothing (no scheme and no `//`, no host, a
 * port that is none, an unsafe path)
 */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const wild = text.includes("*");
  if (text === "*") return { text, wild, scheme: "*", host: "*", port: "any", path: "any" };
  const [, scheme = "*", authority = "", rawPath = ""] = SHAPE.exec(text) ?? [];
  const [, rawHost = "", rawPort = ""] = AUTHORITY.exec(authority) ?? [];
  const host = canonicalHost(rawHost);
  if (rawHost === "" || host === undefined || host === "") return undefined;
  const number = Number(rawPort);
  const given: PortRule = rawPort === "*" ? "any" : rawPort === "" ? "default" : number;
  if (given === number && (number < 1 || number > 65535)) return undefined;
  const port = host === "*" && rawPort === "" ? "any" : given;
  const common = { text, wild, scheme: scheme.toLowerCase(), host, port };
  const path = rawPath.replace(/\*{2,}/g, "*");
  if (path === "" || path === "/*" || (path === "/" && wild)) return { ...common, path: "any" };
  // The URL parser writes a pattern's path as it will write the request's (`ü` as `%C3%BC`).
  const { plain, deep } = readPath(new URL(`http://x${path}`).pathname);
  return deep === undefined ? undefined : { ...common, path: { plain, deep } };
}

/** Whether a pattern's host covers a host: `*` is a run inside one label. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  if (!pattern.includes("*")) return false;
  // Digits, dots and stars describe IPv4 literals (`192.168.*`), and nothing else does.
  const numeric = /^[0-9.*]+$/.test(pattern);
  if (isIPv4(host)) return numeric && matchesStars(pattern, host);
  if (numeric && /[0-9]/.test(pattern)) return false;
  const labels = pattern.split(".");
  const actual = host.split(".");
  return labels.length === actual.length && labels.every((label, index) => {
    const other = actual[index] ?? "";
    return other !== "" && matchesStars(label, other);
  });
}

/** `/api/*` covers `/api` and all below; any other `*` is a run inside one segment. */
export function pathMatches(pattern: string, path: string): boolean {
  const below = pattern.endsWith("/*");
  const wanted = (below ? pattern.slice(0, -2) : pattern).split("/");
  const actual = path.split("/");
  return (below ? actual.length >= wanted.length : actual.length === wanted.length) &&
    wanted.every((segment, index) => matchesStars(segment, actual[index] ?? ""));
}

/**
 * Whether a pattern covers a request, under one reading of its path.
 *
 * @param reading `plain` or `deep`; a path without a safe deep reading is covered by `any` only
 */
export function patternCovers(
  pattern: UrlPattern,
  target: RequestTarget,
  reading: keyof PathReadings,
): boolean {
  const own = SCHEME_PORTS[target.scheme];
  const port = pattern.port === "any" ||
    target.port === (pattern.port === "default" ? own : pattern.port);
  if (!port || !matchesStars(pattern.scheme, target.scheme)) return false;
  if (!hostMatches(pattern.host, target.host)) return false;
  if (pattern.path === "any") return true;
  const path = target.path[reading];
  return path !== undefined && pathMatches(pattern.path[reading], path);
}

/** How specific a pattern is, for sorting: host, then path, port, scheme. */
function weight({ host, path, port, scheme }: UrlPattern): readonly number[] {
  const literal = (text: string) => text.replaceAll("*", "").length;
  return [
    host.includes("*") ? literal(host) : 1000,
    path === "any" ? -1 : literal(path.plain) + (path.plain.includes("*") ? 0 : 10_000),
    port === "any" ? 0 : 1,
    scheme.includes("*") ? 0 : 1,
  ];
}

/** Sorts the most specific pattern first; ties by text, so that the order never depends on the manifest. */
export function bySpecificity(one: UrlPattern, other: UrlPattern): number {
  const weights = weight(other);
  const difference = weight(one).map((value, index) => (weights[index] ?? 0) - value)
    .find((value) => value !== 0);
  return difference ?? (one.text < other.text ? -1 : one.text > other.text ? 1 : 0);
}
