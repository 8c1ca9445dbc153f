/**
 * The gateway's own reading of the rules: hosts and ports, nothing else.
 *
 * Written apart from `url_rules.ts` and sharing no code with it, so that a fault in one of the two
 * walls is not a fault in both. Where a rule is unclear it covers nothing.
 *
 * @module
 */

/** Whether the gateway may be asked for a host and port. */
export type HostPortCheck = (host: string, port: number) => boolean;

type Test = (text: string) => boolean;

const PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
  ["ws", 80],
  ["wss", 443],
]);

/**
 * A set of positions walked through the text side by side: linear in pattern × text.
 * `*` is any run of characters in `inRun`; the other signs of a glob only where `glob` is set.
 */
function wildcard(pattern: string, inRun: RegExp, glob: boolean): Test {
  const parts = (glob ? pattern.match(/\[[!^]?[^\]]+\]|[^]/g) : [...pattern]) ?? [];
  const accepts = (part: string, character: string): boolean => {
    if (!glob || part.length === 1) return part === character || (glob && part === "?");
    const negated = part[1] === "!" || part[1] === "^";
    const members = part.slice(negated ? 2 : 1, -1);
    let found = false;
    for (let index = 0; index < members.length; index++) {
      const ranged = members[index + 1] === "-" && members[index + 2] !== undefined;
      const low = members.charAt(index);
      const high = ranged ? members.charAt(index + 2) : low;
      found ||= character >= low && character <= high;
      if (ranged) index += 2;
    }
    return found !== negated;
  };
  const skipRuns = (positions: Set<number>): Set<number> => {
    for (const at of positions) if (parts[at] === "*") positions.add(at + 1);
    return positions;
  };
  return (text) => {
    let positions = skipRuns(new Set([0]));
    for (const character of text) {
      const next = new Set<number>();
      for (const at of positions) {
        const part = parts[at];
        if (part === undefined) continue;
        if (part === "*") inRun.test(character) && next.add(at);
        else if (accepts(part, character)) next.add(at + 1);
      }
      positions = skipRuns(next);
    }
    return positions.has(parts.length);
  };
}

/** Writes a host without wildcards as the SOCKS request will bring it. */
function written(host: string): string {
  const forUrl = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  if (!URL.canParse(`http://${forUrl}/`)) return "";
  return new URL(`http://${forUrl}/`).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** Writes the labels of a host with wildcards in ASCII where they have none themselves. */
function labelsWritten(host: string): string {
  if (!host.includes("*") || !/[^ -~]/.test(host)) return host;
  return host.split(".").map((label) => label.includes("*") ? label : written(label)).join(".");
}

function hostRule(rule: string): Test {
  const lower = rule.toLowerCase();
  if (lower === "*") return () => true;
  if (/^\[[0-9a-f.]*:[0-9a-f:.]*\]$/.test(lower) || !/[*?[\]{}]/.test(lower)) {
    const isPortless = !lower.includes(":") || (lower.match(/:/g)?.length ?? 0) > 1;
    const exact = isPortless && !/[/@\\#%?]/.test(lower) ? written(lower) : "";
    return (host) => exact !== "" && host === exact;
  }
  const brace = /^([^{}]*)\{([^{}]*)\}(.*)$/.exec(lower);
  if (brace !== null) {
    const [, head = "", choices = "", tail = ""] = brace;
    // 64 in all, however many braces: each level shares the bound.
    const tests = choices.split(",").slice(0, 64).map((choice) => head + choice + tail);
    if ((lower.match(/\{/g)?.length ?? 0) > 4) return () => false;
    const compiled = tests.map(hostRule);
    return (host) => compiled.some((test) => test(host));
  }
  if (/[{}]/.test(lower) || /[:/@\\]/.test(lower)) return () => false;
  return wildcard(lower.replace(/\.$/, ""), /[^]/, true);
}

/** The host and port part of a URL rule. */
function urlRule(rule: string): HostPortCheck {
  if (rule === "*") return () => true;
  const schemeEnd = rule.indexOf("//");
  if (schemeEnd === -1 || rule.includes("\\")) return () => false;
  const scheme = rule.slice(0, schemeEnd).replace(/:$/, "").toLowerCase();
  const authority = rule.slice(schemeEnd + 2).split(/[/?#\\]/, 1)[0] ?? "";
  if (/\s|@.*@/.test(authority)) return () => false;
  const place = authority.slice(authority.lastIndexOf("@") + 1).toLowerCase();
  const cut = /^(\[.*\]|[^:]*):(\d*|\*)$/.exec(place);
  const host = labelsWritten(cut?.[1] ?? place);
  const portText = cut?.[2] ?? "";
  const own = PORTS.get(scheme);
  const anyPort = portText === "*" || (host === "*" && portText === "");
  const ports = portText === "" ? (own === undefined ? [80, 443] : [own]) : [Number(portText)];
  const labels = host.replace(/\.$/, "").split(".");
  const digitsOnly = /^[0-9.*]+$/.test(host) && /[0-9]/.test(host);
  const oneLabel = wildcard(host.replace(/\.$/, ""), /[^.]/, false);
  const digits = wildcard(host, /[0-9.]/, false);
  const exact = host.includes("*") ? "" : written(host);
  const hostCovered: Test = (asked) => {
    if (host === "*") return true;
    if (!host.includes("*")) return exact !== "" && asked === exact;
    if (/^[0-9.]+$/.test(asked)) return /^[0-9.*]+$/.test(host) && digits(asked);
    return !digitsOnly && asked.split(".").length === labels.length &&
      !asked.split(".").includes("") && oneLabel(asked);
  };
  return (asked, port) => (anyPort || ports.includes(port)) && hostCovered(asked);
}

/**
 * Compiles rules into the gateway's check. Where both kinds of rule are given, both must cover.
 *
 * @param rules host patterns (`"any"` for every host) and URL patterns, as in `NetworkRules`
 * @returns a check that takes a host in lower case, without brackets and root dot, and a port
 */
export function hostPortCheck(rules: {
  readonly hosts?: readonly string[] | "any";
  readonly urls?: Readonly<Record<string, readonly string[]>>;
}): HostPortCheck {
  const hosts = rules.hosts === "any" ? [() => true] : rules.hosts?.map(hostRule);
  // A rule without methods refuses, so it opens no host.
  const urls = rules.urls &&
    Object.entries(rules.urls).flatMap(([rule, { length }]) => length > 0 ? [urlRule(rule)] : []);
  return (host, port) =>
    (hosts !== undefined || urls !== undefined) &&
    (hosts === undefined || hosts.some((test) => test(host))) &&
    (urls === undefined || urls.some((test) => test(host, port)));
}
