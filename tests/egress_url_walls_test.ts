import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { denoNetList } from "../src/egress/deno_net_list.ts";
import { hostPortCheck } from "../src/egress/host_ports.ts";
import { compileUrlRules, decideUrl, type NetworkRules } from "../src/egress/url_rules.ts";

/** Numbers below a bound, the same in every run. */
function random(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

const ROUNDS = 20_000;
Deno.test(`url rules: gate and gateway, which share no code, agree on hosts and ports (${ROUNDS} cases)`, () => {
  const below = random(7);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const label = () =>
    pick(["a", "b", "ab", "1", "192", "xn--a", "*", "a*", "*b", "**", "A", "ü", "_x"]);
  const asked = () => pick(["a", "b", "ab", "aab", "1", "192", "abc", "xn--a", "xn--tda", "_x"]);
  const join = (one: () => string) => Array.from({ length: 1 + below(4) }, one).join(".");
  const glob = () =>
    pick(["?", "[ab]", "[!a]", "[a-c]b", "{a,b}", "{a,*}", "a?*", "*", "a", "1", "[", "}"]);
  let allowed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const scheme = pick(["http", "https", "ws", "wss"]);
    const port = pick(["", "", ":80", ":443", ":8080"]);
    const text = pick([join(asked), join(asked), "192.168.1.5", "1.2.3.4", "[::1]", "a."]);
    if (!URL.canParse(`${scheme}://${text}${port}/`)) continue;
    const url = new URL(`${scheme}://${text}${port}/`);
    const rule =
      pick([`${scheme}://`, `${scheme}://`, "*://", "//", "http*://", "", "u@//", "https:/"]) +
      pick([join(label), text, "*", "192.168.*", "*.2.3.4", "[::1]", "a b", "u:p@a", ""]) +
      pick(["", "", ":80", ":443", ":8080", ":*", ":", ":x", ":0"]) + pick(["", "/*"]);
    const hostRule = pick([join(glob), join(label), text, `*.${text}`, "::1", "[::1]", "a:1", "*"]);
    for (const rules of [{ urls: { [rule]: ["*"] } }, { hosts: [hostRule] }]) {
      const decided = decideUrl(compileUrlRules(rules), url, "GET").allowed;
      const host = url.hostname.replace(/^\[|\]$|\.$/g, "");
      const at = Number(url.port) || (/^(https|wss):/.test(url.protocol) ? 443 : 80);
      const covered = hostPortCheck(rules)(host, at);
      const what = `${JSON.stringify(rules)} ${url.href}`;
      // The gateway does not know schemes: a rule without one, or with wildcards, covers both ports.
      if (decided) ok(covered, `only the gate allows ${what}`);
      else if (rule.startsWith(`${scheme}:`) || rules.hosts !== undefined) {
        ok(!covered, `only the gateway allows ${what}`);
      }
      if (decided) allowed++;
    }
  }
  ok(allowed > ROUNDS / 10, `${allowed} were allowed`);
});

const HOST_PORTS: readonly (readonly [NetworkRules, string, number, boolean])[] = [
  [{ hosts: ["a.example"] }, "a.example", 1, true],
  [{ hosts: ["a.example"] }, "b.example", 1, false],
  [{ hosts: ["*.a.example"] }, "a.example", 1, false],
  [{ hosts: ["*.a.example"] }, "x.y.a.example", 1, true],
  [{ hosts: ["any"] }, "b.example", 1, false],
  [{ hosts: "any" }, "b.example", 1, true],
  [{ urls: { "https://a.example/x": ["*"] } }, "a.example", 443, true],
  [{ urls: { "https://a.example/x": ["*"] } }, "a.example", 80, false],
  [{ urls: { "https://a.example:8/x": ["*"] } }, "a.example", 8, true],
  [{ urls: { "https://a.example:8/x": ["*"] } }, "a.example", 443, false],
  [{ urls: { "https://a.example:*": ["*"] } }, "a.example", 99, true],
  [{ urls: { "https://a.example/x": [] } }, "a.example", 443, false],
  [{ urls: { "//a.example/x": ["*"] } }, "a.example", 80, true],
  [{ urls: { "https://*.example": ["*"] } }, "a.b.example", 443, false],
  [{ urls: { "https://*.example": ["*"] } }, "a.example", 443, true],
  [{ urls: { "https://*": ["*"] } }, "a.b.example", 5, true],
  [{ urls: { "https://192.168.*": ["*"] } }, "192.168.1.5", 443, true],
  [{ urls: { "https://192.168.*": ["*"] } }, "192.168.evil", 443, false],
  [{ urls: { "a.example/x": ["*"] } }, "a.example", 443, false],
  [{ hosts: ["a.example"], urls: { "https://b.example": ["*"] } }, "a.example", 443, false],
  [{ hosts: ["a.example"], urls: { "https://b.example": ["*"] } }, "b.example", 443, false],
];
Deno.test(`url rules: the gateway's own reading of hosts and ports (${HOST_PORTS.length} cases)`, () => {
  for (const [rules, host, port, wanted] of HOST_PORTS) {
    strictEqual(
      hostPortCheck(rules)(host, port),
      wanted,
      `${JSON.stringify(rules)} ${host}:${port}`,
    );
  }
});

const NET: readonly (readonly [NetworkRules, string[] | true, string[]])[] = [
  [{ hosts: ["a.example", "A.example."] }, ["a.example"], []],
  [{ hosts: ["::1", "10.0.0.1"] }, ["[::1]", "10.0.0.1"], []],
  [{ hosts: ["*.a.example"] }, ["*.a.example"], []],
  [{ hosts: ["*"] }, true, ["*"]],
  [{ hosts: "any" }, true, ["*"]],
  [{ hosts: ["api-*.a.example"] }, ["*.a.example"], ["api-*.a.example"]],
  [{ hosts: ["x.*.a.example"] }, ["*.a.example"], ["x.*.a.example"]],
  [{ hosts: ["{x,y}.a.example"] }, ["x.a.example", "y.a.example"], []],
  [{ hosts: ["[xy].a.example"] }, ["*.a.example"], ["[xy].a.example"]],
  [{ hosts: ["api.*"] }, true, ["api.*"]],
  [{ hosts: ["*.0.0.1"] }, true, ["*.0.0.1"]],
  [{ urls: { "https://a.example/x/*": ["*"], "http://a.example": ["*"] } }, [
    "a.example:443",
    "a.example:80",
  ], []],
  [{ urls: { "https://a.example/x/*": [], "https://b.example": ["GET"] } }, ["b.example:443"], []],
  [{ urls: { "wss://a.example:8/x": ["*"] } }, ["a.example:8"], []],
  [{ urls: { "https://a.example:*": ["*"] } }, ["a.example"], []],
  [{ urls: { "*://a.example/*": ["*"] } }, ["a.example:80", "a.example:443"], []],
  [{ urls: { "https://*.a.example": ["*"] } }, ["*.a.example:443"], ["https://*.a.example"]],
  [{ urls: { "https://x*.a.example": ["*"] } }, ["*.a.example:443"], ["https://x*.a.example"]],
  [{ urls: { "https://192.168.*": ["*"] } }, ["192.168.0.0/16:443"], []],
  [{ urls: { "https://*/x": ["*"] } }, true, ["https://*/x"]],
  [{ urls: { "*": ["*"] }, hosts: ["a.example"] }, ["a.example"], []],
  [{ urls: { "https://a.example": ["*"] }, hosts: ["*"] }, ["a.example:443"], []],
  [{ hosts: ["{a,}.example", "a..b", "a;b"], urls: { "https://a..b/x": ["*"], "*": ["*"] } }, [
    "a.example",
  ], []],
  [{ hosts: ["*..example"] }, true, ["*..example"]],
  [{}, [], []],
];
Deno.test(`url rules: the worker's net list is as narrow as Deno's words allow (${NET.length} cases)`, () => {
  for (const [rules, net, open] of NET) {
    const wanted = net === true ? true : ["127.0.0.1:1080", ...net.toSorted()];
    deepStrictEqual(
      denoNetList(compileUrlRules(rules), 1080),
      { net: wanted, open },
      JSON.stringify(rules),
    );
  }
});
