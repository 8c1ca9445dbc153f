import assert from "node:assert/strict";
import { readDecision } from "../src/api/decision.ts";

const read = (text: string) => readDecision(new TextEncoder().encode(text));

const READ: readonly [string, object][] = [
  ["", {}],
  ["{}", {}],
  ['{"allUsers":true,"allLibraries":true}', { users: "all", libraries: "all" }],
  ['{"users":["ann"],"libraries":[1,2]}', { users: ["ann"], libraries: [1, 2] }],
  ['{"users":["ann"],"allUsers":true}', { users: ["ann"] }],
  ['{"allUsers":false,"libraries":[]}', { users: [], libraries: [] }],
  ['{"allowWriteAccess":true}', { writeLibraries: true }],
  ['{"allowWriteAccess":false}', { writeLibraries: false }],
];
for (const [text, wanted] of READ) {
  Deno.test(`the body ${text || "of nothing"} assigns ${JSON.stringify(wanted)}`, () =>
    assert.deepEqual(read(text).assignment, wanted));
}

Deno.test("a body opens the private addresses it names, and none besides", () => {
  assert.deepEqual(read('{"localNetwork":true,"addresses":["nas"]}').local, {
    network: true,
    addresses: ["nas"],
  });
  assert.deepEqual(read('{"allUsers":true}').local, { network: false, addresses: [] });
});

const WRONG = [
  "{",
  "[]",
  "null",
  '"x"',
  '{"users":"ann"}',
  '{"users":[""]}',
  '{"users":[1]}',
  '{"libraries":["1"]}',
  '{"libraries":[1.5]}',
  '{"allUsers":"yes"}',
  '{"user":["ann"]}',
  '{"localNetwork":"yes"}',
  '{"addresses":"nas"}',
  '{"addresses":[1]}',
];
for (const text of WRONG) {
  Deno.test(`the body ${text} assigns nothing`, () =>
    assert.throws(() => read(text), { code: "api.body_invalid" }));
}
