/** Cases of the cache service; `extism-abi.md` 2.4 and 7. @module */

import type { Case } from "./case.ts";

const permissions = { cache: {} };
const HOUR = 3_600_000;

export const CACHE_CASES: readonly Case[] = [
  {
    name: "cache: each type is read back as it was set",
    permissions,
    steps: [
      { call: "cache_setstring", request: { key: "s", value: "text" }, response: "{}" },
      { call: "cache_getstring", request: { key: "s" }, response: { value: "text", exists: true } },
      {
        call: "cache_setint",
        request: '{"key":"i","value":-9223372036854775808}',
        response: "{}",
      },
      {
        call: "cache_getint",
        request: { key: "i" },
        response: '{"value":-9223372036854775808,"exists":true}',
      },
      { call: "cache_setint", request: '{"key":"i","value":9007199254740993}', response: "{}" },
      {
        call: "cache_getint",
        request: { key: "i" },
        response: '{"value":9007199254740993,"exists":true}',
      },
      { call: "cache_setfloat", request: { key: "f", value: 1.5 }, response: "{}" },
      { call: "cache_getfloat", request: { key: "f" }, response: { value: 1.5, exists: true } },
      { call: "cache_setbytes", request: { key: "b", value: "AP8AAQ==" }, response: "{}" },
      {
        call: "cache_getbytes",
        request: { key: "b" },
        response: { value: "AP8AAQ==", exists: true },
      },
      { call: "cache_setbytes", request: { key: "b", value: [0, 255] }, response: "{}" },
      { call: "cache_getbytes", request: { key: "b" }, response: { value: "AP8=", exists: true } },
    ],
  },
  {
    name: "cache: zero values exist without a value",
    permissions,
    steps: [
      { call: "cache_setstring", request: { key: "s", value: "" }, response: "{}" },
      { call: "cache_getstring", request: { key: "s" }, response: '{"exists":true}' },
      { call: "cache_setint", request: { key: "i", value: 0 }, response: "{}" },
      { call: "cache_getint", request: { key: "i" }, response: '{"exists":true}' },
      { call: "cache_setfloat", request: { key: "f" }, response: "{}" },
      { call: "cache_getfloat", request: { key: "f" }, response: '{"exists":true}' },
      { call: "cache_setbytes", request: { key: "b", value: null }, response: "{}" },
      { call: "cache_getbytes", request: { key: "b" }, response: '{"exists":true}' },
    ],
  },
  {
    name: "cache: missing keys and other types do not exist, and are no error",
    permissions,
    steps: [
      ...["string", "int", "float", "bytes"].map((type) => ({
        call: `cache_get${type}`,
        request: { key: "none" },
        response: "{}",
      })),
      { call: "cache_setstring", request: { key: "s", value: "5" }, response: "{}" },
      { call: "cache_getint", request: { key: "s" }, response: "{}" },
      { call: "cache_getfloat", request: { key: "s" }, response: "{}" },
      { call: "cache_getbytes", request: { key: "s" }, response: "{}" },
      { call: "cache_setint", request: { key: "i", value: 5 }, response: "{}" },
      { call: "cache_getfloat", request: { key: "i" }, response: "{}" },
      { call: "cache_getbytes", request: { key: "i" }, response: "{}" },
      { call: "cache_setfloat", request: { key: "f", value: 5 }, response: "{}" },
      { call: "cache_getint", request: { key: "f" }, response: "{}" },
    ],
  },
  {
    name: "cache: has and remove",
    permissions,
    steps: [
      { call: "cache_has", request: { key: "k" }, response: "{}" },
      { call: "cache_setstring", request: { key: "k", value: "v" }, response: "{}" },
      { call: "cache_has", request: { key: "k" }, response: { exists: true } },
      { call: "cache_remove", request: { key: "k" }, response: "{}" },
      { call: "cache_has", request: { key: "k" }, response: "{}" },
      { call: "cache_remove", request: { key: "k" }, response: "{}" },
    ],
  },
  {
    name: "cache: an entry ends with its TTL",
    permissions,
    steps: [
      {
        call: "cache_setstring",
        request: { key: "k", value: "v", ttlSeconds: 10 },
        response: "{}",
      },
      { advanceMs: 10_000 },
      { call: "cache_getstring", request: { key: "k" }, response: "{}" },
    ],
  },
  {
    name: "cache: a get and a has restart the TTL, a read of another type does not",
    permissions,
    steps: [
      {
        call: "cache_setstring",
        request: { key: "k", value: "v", ttlSeconds: 10 },
        response: "{}",
      },
      { advanceMs: 9_999 },
      { call: "cache_getstring", request: { key: "k" }, response: { value: "v", exists: true } },
      { advanceMs: 9_999 },
      { call: "cache_has", request: { key: "k" }, response: { exists: true } },
      { advanceMs: 9_999 },
      { call: "cache_getint", request: { key: "k" }, response: "{}" },
      { advanceMs: 1 },
      { call: "cache_getstring", request: { key: "k" }, response: "{}" },
    ],
  },
  ...[0, -5].map((ttlSeconds): Case => ({
    name: `cache: a TTL of ${ttlSeconds} is 24 hours`,
    permissions,
    steps: [
      { call: "cache_setint", request: { key: "a", value: 1, ttlSeconds }, response: "{}" },
      { call: "cache_setint", request: { key: "b", value: 1, ttlSeconds }, response: "{}" },
      { advanceMs: 24 * HOUR - 1 },
      { call: "cache_has", request: { key: "a" }, response: { exists: true } },
      { advanceMs: 1 },
      { call: "cache_has", request: { key: "a" }, response: { exists: true } },
      { call: "cache_has", request: { key: "b" }, response: "{}" },
    ],
  })),
];
