/**
 * How patterns stand to each other: whether one covers all of another, and whether two can meet at all.
 * Both answers are cautious: *covers* is said only where it is certain, *apart* likewise.
 *
 * @module
 */

import { alternatives, matchesStars } from "./glob.ts";
import { parseHostPattern } from "./host_patterns.ts";
import { hostMatches, pathMatches, type UrlPattern } from "./url_patterns.ts";

/**
 * Whether every host of one pattern (`requiredHosts`) is a host of another. One that can match nothing is covered
 * by its own text alone.
 */
export function hostPatternCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  const outer = parseHostPattern(wide);
  const inner = parseHostPattern(narrow);
  if (outer === undefined || inner === undefined) return false;
  if (inner.glob === undefined) return inner.exact !== undefined && outer.matches(inner.exact);
  const choices = alternatives(outer.glob ?? "") ?? [];
  return (alternatives(inner.glob) ?? []).every((text) =>
    /[*?[\]!]/.test(text)
      // The signs of a glob are compared as they are written: only `*` can stand for them.
      ? choices.some((choice) =>
        choice === text || (!/[?[\]!]/.test(choice) && matchesStars(choice, text))
      )
      : outer.matches(text)
  );
}

/** Whether every URL of one pattern (`allowedUrls`) is a URL of another. */
export function urlPatternCovers(wide: UrlPattern, narrow: UrlPattern): boolean {
  const schemes = wide.scheme === narrow.scheme ||
    (!narrow.scheme.includes("*") && matchesStars(wide.scheme, narrow.scheme)) ||
    wide.scheme === "*";
  const hosts = wide.host === narrow.host || wide.host === "*" ||
    (!narrow.host.includes("*") && hostMatches(wide.host, narrow.host));
  return schemes && hosts && (wide.port === "any" || wide.port === narrow.port) &&
    pathCovers(wide.path, narrow.path);
}

function pathCovers(wide: UrlPattern["path"], narrow: UrlPattern["path"]): boolean {
  if (wide === "any") return true;
  if (narrow === "any") return false;
  return (["plain", "deep"] as const).every((reading) => {
    const [outer, inner] = [wide[reading], narrow[reading]];
    if (outer === inner) return true;
    if (!inner.includes("*")) return pathMatches(outer, inner);
    const folder = outer.slice(0, -1);
    return outer.endsWith("/*") && !folder.includes("*") && inner.startsWith(folder);
  });
}

/** Whether no URL can be of both patterns. */
export function urlPatternsApart(one: UrlPattern, other: UrlPattern): boolean {
  const unlike = (a: string, b: string, matches: (pattern: string, text: string) => boolean) => {
    if (!a.includes("*")) return b.includes("*") ? !matches(b, a) : a !== b;
    return !b.includes("*") && !matches(a, b);
  };
  const ports = typeof one.port === "number" && typeof other.port === "number" &&
    one.port !== other.port;
  const [path, otherPath] = [one.path, other.path];
  const paths = path !== "any" && otherPath !== "any" &&
    (["plain", "deep"] as const).every((reading) =>
      unlike(path[reading], otherPath[reading], pathMatches)
    );
  return ports || paths || unlike(one.scheme, other.scheme, matchesStars) ||
    unlike(one.host, other.host, hostMatches);
}
