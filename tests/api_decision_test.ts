import assert from "node:assert/strict";
import { readJson } from "../src/api/check.ts";
import { readDecision } from "../src/api/decision.ts";
import { Decision } from "../src/api/schemas.ts";

const read = (text: string) =>
  readDecision(readJson(Decision, new TextEncoder().encode(text), "the decision"));

const READ: readonly [string, object][] = [
  ["{}", {}],
  ['{"allUsers":true,"allLibraries":true}', { users: "all", libraries: "all" }],
  ['{"users":["ann"],"libraries":[1,2]}', { users: ["ann"], libraries: [1, 2] }],
  ['{"users":"all","libraries":"all"}', { users: "all", libraries: "all" }],
  ['{"users":["ann"],"allUsers":true}', { users: ["ann"] }],
  ['{"allUsers":false,"libraries":[]}', { users: [], libraries: [] }],
  ['{"allowWriteAccess":true}', { writeLibraries: true }],
  ['{"allowWriteAccess":false}', { writeLibraries: false }],
  ['{"users":"all","libraries":"all"}', { users: "all", libraries: "all" }],
  ['{"localNetwork":true,"addresses":["nas"]}', { localNetwork: true, addresses: ["nas"] }],
  ['{"without":["kvstore"]}', { without: ["kvstore"] }],
  ['{"http":{"hosts":["a.example"]}}', { http: { hosts: ["a.example"] } }],
  ['{"http":{"hosts":[]},"websocket":{}}', { http: { hosts: [] }, websocket: {} }],
  [
    '{"http":{"urls":{"https://a.example/*":["get"]}}}',
    { http: { urls: { "https://a.example/*": ["GET"] } } },
  ],
];
for (const [text, wanted] of READ) {
  Deno.test(`the body ${text} decides ${JSON.stringify(wanted)}`, () =>
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
  '{"localNetwork":"yes"}',
  '{"addresses":"nas"}',
  '{"addresses":[1]}',
  '{"users":"every"}',
  '{"without":["everything"]}',
  '{"without":"http"}',
  '{"http":["a.example"]}',
  '{"http":{"host":["a.example"]}}',
  '{"http":{"hosts":"a.example"}}',
  '{"http":{"urls":["https://a.example/*"]}}',
  '{"http":{"urls":{"https://a.example/*":"GET"}}}',
  '{"__proto__":{"users":"all"}}',
];
for (const text of WRONG) {
  Deno.test(`the body ${text} decides nothing`, () =>
    assert.throws(() => read(text), { code: "api.body_invalid" }));
}
