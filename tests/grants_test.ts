import assert from "node:assert/strict";
import {
  checkLocalGrant,
  effectivePermissions,
  NOTHING_LOCAL,
  permissionText,
} from "../src/grants/mod.ts";
import { type Manifest, parseManifest } from "../src/manifest/mod.ts";

function manifestOf(permissions: object, more: object = {}): Manifest {
  const text = JSON.stringify({ name: "n", author: "a", version: "1", permissions, ...more });
  return parseManifest(text, { extism: true }).manifest;
}

const SHA = "a".repeat(64);
const ASKED = { http: { requiredHosts: ["a.example", "b.example"], reason: "pictures" } };
const GRANT = {
  sha256: SHA,
  permissions: permissionText(manifestOf(ASKED)),
  local: NOTHING_LOCAL,
};

Deno.test("grants: what was granted holds, for the same package with the same permissions", () => {
  const manifest = manifestOf(ASKED);
  assert.deepEqual(effectivePermissions(manifest, SHA, GRANT), {
    holds: true,
    permissions: manifest.permissions,
    local: NOTHING_LOCAL,
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

/** A manifest that asks for the local network, or does not. */
function network(allowLocalNetwork: boolean): Manifest {
  const manifest = manifestOf(ASKED);
  const { http } = manifest.permissions;
  assert.ok(http);
  return { ...manifest, permissions: { http: { ...http, allowLocalNetwork } } };
}

for (
  const [asks, granted, holds] of [
    [false, false, false],
    [true, false, false],
    [false, true, false],
    [true, true, true],
  ] as const
) {
  Deno.test(`grants: the local network is open if asked for and granted: ${asks}, ${granted}`, () => {
    const manifest = network(asks);
    const local = { network: granted, addresses: [] };
    const permissions = permissionText(manifest);
    const verdict = effectivePermissions(manifest, SHA, { sha256: SHA, permissions, local });
    assert.equal("permissions" in verdict && verdict.permissions.http?.allowLocalNetwork, holds);
  });
}

Deno.test("grants: private addresses are granted only to what asks for the network", () => {
  const refused = { name: "SoundproofError", code: "grant.invalid" };
  const address = { network: false, addresses: ["10.0.0.1"] };
  const whole = { network: true, addresses: [] };
  for (const local of [address, whole]) {
    assert.throws(() => checkLocalGrant(manifestOf({}), local), refused);
  }
  assert.throws(() => checkLocalGrant(network(false), whole), refused);
  checkLocalGrant(network(false), address);
  checkLocalGrant(network(true), whole);
  checkLocalGrant(manifestOf({}), NOTHING_LOCAL);
});
