/** Cases of the config service; `extism-abi.md` 2.14 and 7. @module */

import type { Case } from "./case.ts";

const config = {
  word: "text",
  empty: "",
  five: "5",
  minus: "-12",
  plus: "+7",
  half: "1.5",
  list: '["a","b"]',
  big: "9223372036854775807",
  small: "-9223372036854775808",
  "too-big": "9223372036854775808",
  spaced: " 5",
  hex: "0x10",
  __proto__x: "own",
};

export const CONFIG_CASES: readonly Case[] = [
  {
    name: "config_get: a value, an empty value, a missing key, a name of the prototype chain",
    permissions: {},
    config,
    steps: [
      { call: "config_get", request: { key: "word" }, response: { value: "text", exists: true } },
      { call: "config_get", request: { key: "empty" }, response: { exists: true } },
      { call: "config_get", request: { key: "none" }, response: "{}" },
      { call: "config_get", request: { key: "constructor" }, response: "{}" },
      { call: "config_get", request: { key: "Word" }, response: {} },
      {
        call: "config_get",
        request: { key: "list" },
        response: { value: '["a","b"]', exists: true },
      },
    ],
  },
  {
    name: "config_getint: only integers in base 10 that fit 64 bits exist",
    permissions: {},
    config: { ...config, zero: "0" },
    steps: [
      { call: "config_getint", request: { key: "five" }, response: { value: 5, exists: true } },
      { call: "config_getint", request: { key: "minus" }, response: { value: -12, exists: true } },
      { call: "config_getint", request: { key: "plus" }, response: { value: 7, exists: true } },
      { call: "config_getint", request: { key: "zero" }, response: { exists: true } },
      {
        call: "config_getint",
        request: { key: "big" },
        response: '{"value":9223372036854775807,"exists":true}',
      },
      {
        call: "config_getint",
        request: { key: "small" },
        response: '{"value":-9223372036854775808,"exists":true}',
      },
      ...["too-big", "half", "word", "empty", "spaced", "hex", "none"].map((key) => ({
        call: "config_getint",
        request: { key },
        response: {},
      })),
    ],
  },
  {
    name: "config_keys: sorted by bytes, filtered by prefix",
    permissions: {},
    config: { b: "1", a: "1", "a.b": "1", Z: "1", "\u{1F600}": "1", "\uFF5E": "1" },
    steps: [
      {
        call: "config_keys",
        request: {},
        response: { keys: ["Z", "a", "a.b", "b", "\uFF5E", "\u{1F600}"] },
      },
      { call: "config_keys", request: { prefix: "a" }, response: { keys: ["a", "a.b"] } },
      { call: "config_keys", request: { prefix: "x" }, response: {} },
    ],
  },
  {
    name: "config_keys: nothing is configured",
    permissions: {},
    steps: [{ call: "config_keys", request: {}, response: "{}" }],
  },
  {
    name: "requests are read leniently where upstream is lenient, and refused where it is strict",
    permissions: {},
    config,
    steps: [
      { call: "config_get", request: '{"KEY":"five"}', response: { value: "5", exists: true } },
      { call: "config_get", request: '{"key":null}', response: {} },
      { call: "config_get", request: "null", response: {} },
      {
        call: "config_get",
        request: '{"key":"five","x":{"y":[1.5,1e3]}}',
        response: { value: "5", exists: true },
      },
      { call: "config_get", request: "", errorContains: "unexpected end of JSON input" },
      { call: "config_get", request: '{"key":', errorContains: "unexpected end of JSON input" },
      { call: "config_get", request: '{"key":5}', errorContains: "cannot unmarshal number 5" },
      { call: "config_get", request: '["key"]', errorContains: "cannot unmarshal array" },
      { call: "config_get", request: '"key"', errorContains: "cannot unmarshal string" },
      { call: "config_get", request: "{key}", errorContains: "invalid JSON" },
    ],
  },
];
