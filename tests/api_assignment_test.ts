import assert from "node:assert/strict";
import { readAssignment } from "../src/api/assignment.ts";

const read = (text: string) => readAssignment(new TextEncoder().encode(text));

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
    assert.deepEqual(read(text), wanted));
}

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
];
for (const text of WRONG) {
  Deno.test(`the body ${text} assigns nothing`, () =>
    assert.throws(() => read(text), { code: "api.body_invalid" }));
}
