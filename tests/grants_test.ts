import assert from "node:assert/strict";
import { effectivePermissions, permissionText } from "../src/grants/mod.ts";
import { type Manifest, parseManifest } from "../src/manifest/mod.ts";

function manifestOf(permissions: object, more: object = {}): Manifest {
  const text = JSON.stringify({ name: "n", author: "a", version: "1", permissions, ...more });
  return parseManifest(text, { extism: true }).manifest;
}

const SHA = "a".repeat(64);
const ASKED = { http: { requiredHosts: ["a.example", "b.example"], reason: "pictures" } };
const GRANT = { sha256: SHA, permissions: permissionText(manifestOf(ASKED)) };

Deno.test("grants: what was granted holds, for the same package with the same permissions", () => {
  const manifest = manifestOf(ASKED);
  assert.deepEqual(effectivePermissions(manifest, SHA, GRANT), {
    holds: true,
    permissions: manifest.permissions,
  });
});

Deno.test("grants: nothing holds for another package", () => {
  const verdict = effectivePermissions(manifestOf(ASKED), "b".repeat(64), GRANT);
  assert.equal(verdict.holds, false);
  assert.match("state" in verdict ? verdict.state : "", /package has changed/);
});

const OTHERWISE: readonly (readonly [string, object])[] = [
  ["a host more", { http: { requiredHosts: ["a.example", "b.example", "c.example"] } }],
  ["a host less", { http: { requiredHosts: ["a.example"] } }],
  ["another order of hosts", { http: { requiredHosts: ["b.example", "a.example"] } }],
  ["no permission", {}],
  ["a permission more", { ...ASKED, cache: {} }],
];

for (const [name, permissions] of OTHERWISE) {
  Deno.test(`grants: nothing holds when the permissions read otherwise: ${name}`, () => {
    const verdict = effectivePermissions(manifestOf(permissions), SHA, GRANT);
    assert.equal(verdict.holds, false);
    assert.match("state" in verdict ? verdict.state : "", /permissions read otherwise/);
  });
}

Deno.test("grants: the order of a manifest's keys is no difference", () => {
  const one = manifestOf({ cache: {}, kvstore: { maxSize: "1MB", reason: "r" } });
  const other = manifestOf({ kvstore: { reason: "r", maxSize: "1MB" }, cache: {} });
  assert.equal(permissionText(one), permissionText(other));
});
