/**
 * What rules allow beyond others: the question an update of a plugin raises.
 *
 * @module
 */

import { hostPatternCovers, urlPatternCovers, urlPatternsApart } from "./pattern_relations.ts";
import { compileUrlRules, type NetworkRules, type UrlRule } from "./url_rules.ts";

/** Something that rules allow and others do not. */
export interface Widening {
  /** The rule that allows it, a host pattern or a URL pattern. */
  readonly rule: string;
  /** Methods that a URL rule allows more, `*` for any; absent for a host pattern. */
  readonly methods?: readonly string[];
  /** The rule that has decided there so far and is gone, such as an exact one within a wider one. */
  readonly insteadOf?: string;
}

/**
 * What `after` may allow that `before` refuses, and empty only where there is nothing of the kind. Where it cannot be
 * told by the patterns alone, it is listed.
 *
 * Fewer rules can allow more: an exact rule decides before a wider one, so that without it the wider one decides.
 */
export function widerRules(before: NetworkRules, after: NetworkRules): Widening[] {
  const found = [...widerHosts(before, after), ...widerUrls(before, after)];
  return [...new Map(found.map((each) => [JSON.stringify(each), each])).values()];
}

/** What leaves the hosts of `before`, if it has such rules. */
function widerHosts(before: NetworkRules, after: NetworkRules): Widening[] {
  const known = hostsOf(before);
  if (known === undefined) return [];
  const isKnown = (host: string) => known.some((pattern) => hostPatternCovers(pattern, host));
  const hosts = hostsOf(after);
  if (hosts !== undefined) return hosts.filter((host) => !isKnown(host)).map((rule) => ({ rule }));
  return urlRulesOf(after)
    .filter(({ pattern, methods }) => methods.length > 0 && !isKnown(pattern.host))
    .map(({ pattern, methods }) => ({ rule: pattern.text, methods }));
}

/** What leaves the URLs of `before`, if it has such rules. */
function widerUrls(before: NetworkRules, after: NetworkRules): Widening[] {
  if (before.urls === undefined) return [];
  if (after.urls === undefined) return (hostsOf(after) ?? []).map((rule) => ({ rule }));
  const known = urlRulesOf(before);
  const rules = urlRulesOf(after);
  const isIn = (all: readonly UrlRule[], { pattern: { text } }: UrlRule) =>
    all.some(({ pattern }) => pattern.text === text);
  return rules.flatMap((rule): Widening[] => {
    const { pattern: { text } } = rule;
    if (!isIn(known, rule)) {
      const methods = newMethods(rule, known);
      return methods.length === 0 ? [] : [{ rule: text, methods }];
    }
    const same = known.filter(({ pattern }) => pattern.text === text);
    const methods = beyond(rule, same);
    const gone = known.filter((other) =>
      !isIn(rules, other) && !urlPatternsApart(other.pattern, rule.pattern) &&
      !decidesFirst(known, rule, other)
    );
    return [
      ...(methods.length === 0 ? [] : [{ rule: text, methods }]),
      ...gone.map((other) => ({
        rule: text,
        methods: beyond(rule, [other]),
        insteadOf: other.pattern.text,
      })).filter(({ methods }) => methods.length > 0),
    ];
  });
}

/** Methods of a rule that is not among the known ones, beyond what every one allows that may have decided there. */
function newMethods(rule: UrlRule, known: readonly UrlRule[]): string[] {
  const meeting = known.filter(({ pattern }) => !urlPatternsApart(pattern, rule.pattern));
  const covered = meeting.some(({ pattern }) => urlPatternCovers(pattern, rule.pattern));
  return covered ? beyond(rule, meeting) : [...rule.methods];
}

/** Methods that a rule allows, and not each of others. */
function beyond({ methods }: UrlRule, others: readonly UrlRule[]): string[] {
  return methods.filter((method) =>
    others.some(({ methods }) => !methods.includes("*") && !methods.includes(method))
  );
}

/** Whether a rule was asked before another wherever both cover a URL. An exact site is asked twice. */
function decidesFirst(order: readonly UrlRule[], rule: UrlRule, other: UrlRule): boolean {
  const places = ({ pattern: { text } }: UrlRule) =>
    order.flatMap(({ pattern }, index) => pattern.text === text ? [index] : []);
  return Math.max(...places(rule)) < Math.min(...places(other));
}

function hostsOf({ hosts }: NetworkRules): readonly string[] | undefined {
  return hosts === "any" ? ["*"] : hosts;
}

/** The URL rules in the order they are asked; an exact site stands there twice, as a rule for `/` and one for all. */
function urlRulesOf(rules: NetworkRules): readonly UrlRule[] {
  return compileUrlRules(rules).urls ?? [];
}
