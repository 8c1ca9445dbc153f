import assert from "node:assert/strict";
import { decisionFrom } from "../src/cli/mod.ts";
import { checkDecision, effectivePermissions } from "../src/grants/mod.ts";
import { type Manifest, parseManifest } from "../src/manifest/mod.ts";

function manifest(permissions: object): Manifest {
  const document = { name: "N", author: "A", version: "1", permissions };
  return parseManifest(JSON.stringify(document)).manifest;
}

const HOSTS = manifest({
  http: { requiredHosts: ["api.example.com", "*.example.org"] },
  websocket: { requiredHosts: ["ws.example.com"] },
  cache: {},
});
const ANY = manifest({ http: {} });
const URLS = manifest({});

/** What is typed, about which manifest, and the decision that it is. */
const DECISIONS: readonly [string, Parameters<typeof decisionFrom>[0], Manifest, unknown][] = [
  ["nothing", {}, HOSTS, {}],
  ["what needs no manifest", { users: "all", without: ["cache"] }, HOSTS, {
    users: "all",
    without: ["cache"],
  }],
  ["a host of requests", { hosts: ["api.example.com"] }, HOSTS, {
    http: { hosts: ["api.example.com"] },
    websocket: { hosts: [] },
  }],
  [
    "a host below a wildcard, and one of WebSockets",
    {
      hosts: ["a.example.org", "ws.example.com"],
    },
    HOSTS,
    { http: { hosts: ["a.example.org"] }, websocket: { hosts: ["ws.example.com"] } },
  ],
  ["every host again", { hosts: "all" }, HOSTS, { http: {}, websocket: {} }],
  ["methods", { methods: ["GET"] }, HOSTS, {
    http: {
      urls: { "*://api.example.com:*/*": ["GET"], "*://*.example.org:*/*": ["GET"] },
    },
    websocket: {},
  }],
  ["methods of a host", { hosts: ["api.example.com"], methods: ["GET", "HEAD"] }, HOSTS, {
    http: {
      hosts: ["api.example.com"],
      urls: { "*://api.example.com:*/*": ["GET", "HEAD"] },
    },
    websocket: { hosts: [] },
  }],
  ["methods where any host is asked for", { methods: ["GET"] }, ANY, {
    http: { urls: { "*://*:*/*": ["GET"] } },
  }],
];
for (const [name, words, about, wanted] of DECISIONS) {
  Deno.test(`${name} typed is a decision that the manifest covers`, () => {
    const decision = decisionFrom(words, about);
    assert.deepEqual(decision, wanted);
    checkDecision(about, decision);
    effectivePermissions(about, decision);
  });
}

Deno.test("methods are taken from each rule of a manifest that has rules", () => {
  const { manifest } = parseManifest(JSON.stringify({
    name: "N",
    author: "A",
    version: "1",
    description: "D",
    website: "https://example.com",
    capabilities: ["MetadataAgent"],
    permissions: {
      http: {
        reason: "R",
        allowedUrls: { "https://a.example/*": ["GET", "POST"], "https://b.example/*": ["*"] },
      },
    },
  }));
  const decision = decisionFrom({ methods: ["GET", "PUT"] }, manifest);
  assert.deepEqual(decision.http, {
    urls: { "https://a.example/*": ["GET"], "https://b.example/*": ["GET", "PUT"] },
  });
  checkDecision(manifest, decision);
  assert.deepEqual(decisionFrom({ hosts: ["a.example"] }, manifest).http, { hosts: ["a.example"] });
});

/** What is typed, and why it is refused. */
const REFUSED: readonly [Parameters<typeof decisionFrom>[0], Manifest, string, RegExp][] = [
  [{ hosts: ["evil.example"] }, HOSTS, "grant.invalid", /host "evil\.example"/],
  [{ hosts: ["*"] }, HOSTS, "grant.invalid", /host "\*"/],
  [{ methods: ["GET"] }, URLS, "grant.invalid", /does not ask for http/],
  [{ without: ["everything"] }, HOSTS, "cli.usage", /"everything"/],
];
for (const [words, about, code, message] of REFUSED) {
  Deno.test(`${JSON.stringify(words)} is refused with ${code}`, () => {
    assert.throws(() => decisionFrom(words, about), { code, message });
  });
}
