import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { hostPortCheck } from "../src/egress/host_ports.ts";
import { compileUrlRules, decideUrl, type NetworkRules } from "../src/egress/url_rules.ts";

/** The verdict in a word: `yes`, `no` (nothing covers), `method`, `scheme`. */
function verdict(rules: NetworkRules, url: string, method = "GET"): string {
  const decided = decideUrl(compileUrlRules(rules), new URL(url), method);
  if (decided.allowed) {
    const { protocol, port, hostname } = new URL(url);
    const at = Number(port) || (/^(https|wss):/.test(protocol) ? 443 : 80);
    const host = hostname.replace(/^\[|\]$|\.$/g, "");
    // The gateway's own reading must never be narrower than a rule that allows.
    ok(hostPortCheck(rules)(host, at), `the gateway refuses ${host}:${at} of ${url}`);
    return "yes";
  }
  ok(decided.message.startsWith("Cannot request "));
  return { url_not_allowed: "no", method_not_allowed: "method", scheme_not_allowed: "scheme" }[
    decided.code.slice("egress.".length)
  ] ?? "?";
}

const SITE = "https://api.example.com";

/** All rows of upstream's table: URL, pattern, upstream's verdict, ours, and why where they differ. */
const UPSTREAM: readonly (readonly [string, string, "yes" | "no", "yes" | "no", string?])[] = [
  [SITE, `${SITE}/`, "yes", "yes"],
  [`${SITE}/`, SITE, "yes", "yes"],
  [`${SITE}/x`, SITE, "no", "yes", "an exact pattern without a path covers the site"],
  [`${SITE}?q=1`, SITE, "yes", "yes"],
  [`${SITE}/x/`, `${SITE}/x`, "no", "no"],
  [`${SITE}/x`, `${SITE}/x?q=1`, "yes", "yes"],
  [`${SITE}/api`, `${SITE}/api/*`, "yes", "yes"],
  [`${SITE}/apixyz`, `${SITE}/api/*`, "yes", "no", "a folder, not a prefix"],
  [SITE, `${SITE}/*`, "yes", "yes"],
  [`${SITE}/a/b/c`, `${SITE}/a/*/c`, "no", "yes", "`*` is one segment"],
  [`${SITE}/abc`, `${SITE}/a*`, "no", "yes", "`*` is a run in one segment"],
  [`${SITE}/a/../secret`, `${SITE}/a/*`, "yes", "no", "dot segments are resolved"],
  [`${SITE}/%61pi/x`, `${SITE}/api/*`, "yes", "yes"],
  [`${SITE}/API/x`, `${SITE}/api/*`, "no", "no"],
  ["https://API.example.com/x", `${SITE}/*`, "no", "yes", "host case"],
  ["HTTPS://api.example.com/x", `${SITE}/*`, "yes", "yes"],
  [`${SITE}:443/x`, `${SITE}/*`, "no", "yes", "default port"],
  [`${SITE}:8080/x`, `${SITE}/*`, "no", "no"],
  [`${SITE}:8080/x`, `${SITE}:8080/*`, "yes", "yes"],
  [`${SITE}:8080/x`, `${SITE}:*`, "yes", "yes"],
  [`${SITE}/x`, `${SITE}:*`, "no", "yes", "any port, the default included"],
  [`${SITE}/x`, "https://*.example.com", "yes", "yes"],
  [`${SITE}/z`, "https://*.example.com/x/*", "no", "no"],
  ["https://a.b.example.com/x", "https://*.example.com", "no", "no"],
  ["https://1.2.example.com/x", "https://*.example.com", "yes", "no", "digits only for IPv4"],
  ["https://example.com/x", "https://*.example.com", "no", "no"],
  ["https://.example.com/x", "https://*.example.com", "yes", "no", "an empty label"],
  [`${SITE}:8080/x`, "https://*.example.com", "no", "no"],
  ["https://admin.prod.example.com/x", "https://admin.*.example.com", "yes", "yes"],
  ["https://host:9/x", "https://*", "yes", "yes"],
  ["http://anything/x", "https://*", "no", "no"],
  ["https://anything/x", "https://*/x", "yes", "yes"],
  ["https://anything/x", "*://anything/*", "yes", "yes"],
  ["https://192.168.1.5/x", "https://192.168.*", "yes", "yes"],
  [`${SITE}/x`, "//api.example.com/*", "yes", "yes"],
  [`${SITE}/x`, "*.example.com", "no", "no"],
  [`${SITE}/x`, "*.example.com/*", "no", "no"],
  [`${SITE}/x`, "api.example.com/*", "no", "no"],
  ["https://user:pw@api.example.com/x", `${SITE}/*`, "yes", "yes"],
  ["wss://gateway.discord.gg/?v=10", "wss://gateway.discord.gg", "yes", "yes"],
  ["https://coverartarchive.org/release/abc", "https://coverartarchive.org", "no", "yes", "site"],
];

Deno.test(`url rules: every row of upstream's table has our verdict (${UPSTREAM.length} cases)`, () => {
  for (const [url, pattern, upstream, ours, why] of UPSTREAM) {
    strictEqual(verdict({ urls: { [pattern]: ["GET"] } }, url), ours, `${url} with ${pattern}`);
    strictEqual(upstream === ours, why === undefined, `${url} with ${pattern}: state why`);
  }
});

/** Ways around `https://api.example.com/api/*`: all refused, as are they for an exact rule. */
const HOSTILE_PATHS = [
  ...["/secret", "/api/../secret", "/api/%2e%2e/secret", "/api/.%2E/secret", "/api/%2E./secret"],
  ...["/api/..%2fsecret", "/api/%2e%2e%2fsecret", "/api/x/..%2F..%2Fsecret", "/api/..%5csecret"],
  ...[
    "/api/..\\secret",
    "/api\\..\\secret",
    "/api/%252e%252e/secret",
    "/api/%252e%252e%252fsecret",
  ],
  ...[
    "/api/%25252e%25252e/secret",
    "/api/..;/secret",
    "/api/..;a=b/secret",
    "/api/x/..;/..;/secret",
  ],
  ...[
    "/api/%2e%2e;/secret",
    "/api/..%3b/secret",
    "/api/x%2f%2f..%2f..%2fsecret",
    "/api/%00",
    "/api/%0a",
  ],
  ...["/api/%ff/x", "/api/%c0%ae%c0%ae/secret", "/api/100%25%252e%252e%252f..%252f..%252fsecret"],
  ...["//api/x", "/x/api/y", "/apix", "/api%2f../secret", "/Api/x", "/api;/../secret", "/api%3f/x"],
  `/api/${"%25".repeat(1)}${"25".repeat(8)}2e%2fx`,
  ...["/api\t/../secret", "/a\npi/../x", "/api/./../secret", "/%2e/api/../s", "/api/%2e%2e"],
];
Deno.test(`url rules: no hostile path slips past a path rule (${HOSTILE_PATHS.length} cases)`, () => {
  const rules = { urls: { [`${SITE}/api/*`]: ["*"] } };
  for (const path of HOSTILE_PATHS) {
    strictEqual(verdict(rules, SITE + path), "no", JSON.stringify(path));
    // A rule on the site does not look at paths.
    strictEqual(verdict({ urls: { [SITE]: ["*"] } }, SITE + path), "yes", JSON.stringify(path));
  }
});

const HONEST_PATHS = [
  ...[
    "/api",
    "/api/",
    "/api/x",
    "/api/x/y/",
    "/api/AC%2FDC",
    "/api/a%20b",
    "/api/%C3%BC",
    "/api//x",
  ],
  ...[
    "/x/../api/y",
    "/./api/x",
    "/api/..x",
    "/api/x;v=1",
    "/%61%70%69/x",
    "/api/100%25",
    "/api/%2525",
  ],
  ...[
    "/api/x?y=/../../secret",
    "/api/x#/../..",
    "/api/a%2Fb/..",
    "/api/...",
    "/api/%2e",
    "/api/x%5Cy",
  ],
  "/api/100%",
];
Deno.test(`url rules: honest paths below a path rule pass (${HONEST_PATHS.length} cases)`, () => {
  for (const path of HONEST_PATHS) {
    strictEqual(verdict({ urls: { [`${SITE}/api/*`]: ["*"] } }, SITE + path), "yes", path);
  }
});

/** Ways to look like api.example.com. */
const HOSTILE_URLS = [
  ...["https://api.example.com@evil.example/api/x", "https://evil.example/api.example.com/api/x"],
  ...["https://api.example.com.evil.example/api/x", "https://evil.example\\@api.example.com/api/x"],
  ...[
    "https://evil.example#@api.example.com/api/x",
    "https://evil.example?://api.example.com/api/x",
  ],
  ...[
    "https://apiXexample.com/api/x",
    "https://api.example.com:444/api/x",
    "http://api.example.com/api/x",
  ],
  ...["https://xapi.example.com/api/x", "https://example.com/api/x", "wss://api.example.com/api/x"],
  ...[
    "https://api.example.com../api/x",
    "https://api..example.com/api/x",
    "https://2130706433/api/x",
  ],
];
Deno.test(`url rules: no hostile URL passes for a declared host (${HOSTILE_URLS.length} cases)`, () => {
  for (const url of HOSTILE_URLS) {
    strictEqual(verdict({ urls: { [`${SITE}/api/*`]: ["*"] } }, url), "no", url);
    const isHost = /^(https:..api.example.com:444|http:..api|wss:)/.test(url);
    strictEqual(verdict({ hosts: ["api.example.com"] }, url), isHost ? "yes" : "no", url);
  }
});

const SAME_HOST = [
  ...[
    "https://API.EXAMPLE.COM/api/x",
    "https://api.example.com./api/x",
    "https://api.example.com:443/api/x",
  ],
  ...[
    "https://ａｐｉ.example.com/api/x",
    "https://api。example.com/api/x",
    "https://%61pi.example.com/api/x",
  ],
  ...[
    "https://evil.example@api.example.com/api/x",
    "https:\\\\api.example.com\\api\\x",
    "https:api.example.com/api/x",
  ],
  ...["https://api.exa\tmple.com/api/x", "https://api.example.com:0443/api/x"],
];
Deno.test(`url rules: one host is one host in every spelling (${SAME_HOST.length} cases)`, () => {
  for (const url of SAME_HOST) {
    strictEqual(verdict({ urls: { [`${SITE}/api/*`]: ["*"] } }, url), "yes", url);
    strictEqual(
      verdict({ urls: { "HTTPS://Api.Example.com.:443/api/*": ["*"] } }, url),
      "yes",
      url,
    );
    strictEqual(verdict({ hosts: ["Api.EXAMPLE.com."] }, url), "yes", url);
  }
});

const HOSTS: readonly (readonly [pattern: string, url: string, "yes" | "no"])[] = [
  ["*", "http://x.example/", "yes"],
  ["*", "http://[::1]:8080/x", "yes"],
  ["*.example.com", "https://a.example.com/", "yes"],
  ["*.example.com", "https://a.b.example.com:99/x", "yes"],
  ["*.example.com", "https://example.com/", "no"],
  ["*.example.com", "https://aexample.com/", "no"],
  ["*.EXAMPLE.com", "https://A.example.com/", "yes"],
  ["example.com", "https://a.example.com/", "no"],
  ["api-*.example.com", "https://api-1.example.com/", "yes"],
  ["api-*.example.com", "https://api.example.com/", "no"],
  ["a?i.example.com", "https://api.example.com/", "yes"],
  ["a?i.example.com", "https://ai.example.com/", "no"],
  ["[ax]pi.example.com", "https://api.example.com/", "yes"],
  ["[!a-c]pi.example.com", "https://api.example.com/", "no"],
  ["[!b-c]pi.example.com", "https://api.example.com/", "yes"],
  ["{api,www}.{example,test}.com", "https://www.test.com/", "yes"],
  ["{api,www}.example.com", "https://ftp.example.com/", "no"],
  ["{*.a,b}.com", "https://x.a.com/", "yes"],
  ["{*.a,b}.com", "https://x.b.com/", "no"],
  ["host:8080", "http://host:8080/", "no"],
  ["localhost:*", "http://localhost:8080/", "no"],
  ["https://example.com", "https://example.com/", "no"],
  ["10.0.0.0/8", "http://10.0.0.1/", "no"],
  ["[a", "http://a/", "no"],
  ["{a", "http://a/", "no"],
  ["{{a,b},c}", "http://a/", "no"],
  ["", "http://a/", "no"],
  ["::1", "http://[::1]/", "yes"],
  ["[::1]", "http://[0:0::1]/", "yes"],
  ["127.0.0.1", "http://2130706433/", "yes"],
  ["müller.example", "https://xn--mller-kva.example/", "yes"],
  ["example.com", "ftp://example.com/", "no"],
];
Deno.test(`url rules: host patterns (${HOSTS.length} cases)`, () => {
  for (const [pattern, url, wanted] of HOSTS) {
    const actual = verdict({ hosts: [pattern] }, url);
    strictEqual(actual === "scheme" ? "no" : actual, wanted, `${pattern} ${url}`);
  }
});

const MORE: readonly (readonly [urls: string, url: string, "yes" | "no"])[] = [
  ["*", "http://x:1/y", "yes"],
  ["*", "wss://x/", "yes"],
  ["http*://h/x", "https://h/x", "yes"],
  ["http*://h/x", "wss://h/x", "no"],
  ["*://h:8/*", "ws://h:8/", "yes"],
  ["//h:443/*", "https://h/x", "yes"],
  ["//h:443/*", "http://h/x", "no"],
  ["https://u:p@h/*", "https://h/x", "yes"],
  ["https://h:0/*", "https://h/x", "no"],
  ["https://h:99999/*", "https://h/x", "no"],
  ["https://[::1]:8/*", "https://[0::1]:8/x", "yes"],
  ["https://127.1/*", "https://127.0.0.1/x", "yes"],
  ["https://192.168.*", "https://192.168.evil.example/", "no"],
  ["https://192.168.*", "https://192.168.evil/", "no"],
  ["https://192.168.1.*", "https://192.168.1.5:8080/", "no"],
  ["https://*.2.3.4", "https://1.2.3.4/", "yes"],
  ["https://local*", "https://localhost:80/", "no"],
  ["https://api*.example.com", "https://api.example.com/", "yes"],
  ["https://*.Müller.example/x", "https://a.xn--mller-kva.example/x", "yes"],
  ["https://*.example.com/", "https://a.example.com/x", "yes"],
  ["https://example.com/", "https://example.com/x", "no"],
  ["https:///x", "https://h/x", "no"],
  ["https://h\\x", "https://h/x", "no"],
  ["https://a@b@h/x", "https://b/x", "no"],
  ["https://h\tx/*", "https://hx/", "no"],
  ["https://h /*", "https://h/", "no"],
  ["https://h/ü/a b/*", "https://h/%C3%BC/a%20b/c", "yes"],
  ["https://h/x\n/../y", "https://h/y", "yes"],
  ["/relative", "https://h/relative", "no"],
  ["https://h/a/*/c/*", "https://h/a/b/c/d/e", "yes"],
  ["https://h/a/*/c", "https://h/a/b/x/c", "no"],
  ["https://h/a/*/c", "https://h/a/b%2fx/c", "no"],
  ["https://h/a/*.json", "https://h/a/b.json", "yes"],
  ["https://h/%61", "https://h/a", "yes"],
  ["https://h/a/../b", "https://h/b", "yes"],
  ["https://h/a%2Fb", "https://h/a%2fb", "yes"],
  ["https://h/a%2Fb", "https://h/a/b", "no"],
];
Deno.test(`url rules: more URL patterns (${MORE.length} cases)`, () => {
  for (const [pattern, url, wanted] of MORE) {
    strictEqual(verdict({ urls: { [pattern]: ["*"] } }, url), wanted, `${pattern} ${url}`);
  }
});

const METHODS: readonly (readonly [Record<string, string[]>, string, string, string])[] = [
  [{ [`${SITE}/a`]: ["GET"] }, "/a", "get", "yes"],
  [{ [`${SITE}/a`]: ["get"] }, "/a", "GET", "yes"],
  [{ [`${SITE}/a`]: ["GET"] }, "/a", "POST", "method"],
  [{ [`${SITE}/a`]: [] }, "/a", "GET", "method"],
  [{ [`${SITE}/a`]: ["*"] }, "/a", "PURGE", "yes"],
  // Exact beats wildcard, denial included, whatever the order of the manifest.
  [{ [`${SITE}/*`]: ["*"], [`${SITE}/a`]: ["GET"] }, "/a", "POST", "method"],
  [{ [`${SITE}/a`]: ["POST"], [`${SITE}/*`]: ["GET"] }, "/a", "POST", "yes"],
  // … and no spelling of the path gets around the denial.
  [{ [`${SITE}/*`]: ["*"], [`${SITE}/a`]: ["GET"] }, "/%61", "POST", "method"],
  [{ [`${SITE}/*`]: ["*"], [`${SITE}/a`]: ["GET"] }, "/x%2f..%2fa", "POST", "method"],
  [{ [`${SITE}/*`]: ["*"], [`${SITE}/a`]: ["GET"] }, "/x/..;/a", "POST", "method"],
  [{ "*": ["*"], [`${SITE}`]: ["GET"] }, "/", "POST", "method"],
  // The most specific wildcard decides.
  [{ [`${SITE}/*`]: ["*"], [`${SITE}/a/*`]: ["GET"] }, "/a/b", "POST", "method"],
  [{ [`${SITE}/*`]: ["GET"], [`${SITE}/a/*`]: ["POST"] }, "/a/b", "POST", "yes"],
  [{ "https://*/a/*": ["POST"], [`${SITE}/*`]: ["GET"] }, "/a/b", "POST", "method"],
  [{ "https://*.example.com/*": ["POST"], "https://*": ["GET"], "*": [] }, "/a", "POST", "yes"],
  // A site without a path is the least of its host.
  [{ [SITE]: ["GET"], [`${SITE}/a/*`]: ["POST"] }, "/a/b", "POST", "yes"],
  [{ [SITE]: ["GET"], [`${SITE}/a/*`]: ["POST"] }, "/b", "POST", "method"],
  [{ [SITE]: ["GET"], "https://*.example.com": ["POST"] }, "/b", "POST", "method"],
];
Deno.test(`url rules: methods, precedence and denial (${METHODS.length} cases, in both orders)`, () => {
  for (const [urls, path, method, wanted] of METHODS) {
    const turned = Object.fromEntries(Object.entries(urls).reverse());
    for (const order of [urls, turned]) {
      strictEqual(verdict({ urls: order }, SITE + path, method), wanted, JSON.stringify(order));
    }
  }
});

Deno.test("url rules: where a manifest has both kinds, both must allow", () => {
  const both = { hosts: ["api.example.com"], urls: { "https://*.example.com/a/*": ["GET"] } };
  strictEqual(verdict(both, `${SITE}/a/b`), "yes");
  strictEqual(verdict(both, `${SITE}/b`), "no");
  strictEqual(verdict(both, `${SITE}/a/b`, "POST"), "method");
  strictEqual(verdict(both, "https://www.example.com/a/b"), "no");
});

Deno.test("url rules: no rules allow nothing, and any host is said with a word", () => {
  for (const rules of [{}, { hosts: [] }, { urls: {} }, { hosts: "any" as const, urls: {} }]) {
    strictEqual(verdict(rules, SITE), "no");
    ok(!hostPortCheck(rules)("api.example.com", 443));
  }
  strictEqual(verdict({ hosts: "any" }, `${SITE}:8443/x`, "POST"), "yes");
});

Deno.test("url rules: other schemes are refused, whatever the rules say", () => {
  for (
    const url of [
      "ftp://x/",
      "file:///etc/passwd",
      "data:,x",
      "javascript:1",
      "blob:https://x/1",
      "about:blank",
    ]
  ) {
    strictEqual(verdict({ hosts: "any", urls: { "*": ["*"] } }, url), "scheme", url);
  }
});

Deno.test("url rules: a verdict names the rule, and no query or credentials", () => {
  const rules = compileUrlRules({ urls: { [`${SITE}/*`]: ["GET"] } });
  const url = new URL("https://user:secret@api.example.com/x?token=secret#secret");
  const refused = decideUrl(rules, url, "post");
  ok(!refused.allowed && refused.rule === `${SITE}/*`);
  strictEqual(
    refused.message,
    'Cannot request "POST https://api.example.com/x": rule "https://api.example.com/*" allows GET',
  );
  deepStrictEqual(decideUrl(rules, url, "get"), { allowed: true, rule: `${SITE}/*` });
});

Deno.test("url rules: patterns that match nothing are reported", () => {
  const rules = {
    hosts: ["a:1", "{x", "ok.example"],
    urls: { "api.example.com/*": ["*"], "*": [] },
  };
  deepStrictEqual(compileUrlRules(rules).ignored, ["a:1", "{x", "api.example.com/*"]);
});

Deno.test("url rules: hostile patterns take no time", () => {
  const text = "a".repeat(5_000);
  const start = performance.now();
  verdict({ hosts: [`${"*a".repeat(2_000)}b`] }, `https://${"a".repeat(200)}.example/`);
  verdict({ urls: { [`https://x/${"*a".repeat(2_000)}b/*`]: ["*"] } }, `https://x/${text}`);
  verdict(
    { urls: { [`https://x/${"*/".repeat(2_000)}b/*`]: ["*"] } },
    `https://x/${"a/".repeat(5_000)}`,
  );
  verdict(
    { urls: { [`https://x/${"../".repeat(5_000)}*`]: ["*"] } },
    `https://x/${"%2e%2e%2f".repeat(5_000)}`,
  );
  verdict({ hosts: ["{a,b}".repeat(50), `[${"a-".repeat(5_000)}]`] }, "https://x/");
  const check = hostPortCheck({ hosts: [`${"*a".repeat(500)}b`, "{a,b}".repeat(50)] });
  ok(!check("a".repeat(250), 443));
  ok(performance.now() - start < 1_500, `took ${performance.now() - start} ms`);
});
