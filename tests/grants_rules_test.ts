/** Random network rules and random requests: what is narrowed allows no more, and what an update adds is seen. */

import assert from "node:assert/strict";
import {
  compileUrlRules,
  decideUrl,
  denoNetList,
  hostPatternCovers,
  hostPortCheck,
  type NetworkRules,
  widerRules,
} from "../src/egress/mod.ts";
import { parseHostPattern } from "../src/egress/host_patterns.ts";
import {
  checkDecision,
  type Decision,
  effectivePermissions,
  type NetworkKey,
  networkRules,
} from "../src/grants/mod.ts";
import type { Manifest, NetworkPermission } from "../src/manifest/mod.ts";
import { randomOf } from "./support/random.ts";
import { measured } from "./support/promises.ts";

const HOSTS = ["a.example", "b.example", "x.a.example", "y.x.a.example", "10.0.0.1"];
const HOST_RULES = [...HOSTS, "*", "*.a.example", "*.example", "x.*", "{a,b}.example", "?.example"];
const URL_HOSTS = [...HOSTS, "*", "*.a.example", "*.example", "*.x.a.example"];
const PATHS = ["", "/", "/*", "/api", "/api/*", "/api/v1", "/api/v1/*", "/a*", "/api/*/x"];
const ASKED_PATHS = ["/", "/api", "/api/", "/api/v1", "/api/v1/x", "/api%2Fv1", "/abc", "/b"];
const METHODS = ["GET", "POST", "PUT"];

/** Random rules and requests of one seed. */
class Dice {
  readonly below: (bound: number) => number;

  constructor(seed: number) {
    this.below = randomOf(seed);
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.below(from.length)];
    assert.ok(one !== undefined);
    return one;
  }

  /** Each with an even chance. */
  some<T>(from: readonly T[]): T[] {
    return from.filter(() => this.below(2) === 0);
  }

  methods(): string[] {
    return this.below(4) === 0 ? ["*"] : this.some(METHODS);
  }

  urls(): Record<string, string[]> {
    const scheme = () => this.pick(["https://", "https://", "http://", "*://"]);
    const pattern = () =>
      scheme() + this.pick(URL_HOSTS) + this.pick(["", "", ":81", ":*"]) + this.pick(PATHS);
    const count = 1 + this.below(4);
    return Object.fromEntries(Array.from({ length: count }, () => [pattern(), this.methods()]));
  }

  permission(key: NetworkKey): NetworkPermission {
    const kind = this.below(3);
    const hosts = Array.from({ length: this.below(4) }, () => this.pick(HOST_RULES));
    return {
      ...(kind !== 1 && { requiredHosts: hosts }),
      ...(kind !== 0 && { allowedUrls: key === "http" ? this.urls() : {} }),
      allowLocalNetwork: this.below(2) === 0,
      allowRedirects: true,
    };
  }

  request(): readonly [URL, string] {
    const port = this.pick(["", "", ":81"]);
    const url = `${this.pick(["https", "http"])}://${this.pick(HOSTS)}${port}`;
    return [new URL(url + this.pick(ASKED_PATHS)), this.pick(METHODS)];
  }
}

/** A test of requests by rules. */
function allowedBy(rules: NetworkRules): (request: readonly [URL, string]) => boolean {
  const compiled = compileUrlRules(rules);
  return ([url, method]) => decideUrl(compiled, url, method).allowed;
}

function manifestOf(http: NetworkPermission): Manifest {
  const permissions = { http };
  return { dialect: "navidrome", name: "n", author: "a", version: "1", permissions };
}

const ROUNDS = 2_000;
const REQUESTS = 25;

Deno.test(`grants: what is left of random rules allows nothing that they do not (${ROUNDS} × ${REQUESTS})`, () => {
  const dice = new Dice(5);
  let allowed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const asked = dice.permission("http");
    const { requiredHosts, allowedUrls } = asked;
    const hosts = requiredHosts === undefined || dice.below(3) === 0
      ? undefined
      : dice.below(2) === 0
      ? dice.some(requiredHosts)
      : dice.some(HOST_RULES);
    const urls = allowedUrls === undefined || dice.below(3) === 0 ? undefined : Object.fromEntries(
      dice.some(Object.entries(allowedUrls)).map(([url, methods]) => [url, dice.some(methods)]),
    );
    const decision: Decision = { http: { ...(hosts && { hosts }), ...(urls && { urls }) } };
    const { http } = effectivePermissions(manifestOf(asked), decision).permissions;
    assert.ok(http);
    const before = networkRules("http", asked);
    const after = networkRules("http", http);
    const [allowsBefore, allowsAfter] = [allowedBy(before), allowedBy(after)];
    const askedUrls = compileUrlRules({ urls: allowedUrls ?? {} });
    const what = JSON.stringify({ asked, decision });
    for (let turn = 0; turn < REQUESTS; turn++) {
      const request = dice.request();
      if (!allowsAfter(request)) continue;
      allowed++;
      assert.ok(allowsBefore(request), `${what} opens ${request}`);
      const [url] = request;
      if (hosts !== undefined) {
        const chosen = hosts.some((host) => parseHostPattern(host)?.matches(url.hostname));
        assert.ok(chosen, `${what} opens ${request} of a host that was taken away`);
      }
      if (urls !== undefined) {
        const { rule } = decideUrl(askedUrls, url, "GET");
        assert.ok(rule === undefined || rule in urls, `${what} opens ${request} of ${rule}`);
      }
    }
    if (hosts?.length === 0 || (urls !== undefined && Object.keys(urls).length === 0)) {
      assert.ok(HOSTS.every((host) => !hostPortCheck(after)(host, 443)), `${what} at the gateway`);
    }
  }
  measured(`${allowed} requests allowed`);
  assert.ok(allowed > 1_000);
});

Deno.test("grants: a host whose rules are all taken away is closed at the gateway and in Deno's list", () => {
  const asked: NetworkPermission = {
    allowedUrls: { "https://a.example/*": ["GET"], "https://b.example/*": ["GET"] },
    allowLocalNetwork: false,
    allowRedirects: true,
  };
  const decision = { http: { urls: { "https://a.example/*": ["GET"] } } };
  checkDecision(manifestOf(asked), decision);
  const { http } = effectivePermissions(manifestOf(asked), decision).permissions;
  assert.ok(http);
  const rules = networkRules("http", http);
  assert.ok(hostPortCheck(rules)("a.example", 443));
  assert.ok(!hostPortCheck(rules)("b.example", 443));
  assert.deepEqual(denoNetList(compileUrlRules(rules), 1).net, ["127.0.0.1:1", "a.example:443"]);
});

Deno.test(`rules: what random rules allow beyond others is always seen (${ROUNDS} × ${REQUESTS})`, () => {
  const dice = new Dice(11);
  let same = 0;
  let wider = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = networkRules("http", dice.permission("http"));
    // Half of them are the same rules with some left out, since others are seldom within each other.
    const after = dice.below(2) === 0 ? networkRules("http", dice.permission("http")) : {
      ...before,
      ...(before.urls && {
        urls: Object.fromEntries(
          Object.entries(before.urls).filter(() => dice.below(3) > 0)
            .map(([url, methods]) => [url, dice.below(3) > 0 ? methods : dice.some(methods)]),
        ),
      }),
    };
    if (widerRules(before, after).length > 0) {
      wider++;
      continue;
    }
    same++;
    const [allowsBefore, allowsAfter] = [allowedBy(before), allowedBy(after)];
    for (let turn = 0; turn < REQUESTS; turn++) {
      const request = dice.request();
      if (!allowsAfter(request)) continue;
      const what = JSON.stringify({ before, after });
      assert.ok(allowsBefore(request), `${what}: ${request} was not seen`);
    }
  }
  measured(`${same} of ${ROUNDS} allow nothing more, ${wider} do`);
  assert.ok(same > 250 && wider > 250);
});

const A = "https://a.example";
const WIDER: readonly (readonly [string, NetworkRules, NetworkRules, object[]])[] = [
  ["the same hosts", { hosts: ["a.example"] }, { hosts: ["a.example"] }, []],
  ["a host more", { hosts: ["a.example"] }, { hosts: ["a.example", "b.example"] }, [{
    rule: "b.example",
  }]],
  ["a host of a wildcard", { hosts: ["*.a.example"] }, { hosts: ["x.a.example"] }, []],
  ["a wildcard over a host", { hosts: ["x.a.example"] }, { hosts: ["*.a.example"] }, [{
    rule: "*.a.example",
  }]],
  ["any host", { hosts: ["a.example"] }, { hosts: "any" }, [{ rule: "*" }]],
  ["one of any host", { hosts: "any" }, { hosts: ["a.example"] }, []],
  ["a method more", { urls: { [`${A}/*`]: ["GET"] } }, { urls: { [`${A}/*`]: ["GET", "PUT"] } }, [
    { rule: `${A}/*`, methods: ["PUT"] },
  ]],
  ["a method of any", { urls: { [`${A}/*`]: ["*"] } }, { urls: { [`${A}/*`]: ["GET"] } }, []],
  [
    "a URL within a wider one",
    { urls: { [`${A}/*`]: ["GET"] } },
    { urls: { [`${A}/x/*`]: ["GET"] } },
    [],
  ],
  [
    "an exact rule gone from within a wider one",
    { urls: { [`${A}/*`]: ["*"], [`${A}/x`]: ["GET"] } },
    { urls: { [`${A}/*`]: ["*"] } },
    [{ rule: `${A}/*`, methods: ["*"], insteadOf: `${A}/x` }],
  ],
  [
    "a wider rule gone from around an exact one",
    { urls: { [`${A}/*`]: ["GET"], [`${A}/x`]: ["POST"] } },
    { urls: { [`${A}/x`]: ["POST"] } },
    [],
  ],
  [
    "URLs in the place of their hosts",
    { hosts: ["a.example"] },
    { urls: { [`${A}/*`]: ["GET"] } },
    [],
  ],
  [
    "URLs beside the hosts",
    { hosts: ["b.example"] },
    { urls: { [`${A}/*`]: ["GET"] } },
    [{ rule: `${A}/*`, methods: ["GET"] }],
  ],
  [
    "hosts in the place of their URLs",
    { urls: { [`${A}/*`]: ["*"] } },
    { hosts: ["a.example"] },
    [{ rule: "a.example" }],
  ],
];

for (const [name, before, after, wanted] of WIDER) {
  Deno.test(`rules: ${name} ${wanted.length === 0 ? "is nothing more" : "is more"}`, () =>
    assert.deepEqual(widerRules(before, after), wanted));
}

const COVERS: readonly (readonly [string, string, boolean])[] = [
  ["*", "a.example", true],
  ["*", "*.example", true],
  ["*.example", "*.a.example", true],
  ["*.example", "*", false],
  ["*.a.example", "*.example", false],
  ["*.a.example", "a.example", false],
  ["a.example", "A.EXAMPLE", true],
  ["a.example", "a.example.", true],
  ["{a,b}.example", "a.example", true],
  ["{a,b}.example", "{b,a}.example", true],
  ["{a,b}.example", "{a,c}.example", false],
  ["?.example", "?.example", true],
  ["?.example", "*.example", false],
  ["[!a].example", "?.example", false],
  ["[a-c].example", "[a-b].example", false],
  ["*", "a.example:81", false],
  ["a.example:81", "a.example:81", true],
];

for (const [wide, narrow, covers] of COVERS) {
  Deno.test(`rules: the host ${wide} ${covers ? "covers" : "does not cover"} ${narrow}`, () =>
    assert.equal(hostPatternCovers(wide, narrow), covers));
}
