/** Cases of the kvstore; `extism-abi.md` 2.5 and 7. @module */

import type { Case } from "./case.ts";

const permissions = { kvstore: {} };
const set = (key: string, value = "dg==") => ({
  call: "kvstore_set",
  request: { key, value },
  response: "{}",
});
const setTtl = (key: string, ttlSeconds: number, value = "dg==") => ({
  call: "kvstore_setwithttl",
  request: { key, value, ttlSeconds },
  response: "{}",
});
const get = (key: string, response: object | string) => ({
  call: "kvstore_get",
  request: { key },
  response,
});
const list = (prefix: string, keys: string[]) => ({
  call: "kvstore_list",
  request: { prefix },
  response: keys.length === 0 ? {} : { keys },
});
const used = (bytes: number) => ({
  call: "kvstore_getstorageused",
  request: {},
  response: bytes === 0 ? {} : { bytes },
});
const zeros = (length: number) => new Uint8Array(length).toBase64();

export const KVSTORE_CASES: readonly Case[] = [
  {
    name: "kvstore: set, get, overwrite, missing, empty and binary values",
    permissions,
    steps: [
      get("k", "{}"),
      set("k", "AP8="),
      get("k", { value: "AP8=", exists: true }),
      set("k", "AQ=="),
      get("k", { value: "AQ==", exists: true }),
      set("k", ""),
      get("k", '{"exists":true}'),
      { call: "kvstore_set", request: { key: "n", value: [1, 2] }, response: "{}" },
      get("n", { value: "AQI=", exists: true }),
    ],
  },
  {
    name: "kvstore: has, delete, delete of an absent key",
    permissions,
    steps: [
      { call: "kvstore_has", request: { key: "k" }, response: "{}" },
      set("k"),
      { call: "kvstore_has", request: { key: "k" }, response: { exists: true } },
      { call: "kvstore_delete", request: { key: "k" }, response: "{}" },
      { call: "kvstore_has", request: { key: "k" }, response: "{}" },
      { call: "kvstore_delete", request: { key: "k" }, response: "{}" },
    ],
  },
  {
    name: "kvstore: keys are checked in order, in bytes, and only when set",
    permissions,
    steps: [
      {
        call: "kvstore_set",
        request: { key: "", value: "" },
        errorContains: "key cannot be empty",
      },
      {
        call: "kvstore_set",
        request: { key: "k".repeat(257), value: "" },
        errorContains: "key exceeds maximum length of 256 bytes",
      },
      {
        call: "kvstore_set",
        request: { key: "\u00E4".repeat(129), value: "" },
        errorContains: "key exceeds maximum length of 256 bytes",
      },
      set("\u00E4".repeat(128)),
      {
        call: "kvstore_setwithttl",
        request: { key: "", value: "", ttlSeconds: 0 },
        errorContains: "ttlSeconds must be greater than 0",
      },
      {
        call: "kvstore_setwithttl",
        request: { key: "", value: "", ttlSeconds: 1 },
        errorContains: "key cannot be empty",
      },
      {
        call: "kvstore_setwithttl",
        request: { key: "k", value: "", ttlSeconds: -1 },
        errorContains: "ttlSeconds must be greater than 0",
      },
      get("", "{}"),
      get("k".repeat(300), "{}"),
      { call: "kvstore_delete", request: { key: "" }, response: "{}" },
    ],
  },
  {
    name: "kvstore: a null or missing value is not an empty one",
    permissions,
    steps: [
      {
        call: "kvstore_set",
        request: { key: "k", value: null },
        errorContains: "storing value: NOT NULL constraint failed: kvstore.value",
      },
      { call: "kvstore_set", request: { key: "k" }, errorContains: "NOT NULL" },
      get("k", "{}"),
    ],
  },
  {
    name: "kvstore: keys are listed in byte order; a prefix is literal but for case and backslash",
    permissions,
    steps: [
      list("", []),
      set("b"),
      set("a"),
      set("A"),
      set("user_1"),
      set("userX1"),
      set("u%r"),
      set("\u{1F600}"),
      set("\uFF5E"),
      list("", ["A", "a", "b", "u%r", "userX1", "user_1", "\uFF5E", "\u{1F600}"]),
      list("a", ["A", "a"]),
      list("user_", ["user_1"]),
      list("u%", ["u%r"]),
      list("USER", ["userX1", "user_1"]),
      list("\\b", ["b"]),
      list("none", []),
    ],
  },
  {
    name: "kvstore: delete by prefix counts, refuses an empty prefix, and includes expired keys",
    permissions,
    steps: [
      set("p:1"),
      set("P:2"),
      setTtl("p:3", 1),
      set("q"),
      { advanceMs: 10_000 },
      {
        call: "kvstore_deletebyprefix",
        request: { prefix: "" },
        errorContains: "prefix cannot be empty",
      },
      { call: "kvstore_deletebyprefix", request: { prefix: "x" }, response: "{}" },
      { call: "kvstore_deletebyprefix", request: { prefix: "%" }, response: "{}" },
      { call: "kvstore_deletebyprefix", request: { prefix: "p:" }, response: { deletedCount: 3 } },
      list("", ["q"]),
      used(1),
    ],
  },
  {
    name: "kvstore: get many leaves out what is missing or expired",
    permissions,
    steps: [
      set("a", "AQ=="),
      set("empty", ""),
      setTtl("gone", 1),
      { advanceMs: 10_000 },
      {
        call: "kvstore_getmany",
        request: { keys: ["a", "empty", "gone", "none", "a"] },
        response: { values: { a: "AQ==", empty: "" } },
      },
      { call: "kvstore_getmany", request: { keys: [] }, response: "{}" },
      { call: "kvstore_getmany", request: { keys: null }, response: "{}" },
      { call: "kvstore_getmany", request: {}, response: "{}" },
      { call: "kvstore_getmany", request: { keys: ["none"] }, response: "{}" },
    ],
  },
  {
    name: "kvstore: usage counts values, not keys, and follows overwrites and deletes",
    permissions,
    steps: [
      used(0),
      set("key", zeros(100)),
      used(100),
      set("key", zeros(40)),
      used(40),
      set("other", zeros(2)),
      used(42),
      { call: "kvstore_delete", request: { key: "key" }, response: "{}" },
      used(2),
    ],
  },
  {
    name: "kvstore: only growth beyond the limit is refused",
    permissions: { kvstore: { maxSize: "1KB" } },
    steps: [
      set("a", zeros(1000)),
      {
        call: "kvstore_set",
        request: { key: "b", value: "AA==" },
        errorContains: "storage limit exceeded: would use 1.0 kB of 1.0 kB allowed",
      },
      set("a", zeros(1000)),
      set("a", zeros(990)),
      set("b", zeros(10)),
      {
        call: "kvstore_setwithttl",
        request: { key: "c", value: zeros(14_010), ttlSeconds: 9 },
        errorContains: "storage limit exceeded: would use 15 kB of 1.0 kB allowed",
      },
      set("c", ""),
      used(1000),
    ],
  },
  {
    name: "kvstore: a value of 15 KiB is refused at a limit of 10KB",
    permissions: { kvstore: { maxSize: "10KB" } },
    steps: [{
      call: "kvstore_set",
      request: { key: "k", value: zeros(15 * 1024) },
      errorContains: "storage limit exceeded: would use 15 kB of 10 kB allowed",
    }],
  },
  {
    name: "kvstore: the default limit is 1,048,576 bytes",
    permissions,
    steps: [
      set("k", zeros(1_048_576)),
      {
        call: "kvstore_set",
        request: { key: "l", value: "AA==" },
        errorContains: "storage limit exceeded: would use 1.0 MB of 1.0 MB allowed",
      },
    ],
  },
  {
    name: "kvstore: an expired entry is invisible everywhere and makes room",
    permissions: { kvstore: { maxSize: "10B" } },
    steps: [
      setTtl("t", 1, zeros(8)),
      set("s", zeros(2)),
      get("t", { value: zeros(8), exists: true }),
      used(10),
      { advanceMs: 2_000 },
      get("t", "{}"),
      { call: "kvstore_has", request: { key: "t" }, response: "{}" },
      list("", ["s"]),
      used(2),
      set("u", zeros(8)),
      used(10),
    ],
  },
  {
    name: "kvstore: an entry is valid while its expiry second has not passed",
    permissions,
    steps: [
      { advanceMs: 900 },
      setTtl("k", 1),
      { advanceMs: 1_000 },
      get("k", { value: "dg==", exists: true }),
      { advanceMs: 100 },
      get("k", "{}"),
    ],
  },
  {
    name: "kvstore: a plain set clears the expiry, a TTL set renews it",
    permissions,
    steps: [
      setTtl("a", 10),
      setTtl("b", 10),
      { advanceMs: 5_000 },
      set("a"),
      setTtl("b", 10),
      { advanceMs: 9_000 },
      get("a", { value: "dg==", exists: true }),
      get("b", { value: "dg==", exists: true }),
      { advanceMs: 2_000 },
      get("a", { value: "dg==", exists: true }),
      get("b", "{}"),
    ],
  },
  {
    name: "kvstore: a TTL of hundreds of billions of years never ends",
    permissions,
    steps: [
      {
        call: "kvstore_setwithttl",
        request: '{"key":"k","value":"dg==","ttlSeconds":9223372036854775807}',
        response: "{}",
      },
      get("k", { value: "dg==", exists: true }),
    ],
  },
];

export const STORAGE_CASES: readonly Case[] = [{
  name: "storage: the path is always /storage",
  permissions: { storage: {} },
  steps: [{ call: "storage_getstoragepath", request: "", response: { result: "/storage" } }],
}];
