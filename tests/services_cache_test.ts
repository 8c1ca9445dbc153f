import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { CACHE_CASES } from "./services_cases/cache.ts";
import { Bench, testCases } from "./services_cases/harness.ts";

testCases(CACHE_CASES);

Deno.test("cache: what was longest unused makes room for a new entry", async () => {
  await using bench = new Bench({ permissions: { cache: {} }, limits: { cacheEntries: 3 } });
  for (const key of ["a", "b", "c"]) await bench.call("cache_setint", { key, value: 1 });
  await bench.call("cache_getint", { key: "a" });
  await bench.call("cache_setint", { key: "d", value: 1 });
  const exist = [];
  for (const key of ["a", "b", "c", "d"]) {
    exist.push((await bench.call("cache_has", { key })).exists);
  }
  deepStrictEqual(exist, [true, undefined, true, true]);
});

Deno.test("cache: bytes are bounded over all entries and for one", async () => {
  await using bench = new Bench({ permissions: { cache: {} }, limits: { cacheBytes: 1000 } });
  const value = new Uint8Array(400).toBase64();
  await bench.call("cache_setbytes", { key: "a", value });
  await bench.call("cache_setbytes", { key: "b", value });
  await bench.call("cache_setbytes", { key: "c", value });
  strictEqual((await bench.call("cache_has", { key: "a" })).exists, undefined);
  strictEqual((await bench.call("cache_has", { key: "c" })).exists, true);
  const { error } = await bench.call("cache_setstring", { key: "d", value: "x".repeat(500) });
  match(error, /^cache entry of 1066 bytes exceeds maximum of 1000$/);
  strictEqual((await bench.call("cache_has", { key: "c" })).exists, true);
});

Deno.test("cache: entries that nobody asks for are swept, and then no timer is left", async () => {
  await using bench = new Bench({ permissions: { cache: {} } });
  await bench.call("cache_setint", { key: "a", value: 1, ttlSeconds: 1 });
  strictEqual(bench.clock.waiting, 1);
  await bench.clock.advance(300_000);
  strictEqual(bench.clock.waiting, 0);
});

Deno.test("cache: two plugins with equal keys do not meet, and closing one leaves the other", async () => {
  await using other = new Bench({ permissions: { cache: {} } });
  {
    await using bench = new Bench({ permissions: { cache: {} } });
    await bench.call("cache_setint", { key: "k", value: 1 });
    await other.call("cache_setint", { key: "k", value: 2 });
    strictEqual((await bench.call("cache_getint", { key: "k" })).value, 1);
  }
  strictEqual((await other.call("cache_getint", { key: "k" })).value, 2);
});

Deno.test("cache: a closed one holds nothing and no timer", async () => {
  const bench = new Bench({ permissions: { cache: {} } });
  await bench.call("cache_setint", { key: "k", value: 1 });
  await bench[Symbol.asyncDispose]();
  strictEqual(bench.clock.waiting, 0);
  strictEqual(await bench.text("cache_getint", { key: "k" }), "{}");
});

Deno.test("a call that is answered from memory is answered synchronously", async () => {
  await using bench = new Bench({ permissions: { cache: {} } });
  const request = new TextEncoder().encode('{"key":"k"}');
  const answer = bench.services.call("cache_getint", request, new AbortController().signal);
  strictEqual(answer instanceof Uint8Array, true);
});
