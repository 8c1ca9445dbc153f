/** What an administrator is shown of a package, and how an update stands beside what was approved. */

import assert from "node:assert/strict";
import { asksForMore, type PermissionReview, reviewPermissions } from "../src/grants/mod.ts";
import { type Manifest, parseManifest, type SubsonicapiPermission } from "../src/manifest/mod.ts";

function manifestOf(permissions: object, more: object = {}): Manifest {
  const text = JSON.stringify({ name: "n", author: "a", version: "1", permissions, ...more });
  return parseManifest(text, { extism: true }).manifest;
}

/** A manifest of the generation that has URL rules. */
function urls(allowedUrls: Record<string, readonly string[]>, more: object = {}): Manifest {
  const fields = { description: "d", website: "https://w.example", capabilities: ["Scrobbler"] };
  return manifestOf({ http: { reason: "r", allowedUrls, ...more } }, fields);
}

const hosts = (...requiredHosts: string[]) => manifestOf({ http: { requiredHosts } });
const A = "https://a.example/*";

/** An update: what was approved, what is asked for now, whether it waits, and the lines that are shown. */
interface Update {
  readonly name: string;
  readonly before: Manifest;
  readonly after: Manifest;
  readonly waits: boolean;
  readonly lines: readonly string[];
  readonly change?: string;
}

const UPDATES: readonly Update[] = [
  {
    name: "the same permissions",
    before: hosts("a.example"),
    after: hosts("a.example"),
    waits: false,
    lines: [],
    change: "same",
  },
  {
    name: "another reason text only",
    before: manifestOf({ http: { requiredHosts: ["a.example"], reason: "pictures" } }),
    after: manifestOf({ http: { reason: "telemetry", requiredHosts: ["a.example"] } }),
    waits: false,
    lines: [],
    change: "same",
  },
  {
    name: "a host less",
    before: hosts("a.example", "b.example"),
    after: hosts("b.example"),
    waits: false,
    lines: ["- host a.example"],
    change: "narrower",
  },
  {
    name: "a host more",
    before: hosts("a.example"),
    after: hosts("a.example", "b.example"),
    waits: true,
    lines: ["+ host b.example"],
    change: "wider",
  },
  {
    name: "one host for another",
    before: hosts("a.example"),
    after: hosts("b.example"),
    waits: true,
    lines: ["+ host b.example", "- host a.example"],
    change: "wider",
  },
  {
    name: "a host of a wildcard",
    before: hosts("*.example"),
    after: hosts("a.example"),
    waits: false,
    lines: ["+ host a.example", "- host *.example"],
    change: "narrower",
  },
  {
    name: "a wildcard over a host",
    before: hosts("a.example"),
    after: hosts("*.example"),
    waits: true,
    lines: ["+ host *.example", "- host a.example"],
  },
  {
    name: "no list of hosts, which is any host",
    before: hosts("a.example"),
    after: manifestOf({ http: {} }),
    waits: true,
    lines: ["+ any host", "- host a.example"],
  },
  {
    name: "a list of hosts where any host was approved",
    before: manifestOf({ http: {} }),
    after: hosts("a.example"),
    waits: false,
    lines: ["+ host a.example", "- any host"],
    change: "narrower",
  },
  {
    name: "one method more",
    before: urls({ [A]: ["GET"] }),
    after: urls({ [A]: ["GET", "POST"] }),
    waits: true,
    lines: [`+ POST ${A}`],
    change: "wider",
  },
  {
    name: "one method less",
    before: urls({ [A]: ["GET", "POST"] }),
    after: urls({ [A]: ["POST"] }),
    waits: false,
    lines: [`- GET ${A}`],
    change: "narrower",
  },
  {
    name: "methods in another order",
    before: urls({ [A]: ["GET", "POST"] }),
    after: urls({ [A]: ["POST", "GET"] }),
    waits: false,
    lines: [],
    change: "same",
  },
  {
    name: "an exact rule gone from within a wider one",
    before: urls({ [A]: ["*"], "https://a.example/login": ["GET"] }),
    after: urls({ [A]: ["*"] }),
    waits: true,
    lines: [
      `+ any method https://a.example/login, which ${A} covers now`,
      "- GET https://a.example/login",
    ],
    change: "wider",
  },
  {
    name: "the local network",
    before: urls({ [A]: ["GET"] }),
    after: urls({ [A]: ["GET"] }, { allowLocalNetwork: true }),
    waits: true,
    lines: ["+ local network"],
  },
  {
    name: "the local network no longer",
    before: urls({ [A]: ["GET"] }, { allowLocalNetwork: true }),
    after: urls({ [A]: ["GET"] }),
    waits: false,
    lines: ["- local network"],
  },
  {
    name: "a permission more",
    before: manifestOf({ cache: {} }),
    after: manifestOf({ cache: {}, kvstore: { maxSize: "2MB" } }),
    waits: true,
    lines: ["+ 2.0 MB of storage"],
    change: "new",
  },
  {
    name: "a permission less",
    before: manifestOf({ cache: {}, storage: {} }),
    after: manifestOf({ cache: {} }),
    waits: false,
    lines: [],
  },
  {
    name: "a larger store",
    before: manifestOf({ kvstore: { maxSize: "1MB" } }),
    after: manifestOf({ kvstore: { maxSize: "2MB" } }),
    waits: true,
    lines: ["+ 2.0 MB of storage", "- 1.0 MB of storage"],
  },
  {
    name: "a smaller store",
    before: manifestOf({ kvstore: { maxSize: "2MB" } }),
    after: manifestOf({ kvstore: { maxSize: "1,000 KB" } }),
    waits: false,
    lines: ["+ 1.0 MB of storage", "- 2.0 MB of storage"],
  },
  {
    name: "the same size in other words",
    before: manifestOf({ kvstore: {} }),
    after: manifestOf({ kvstore: { maxSize: "1 MiB" } }),
    waits: false,
    lines: [],
  },
  {
    name: "files of libraries",
    before: manifestOf({ library: {} }),
    after: manifestOf({ library: { filesystem: true } }),
    waits: true,
    lines: ["+ files of libraries"],
  },
  {
    name: "more tasks at once",
    before: manifestOf({ taskqueue: { maxConcurrency: 1 } }),
    after: manifestOf({ taskqueue: { maxConcurrency: 4 } }),
    waits: true,
    lines: ["+ 4 at once", "- 1 at once"],
  },
  {
    name: "fewer tasks at once",
    before: manifestOf({ taskqueue: { maxConcurrency: 4 } }),
    after: manifestOf({ taskqueue: { maxConcurrency: 1 } }),
    waits: false,
    lines: ["+ 1 at once", "- 4 at once"],
  },
];

function linesOf({ items }: PermissionReview): string[] {
  return items.flatMap(({ difference }) => difference);
}

for (const { name, before, after, waits, lines, change } of UPDATES) {
  Deno.test(`review: an update that asks for ${name} ${waits ? "waits" : "goes on"}`, () => {
    const review = reviewPermissions(after, before);
    assert.equal(review.grows, waits);
    assert.equal(asksForMore(before, after), waits);
    assert.deepEqual(linesOf(review), lines);
    if (change !== undefined) assert.equal(review.items.at(-1)?.change, change);
  });
}

const subsonic = (subsonicapi: SubsonicapiPermission): Manifest => ({
  ...manifestOf({}),
  permissions: { subsonicapi },
});
const ANN = { allowedUsernames: ["ann"], allowAdmins: false };

for (
  const [name, before, after, waits] of [
    ["the same users", ANN, { ...ANN }, false],
    ["a user more", ANN, { ...ANN, allowedUsernames: ["bob", "ann"] }, true],
    ["any user", ANN, { allowAdmins: false }, true],
    ["one of any user", { allowAdmins: false }, ANN, false],
    ["administrators", ANN, { ...ANN, allowAdmins: true }, true],
    ["no administrators", { ...ANN, allowAdmins: true }, ANN, false],
  ] as const
) {
  Deno.test(`review: an update whose Subsonic API is for ${name} ${waits ? "waits" : "goes on"}`, () => {
    assert.equal(reviewPermissions(subsonic(after), subsonic(before)).grows, waits);
  });
}

Deno.test("review: host functions that a manifest lists are compared too", () => {
  const listed = (...hostFunctions: string[]): Manifest => ({ ...manifestOf({}), hostFunctions });
  const grown = reviewPermissions(listed("a", "b"), listed("a"));
  assert.deepEqual([grown.functions, grown.grows], [["b"], true]);
  const all = reviewPermissions(manifestOf({}), listed("a"));
  assert.deepEqual([all.functions, all.grows], [["*"], true]);
  const fewer = reviewPermissions(listed("a"), listed("a", "b"));
  assert.deepEqual([fewer.functions, fewer.grows], [[], false]);
  assert.equal(reviewPermissions(listed("a"), manifestOf({})).grows, false);
});

Deno.test("review: everything is new of what was never approved, and nothing of what asks for nothing", () => {
  const review = reviewPermissions(manifestOf({ cache: {}, http: {} }), undefined);
  assert.deepEqual(review.items.map(({ permission, change }) => `${permission}: ${change}`), [
    "cache: new",
    "http: new",
  ]);
  assert.ok(review.grows);
  assert.equal(reviewPermissions(manifestOf({}), undefined).grows, false);
});

Deno.test("review: what is no longer asked for is told, and what was withheld", () => {
  const before = manifestOf({ cache: {}, users: {}, subsonicapi: {} });
  const review = reviewPermissions(manifestOf({ users: {}, subsonicapi: {} }), before, {
    without: ["users"],
  });
  assert.deepEqual(review.dropped, ["cache"]);
  assert.deepEqual(review.items.map(({ withheld }) => withheld), [true, true]);
});

/** What is shown of a permission: what it allows, why, and what is unusual. */
const SHOWN: readonly (readonly [string, Manifest, readonly string[], readonly string[]])[] = [
  ["a host", hosts("a.example"), ["Send requests to a.example"], []],
  ["any host", manifestOf({ http: {} }), ["Send requests to any host"], ["It reaches any host"]],
  ["a star", hosts("*"), ["Send requests to any host"], ["It reaches any host"]],
  [
    "http instead of https",
    urls({ "http://a.example/*": ["GET", "HEAD"] }),
    ["Send GET, HEAD requests to http://a.example/*"],
    ["http://a.example/* is not encrypted: it can be read and changed on its way"],
  ],
  [
    "any URL",
    urls({ "*": ["*"] }),
    ["Send all requests to *"],
    ["It reaches any host"],
  ],
  [
    "the local network",
    urls({ [A]: ["GET"] }, { allowLocalNetwork: true }),
    [
      `Send GET requests to ${A}`,
      "Reach this machine and private networks too, if that is granted",
    ],
    ["It asks for the local network"],
  ],
  [
    "a rule that can match nothing",
    hosts("a.example:81"),
    ["Send requests to a.example:81"],
    ['"a.example:81" can match nothing'],
  ],
  [
    "library files",
    manifestOf({ library: { filesystem: true } }),
    [
      "See the libraries it is given",
      "Read the files in their folders, and write there if that is granted",
    ],
    ["It reads files of libraries"],
  ],
  [
    "a folder of its own",
    manifestOf({ storage: {} }),
    ["Keep files in a folder of its own"],
    ["It keeps files on the disk"],
  ],
  [
    "WebSockets",
    manifestOf({ websocket: { requiredHosts: ["a.example"] } }),
    ["Open WebSockets to a.example"],
    [],
  ],
  [
    "no WebSocket",
    manifestOf({ websocket: {} }),
    ["Nothing: it names no host"],
    [],
  ],
];

for (const [name, manifest, allows, unusual] of SHOWN) {
  Deno.test(`review: ${name} in plain words`, () => {
    const [item] = reviewPermissions(manifest, undefined).items;
    assert.deepEqual([item?.allows, item?.unusual], [allows, unusual]);
  });
}

Deno.test("review: administrators are unusual, and the reason is the author's", () => {
  const manifest = manifestOf({
    users: { reason: "who" },
    subsonicapi: { reason: "for playlists" },
  });
  const [subsonic, users] = reviewPermissions(manifest, undefined).items;
  assert.deepEqual([subsonic?.reason, users?.reason], ["for playlists", "who"]);
  assert.match(subsonic?.unusual.join() ?? "", /Administrators can be among these users/);
  assert.deepEqual(reviewPermissions(manifestOf({ cache: {} }), undefined).items[0]?.reason, "");
});
