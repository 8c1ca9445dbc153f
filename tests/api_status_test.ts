import assert from "node:assert/strict";
import { statusOf } from "../src/api/mod.ts";
import { ERROR_CODES } from "../src/errors.ts";

Deno.test("every error code has an HTTP status of its own or of its room", () => {
  const without = Object.keys(ERROR_CODES).filter((code) => statusOf(code) === undefined);
  assert.deepEqual(without, []);
});

const STATUSES: readonly [string, number | undefined][] = [
  ["guest.deadline", 504],
  ["guest.not_implemented", 501],
  ["guest.export_unknown", 404],
  ["guest.trap", 502],
  ["pool.queue_full", 503],
  ["plugin.unknown", 404],
  ["plugin.not_running", 409],
  ["manifest.invalid", 422],
  ["nonsense.code", undefined],
  ["toString.code", undefined],
];
for (const [code, status] of STATUSES) {
  Deno.test(`${code} is answered ${status ?? "by no table"}`, () =>
    assert.equal(statusOf(code), status));
}
