import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { decode, encode, encodeError, MAX_REQUEST_BYTES } from "../src/services/json.ts";
import {
  always,
  bool,
  bytes,
  type Field,
  float64,
  int32,
  int64,
  JsonError,
  list,
  map,
  nullable,
  object,
  string,
} from "../src/services/shape.ts";

const toBytes = (text: string) => new TextEncoder().encode(text);
const toText = (answer: Uint8Array) => new TextDecoder().decode(answer);

const READS: [name: string, field: Field<unknown, never>, json: string, value: unknown][] = [
  ["a 64-bit integer at its upper end", int64, "9223372036854775807", 9223372036854775807n],
  ["a 64-bit integer at its lower end", int64, "-9223372036854775808", -9223372036854775808n],
  ["an integer just beyond a double", int64, "9007199254740993", 9007199254740993n],
  ["minus zero", int64, "-0", 0n],
  ["a null integer", int64, "null", 0n],
  ["a 32-bit integer at its end", int32, "-2147483648", -2147483648],
  ["a float written with an exponent", float64, "1.5e3", 1500],
  ["a float written as an integer", float64, "3", 3],
  ["base64", bytes, '"AP8="', new Uint8Array([0, 255])],
  ["an array of numbers as bytes", bytes, "[0,255]", new Uint8Array([0, 255])],
  ["no bytes", bytes, "null", new Uint8Array(0)],
  ["missing bytes told from empty ones", nullable(bytes), "null", null],
  ["empty bytes told from missing ones", nullable(bytes), '""', new Uint8Array(0)],
  ["a null element", list(string), '["a",null]', ["a", ""]],
  ["a null list", list(string), "null", []],
  [
    "a map with a key of the prototype",
    map(string),
    '{"__proto__":"x"}',
    new Map([["__proto__", "x"]]),
  ],
  ["a lone surrogate", string, '"\\ud800"', "\uFFFD"],
  ["an object with other spelling", object({ maxItems: int32 }), '{"MAXITEMS":3}', { maxItems: 3 }],
];

for (const [name, field, json, value] of READS) {
  Deno.test(`decode reads ${name}`, () => {
    deepStrictEqual(decode({ value: field }, toBytes(`{"value":${json}}`)).value, value);
  });
}

const REFUSED: [name: string, field: Field<unknown, never>, json: string][] = [
  ["an integer above 64 bits", int64, "9223372036854775808"],
  ["an integer below 64 bits", int64, "-9223372036854775809"],
  ["an integer with a fraction", int64, "1.5"],
  ["an integer with a zero fraction", int64, "1.0"],
  ["an integer with an exponent", int64, "1e3"],
  ["an integer above 32 bits", int32, "2147483648"],
  ["an integer of a million digits", int64, "1".repeat(1_000_000)],
  ["an integer as a string", int64, '"5"'],
  ["a string as a number", string, "5"],
  ["a float beyond a double", float64, "1e400"],
  ["a boolean as a number", bool, "1"],
  ["bad base64", bytes, '"a"'],
  ["base64 without padding", bytes, '"AP8"'],
  ["URL-safe base64", bytes, '"-_-_"'],
  ["a byte above 255", bytes, "[256]"],
  ["a byte with a fraction", bytes, "[1.5]"],
  ["bytes as an object", bytes, "{}"],
  ["a list as an object", list(string), "{}"],
  ["a map as an array", map(string), "[]"],
  ["an object as a number", object({}), "1.5"],
];

for (const [name, field, json] of REFUSED) {
  Deno.test(`decode refuses ${name}`, () => {
    throws(() => decode({ value: field }, toBytes(`{"value":${json}}`)), (error) => {
      strictEqual(error instanceof JsonError && error.message.length < 200, true);
      return true;
    });
  });
}

const BOUNDED: [name: string, json: string, error: RegExp][] = [
  ["nested too deep", "[".repeat(100_000) + "]".repeat(100_000), /exceeded max depth of 64/],
  ["nested too deep in an unknown field", `{"x":${"[".repeat(70) + "]".repeat(70)}}`, /max depth/],
  ["nested too deep with numbers", `${'{"a":'.repeat(9_999)}1.5${"}".repeat(9_999)}`, /max depth/],
  ["of too many objects", `{"x":[${"{},".repeat(100_000)}{}]}`, /maximum of 100000 objects/],
  ["too large", " ".repeat(MAX_REQUEST_BYTES + 1), /request size 16777217 exceeds maximum/],
];

for (const [name, json, error] of BOUNDED) {
  Deno.test(`decode refuses a request ${name}`, () => {
    throws(() => decode({ value: string }, toBytes(json)), error);
  });
}

Deno.test("decode does not take brackets in strings for nesting", () => {
  const value = '[{"\\"['.repeat(100_000);
  strictEqual(decode({ value: string }, toBytes(JSON.stringify({ value }))).value, value);
});

Deno.test("decode replaces bytes that are not UTF-8 and refuses a byte-order mark", () => {
  const request = new Uint8Array([...toBytes('{"value":"'), 0xff, ...toBytes('"}')]);
  strictEqual(decode({ value: string }, request).value, "\uFFFD");
  throws(() => decode({ value: string }, toBytes('\uFEFF{"value":""}')), JsonError);
});

Deno.test("errors of decode quote nothing of a broken request", () => {
  throws(() => decode({ value: string }, toBytes('{"value":"secret" x')), (error) => {
    strictEqual(error instanceof JsonError && !error.message.includes("secret"), true);
    return true;
  });
});

Deno.test("random bytes give a JsonError or a value, and nothing else", () => {
  const shape = { s: string, i: int64, b: bytes, o: object({ m: map(string) }), l: list(int32) };
  const valid = '{"s":"x","i":9007199254740993,"b":"AA==","o":{"m":{"k":"v"}},"l":[1,2]}';
  let seed = 42;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  for (let round = 0; round < 5_000; round++) {
    const request = toBytes(valid);
    for (let flips = random(4); flips >= 0; flips--) request[random(request.length)] = random(256);
    try {
      decode(shape, request.subarray(0, random(8) === 0 ? random(request.length) : undefined));
    } catch (error) {
      strictEqual(error instanceof JsonError, true, String(error));
    }
  }
});

Deno.test("encode leaves zero values out, and nothing else", () => {
  const shape = {
    s: string,
    b: bool,
    i: int32,
    l: int64,
    f: float64,
    y: bytes,
    a: list(string),
    m: map(bytes),
    n: nullable(int64),
  };
  const zero = {
    s: "",
    b: false,
    i: 0,
    l: 0n,
    f: 0,
    y: new Uint8Array(0),
    a: [],
    m: new Map(),
    n: null,
  };
  strictEqual(toText(encode(shape, zero)), "{}");
  strictEqual(toText(encode(shape, {})), "{}");
  strictEqual(
    toText(encode(shape, {
      s: "<a>",
      b: true,
      i: -1,
      l: 9223372036854775807n,
      f: 1.5,
      y: new Uint8Array([0, 255]),
      a: [""],
      m: new Map([["b", new Uint8Array([1])], ["a", new Uint8Array(0)]]),
      n: 0n,
    })),
    '{"s":"<a>","b":true,"i":-1,"l":9223372036854775807,"f":1.5,"y":"AP8=","a":[""],' +
      '"m":{"a":"","b":"AQ=="},"n":0}',
  );
});

Deno.test("encode sends what a table wants always, and null for unmatched entries", () => {
  const item = object({ id: always(string), size: always(int64), name: string });
  strictEqual(
    toText(encode({ results: list(nullable(item)) }, { results: [{ id: "", size: 0n }, null] })),
    '{"results":[{"id":"","size":0},null]}',
  );
});

Deno.test("encode makes JSON of numbers that JSON does not know", () => {
  const shape = { i: always(int32), j: int32, f: always(float64), g: nullable(float64) };
  const answer = encode(shape, { i: NaN, j: 1e300, f: Infinity, g: NaN });
  JSON.parse(toText(answer));
});

Deno.test("an error always has a text", () => {
  strictEqual(toText(encodeError("")), '{"error":"unknown error"}');
});
