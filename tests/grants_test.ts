/** What holds of what a manifest asks for, when an administrator has decided. */

import assert from "node:assert/strict";
import { compileUrlRules, decideUrl } from "../src/egress/mod.ts";
import {
  checkAssignment,
  checkDecision,
  type Decision,
  effectivePermissions,
  judgeApproval,
  mergeDecisions,
  type NetworkKey,
  networkRules,
  permissionText,
  readPermissionText,
} from "../src/grants/mod.ts";
import { type Manifest, parseManifest, PERMISSION_KEYS } from "../src/manifest/mod.ts";
import { promise } from "./support/promises.ts";

function manifestOf(permissions: object, more: object = {}): Manifest {
  const text = JSON.stringify({ name: "n", author: "a", version: "1", permissions, ...more });
  return parseManifest(text, { extism: true }).manifest;
}

/** A manifest of the generation that has URL rules. */
function withUrls(allowedUrls: object, more: object = {}): Manifest {
  const http = { reason: "r", allowedUrls, ...more };
  const fields = { description: "d", website: "https://w.example", capabilities: ["Scrobbler"] };
  return manifestOf({ http }, fields);
}

/** Whether a request is allowed by what holds. */
function allows(
  manifest: Manifest,
  decision: Decision,
  url: string,
  method = "GET",
  key: NetworkKey = "http",
): boolean {
  const permission = effectivePermissions(manifest, decision).permissions[key];
  if (permission === undefined) return false;
  return decideUrl(compileUrlRules(networkRules(key, permission)), new URL(url), method).allowed;
}

const HOSTS = manifestOf({ http: { requiredHosts: ["a.example", "*.b.example"] } });
const ANY = manifestOf({ http: {} });

const LEFT: readonly {
  readonly name: string;
  readonly manifest: Manifest;
  readonly decision: Decision;
  readonly yes?: readonly string[];
  readonly no?: readonly string[];
  /** Whether it was decided on another manifest. */
  readonly older?: true;
}[] = [
  {
    name: "nothing decided is all that is asked for",
    manifest: HOSTS,
    decision: {},
    yes: ["https://a.example/", "https://x.b.example/", "http://a.example:81/x"],
    no: ["https://c.example/"],
  },
  {
    name: "fewer hosts",
    manifest: HOSTS,
    decision: { http: { hosts: ["a.example"] } },
    yes: ["https://a.example/"],
    no: ["https://x.b.example/"],
  },
  {
    name: "one host under a wildcard",
    manifest: HOSTS,
    decision: { http: { hosts: ["x.b.example"] } },
    yes: ["https://x.b.example/"],
    no: ["https://a.example/", "https://y.b.example/"],
  },
  {
    name: "a narrower wildcard under a wildcard",
    manifest: HOSTS,
    decision: { http: { hosts: ["*.x.b.example"] } },
    yes: ["https://z.x.b.example/"],
    no: ["https://y.b.example/"],
  },
  {
    name: "no host is not any host",
    manifest: HOSTS,
    decision: { http: { hosts: [] } },
    no: ["https://a.example/", "https://c.example/"],
  },
  {
    name: "no host of any host is none",
    manifest: ANY,
    decision: { http: { hosts: [] } },
    no: ["https://a.example/"],
  },
  {
    name: "one host of any host",
    manifest: ANY,
    decision: { http: { hosts: ["a.example"] } },
    yes: ["https://a.example/"],
    no: ["https://c.example/"],
  },
  {
    name: "an older decision opens nothing that a newer manifest does not ask for",
    manifest: manifestOf({ http: { requiredHosts: ["c.example"] } }),
    older: true,
    decision: { http: { hosts: ["a.example", "*.b.example"] } },
    no: ["https://a.example/", "https://x.b.example/", "https://c.example/"],
  },
  {
    name: "an older decision that is wider than a newer manifest leaves what the manifest asks for",
    manifest: manifestOf({ http: { requiredHosts: ["x.b.example"] } }),
    older: true,
    decision: { http: { hosts: ["*.b.example"] } },
    yes: ["https://x.b.example/"],
    no: ["https://y.b.example/"],
  },
  {
    name: "URLs within the hosts of a manifest without URL rules",
    manifest: HOSTS,
    decision: { http: { urls: { "https://a.example/api/*": ["GET"] } } },
    yes: ["https://a.example/api/x"],
    no: ["https://a.example/", "https://x.b.example/", "http://a.example/api/x"],
  },
  {
    name: "hosts of a manifest with URL rules alone",
    manifest: withUrls({ "https://*.b.example/*": ["GET"] }),
    decision: { http: { hosts: ["x.b.example"] } },
    yes: ["https://x.b.example/"],
    no: ["https://y.b.example/"],
  },
  {
    name: "no host of a manifest with URL rules alone",
    manifest: withUrls({ "https://*.b.example/*": ["GET"] }),
    decision: { http: { hosts: [] } },
    no: ["https://x.b.example/"],
  },
  {
    name: "a withheld permission",
    manifest: HOSTS,
    decision: { without: ["http"] },
    no: ["https://a.example/"],
  },
];

promise(
  "grants: what is decided leaves of the hosts what it says",
  LEFT,
  ({ manifest, decision, older, yes = [], no = [] }) => {
    if (older === undefined) checkDecision(manifest, decision);
    for (const url of yes) assert.ok(allows(manifest, decision, url), `${url} is refused`);
    for (const url of no) assert.ok(!allows(manifest, decision, url), `${url} is allowed`);
  },
);

Deno.test("grants: fewer methods", () => {
  const url = "https://a.example/x";
  const manifest = withUrls({ "https://a.example/*": ["GET", "POST"] });
  const decision = { http: { urls: { "https://a.example/*": ["GET"] } } };
  assert.deepEqual(
    ["GET", "POST", "PUT"].map((method) => allows(manifest, decision, url, method)),
    [true, false, false],
  );
  const any = withUrls({ "https://a.example/*": ["*"] });
  assert.deepEqual(
    ["GET", "POST", "PUT"].map((method) => allows(any, decision, url, method)),
    [true, false, false],
  );
});

Deno.test("grants: an exact rule that is taken away does not hand its URL to a wider rule", () => {
  const manifest = withUrls({
    "https://a.example/*": ["GET", "POST"],
    "https://a.example/login": ["GET"],
  });
  const decision = { http: { urls: { "https://a.example/*": ["GET", "POST"] } } };
  checkDecision(manifest, decision);
  assert.ok(allows(manifest, decision, "https://a.example/x", "POST"));
  for (const method of ["GET", "POST"]) {
    assert.ok(!allows(manifest, decision, "https://a.example/login", method), method);
  }
});

Deno.test("grants: WebSockets are narrowed as requests are, and no host stays none", () => {
  const manifest = manifestOf({ websocket: { requiredHosts: ["a.example", "b.example"] } });
  const left = (hosts: string[], url: string) =>
    allows(manifest, { websocket: { hosts } }, url, "GET", "websocket");
  assert.ok(left(["a.example"], "wss://a.example/"));
  assert.ok(!left(["a.example"], "wss://b.example/"));
  assert.ok(!left([], "wss://a.example/"));
});

const KEYS: readonly NetworkKey[] = ["http", "websocket"];

for (const key of KEYS) {
  for (
    const [asks, granted, holds] of [
      [false, false, false],
      [true, false, false],
      [false, true, false],
      [true, true, true],
    ] as const
  ) {
    Deno.test(`grants: the local network of ${key} is open if asked for and granted: ${asks}, ${granted}`, () => {
      const plain = manifestOf({ [key]: { requiredHosts: ["a.example"] } });
      const permission = plain.permissions[key];
      assert.ok(permission);
      const manifest = {
        ...plain,
        permissions: { [key]: { ...permission, allowLocalNetwork: asks } },
      };
      const { permissions } = effectivePermissions(manifest, { localNetwork: granted });
      assert.equal(permissions[key]?.allowLocalNetwork, holds);
    });
  }
}

Deno.test("grants: chosen users, chosen libraries, read-only unless said otherwise", () => {
  const manifest = manifestOf({ users: {}, library: { filesystem: true } });
  const given = (decision: Decision) => effectivePermissions(manifest, decision).assignment;
  assert.deepEqual(given({}), { users: [], libraries: [], writeLibraries: false });
  assert.deepEqual(given({ users: ["ann"], libraries: [2], writeLibraries: true }), {
    users: ["ann"],
    libraries: [2],
    writeLibraries: true,
  });
  assert.deepEqual(given({ users: "all", libraries: "all", without: ["users", "library"] }), {
    users: [],
    libraries: [],
    writeLibraries: false,
  });
});

Deno.test("grants: what cannot be without a withheld permission is withheld with it", () => {
  const manifest = manifestOf({
    users: {},
    subsonicapi: {},
    scrobbleRetriever: {},
    library: {},
    matcher: {},
    cache: {},
  });
  const left = (decision: Decision) =>
    Object.keys(effectivePermissions(manifest, decision).permissions).sort();
  assert.deepEqual(left({ without: ["users"] }), ["cache", "library", "matcher"]);
  assert.deepEqual(left({ without: ["library"] }), [
    "cache",
    "scrobbleRetriever",
    "subsonicapi",
    "users",
  ]);
  assert.deepEqual(left({ without: [...PERMISSION_KEYS] }), []);
});

Deno.test("grants: host functions are those that manifest and limits both name", () => {
  const manifest: Manifest = { ...HOSTS, hostFunctions: ["http_send", "cache_get"] };
  const left = (asked: Manifest, hostFunctions?: string[]) =>
    effectivePermissions(asked, {}, hostFunctions && { hostFunctions }).hostFunctions;
  assert.deepEqual(left(HOSTS), undefined);
  assert.deepEqual(left(manifest), ["http_send", "cache_get"]);
  assert.deepEqual(left(HOSTS, ["cache_get"]), ["cache_get"]);
  assert.deepEqual(left(manifest, ["cache_get", "kvstore_get"]), ["cache_get"]);
});

Deno.test("grants: private addresses open only with a permission for the network", () => {
  const decision = { addresses: ["10.0.0.1"] };
  assert.deepEqual(effectivePermissions(HOSTS, decision).addresses, ["10.0.0.1"]);
  assert.deepEqual(effectivePermissions(manifestOf({}), decision).addresses, []);
  assert.deepEqual(
    effectivePermissions(HOSTS, { ...decision, without: ["http"] }).addresses,
    [],
  );
});

const URLS = withUrls({ "https://a.example/*": ["GET"] });
const BEYOND: readonly (readonly [string, Manifest, Decision, RegExp])[] = [
  [
    "another host",
    HOSTS,
    { http: { hosts: ["a.example", "c.example"] } },
    /"http" host "c\.example"/,
  ],
  ["a wider host", HOSTS, { http: { hosts: ["*.example"] } }, /"http" host "\*\.example"/],
  ["any host", HOSTS, { http: { hosts: ["*"] } }, /"http" host "\*"/],
  ["what is no host", ANY, { http: { hosts: ["a.example:81"] } }, /host "a\.example:81"/],
  [
    "a host of a permission that is not asked for",
    HOSTS,
    { websocket: { hosts: ["a.example"] } },
    /"websocket" "a\.example": the manifest does not ask/,
  ],
  [
    "a WebSocket host where none is named",
    manifestOf({ websocket: {} }),
    { websocket: { hosts: ["a.example"] } },
    /"websocket" host "a\.example"/,
  ],
  [
    "another URL",
    URLS,
    { http: { urls: { "https://a.example/x": ["GET"] } } },
    /"http" "https:\/\/a\.example\/x": the manifest has no such rule/,
  ],
  [
    "another method",
    URLS,
    { http: { urls: { "https://a.example/*": ["GET", "POST"] } } },
    /"http" method "POST" of "https:\/\/a\.example\/\*": the manifest asks for GET/,
  ],
  [
    "any method",
    URLS,
    { http: { urls: { "https://a.example/*": ["*"] } } },
    /"http" method "\*"/,
  ],
  ["a host beside the URLs", URLS, { http: { hosts: ["c.example"] } }, /"http" host "c\.example"/],
  [
    "a URL beside the hosts",
    HOSTS,
    { http: { urls: { "https://c.example/*": ["GET"] } } },
    /"http" "https:\/\/c\.example\/\*": no host/,
  ],
  ["an address without the network", manifestOf({}), { addresses: ["10.0.0.1"] }, /no network/],
  ["the local network without the network", manifestOf({}), { localNetwork: true }, /no network/],
  ["the local network that is not asked for", HOSTS, { localNetwork: true }, /single addresses/],
  [
    "the local network that one of two permissions asks for",
    manifestOf({
      http: { requiredHosts: ["a.example"] },
      websocket: { requiredHosts: ["a.example"], allowLocalNetwork: true },
    }),
    { localNetwork: true },
    /in one of http and websocket only; name single addresses/,
  ],
];

for (const [what, manifest, decision, text] of BEYOND) {
  Deno.test(`grants: a decision cannot open ${what}`, () => {
    assert.throws(() => checkDecision(manifest, decision), {
      name: "SoundproofError",
      code: "grant.invalid",
      message: text,
    });
  });
}

Deno.test("grants: users and libraries that are asked for must be decided on, or withheld", () => {
  const manifest = manifestOf({ users: {}, library: {} });
  const check = (decision: Decision) => checkAssignment(effectivePermissions(manifest, decision));
  const refused = { code: "grant.invalid" };
  assert.throws(() => check({ libraries: "all" }), refused);
  assert.throws(() => check({ users: "all", libraries: [] }), refused);
  check({ users: ["ann"], libraries: [1] });
  check({ without: ["users", "library"] });
});

Deno.test("grants: what a decision does not say stays as it was decided before", () => {
  const before: Decision = { users: ["ann"], http: { hosts: [] }, localNetwork: true };
  assert.deepEqual(mergeDecisions(before, {}), before);
  assert.deepEqual(mergeDecisions(before, { users: "all", http: {} }), {
    users: "all",
    http: {},
    localNetwork: true,
  });
  assert.deepEqual(mergeDecisions({}, before), before);
});

Deno.test("grants: the order of a manifest's keys is no difference", () => {
  const one = manifestOf({ cache: {}, kvstore: { maxSize: "1MB", reason: "r" } });
  const other = manifestOf({ kvstore: { reason: "r", maxSize: "1MB" }, cache: {} });
  assert.equal(permissionText(one), permissionText(other));
});

/** Every permission, each with every field. */
const EVERYTHING = manifestOf({
  ...Object.fromEntries(PERMISSION_KEYS.map((key) => [key, { reason: `for ${key}` }])),
  http: { reason: "r", allowedUrls: { "https://a.example/*": ["GET"] }, allowLocalNetwork: true },
  kvstore: { maxSize: "1MB" },
  library: { filesystem: true },
  subsonicapi: { allowedUsernames: ["ann"], allowAdmins: true },
  taskqueue: { maxConcurrency: 3 },
  websocket: { reason: "r", allowedUrls: ["wss://a.example/*"] },
}, { description: "d", website: "https://w.example", capabilities: ["Scrobbler"] });

promise(
  "grants: what a manifest asks for is read from its text as it was written",
  [
    { name: "nothing", manifest: manifestOf({}) },
    { name: "hosts", manifest: HOSTS },
    { name: "any host", manifest: ANY },
    { name: "URLs", manifest: URLS },
    { name: "everything", manifest: EVERYTHING },
    { name: "functions", manifest: { ...HOSTS, hostFunctions: ["http_send"] } },
    { name: "no functions", manifest: { ...HOSTS, hostFunctions: [] } },
    {
      name: "redirects that are not followed",
      manifest: parseManifest(JSON.stringify({
        name: "n",
        author: "a",
        version: "1",
        pluginType: "metadata",
        requiredPermissions: ["http"],
        allowedUrls: { "https://a.example": ["GET"] },
        allowRedirects: false,
      })).manifest,
    },
  ],
  ({ manifest: { permissions, hostFunctions } }) => {
    const asked = { permissions, ...(hostFunctions && { hostFunctions }) };
    assert.deepEqual(readPermissionText(permissionText(asked)), asked);
  },
);

const SHA = "a".repeat(64);
const OTHER = "b".repeat(64);
const ASKED = { http: { requiredHosts: ["a.example", "b.example"], reason: "pictures" } };

/** What becomes of a package that asks for `permissions`, when `ASKED` was approved of the package `SHA`. */
function judged(permissions: object, sha256: string, installed?: string): string {
  const approval = { sha256: SHA, permissions: permissionText(manifestOf(ASKED)), decision: {} };
  return judgeApproval({ manifest: manifestOf(permissions), sha256 }, approval, installed);
}

Deno.test("grants: what was approved holds of the bytes it was approved of, and of none else", () => {
  assert.equal(judged(ASKED, SHA), "holds");
  assert.equal(judged(ASKED, OTHER), "changed");
  assert.equal(judged(ASKED, OTHER, SHA), "changed");
  assert.equal(
    judgeApproval({ manifest: manifestOf({}), sha256: SHA }, undefined, SHA),
    "never",
  );
});

const HELD: readonly (readonly [string, object, "holds" | "waits"])[] = [
  ["the same", ASKED, "holds"],
  ["another reason", { http: { ...ASKED.http, reason: "telemetry" } }, "holds"],
  ["another order of hosts", { http: { requiredHosts: ["b.example", "a.example"] } }, "holds"],
  ["a host less", { http: { requiredHosts: ["a.example"] } }, "holds"],
  ["no permission", {}, "holds"],
  ["a host more", { http: { requiredHosts: ["a.example", "b.example", "c.example"] } }, "waits"],
  ["no list of hosts, which is any host", { http: {} }, "waits"],
  ["a permission more", { ...ASKED, cache: {} }, "waits"],
];

for (const [name, permissions, verdict] of HELD) {
  Deno.test(`grants: an approval ${verdict === "holds" ? "covers" : "does not cover"} ${name}`, () => {
    // Whether a command has put it there, or the same bytes are read otherwise than then.
    assert.equal(judged(permissions, OTHER, OTHER), verdict);
    assert.equal(judged(permissions, SHA), verdict);
    assert.equal(judged(permissions, OTHER), "changed");
  });
}
