import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { cachingResolver, type Resolver } from "../src/egress/resolver.ts";

const SIGNAL = new AbortController().signal;

/** An inner resolver that counts, answers `1.1.1.<calls>`, and can be held back. */
function counting() {
  const calls: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  const resolver: Resolver = {
    async resolve(name) {
      calls.push(name);
      const answer = `1.1.1.${calls.length}`;
      await gate;
      return name.startsWith("none") ? [] : [answer];
    },
  };
  return { calls, resolver, hold: (until: Promise<void>) => gate = until };
}

Deno.test("resolver: an answer is kept for 30 s and not longer, whatever is asked for", async () => {
  let now = 0;
  const { calls, resolver } = counting();
  const cached = cachingResolver(resolver, { now: () => now, ttlMs: 3_600_000 });
  deepStrictEqual(await cached.resolve("a", SIGNAL), ["1.1.1.1"]);
  now = 29_999;
  deepStrictEqual(await cached.resolve("a", SIGNAL), ["1.1.1.1"]);
  now = 30_000;
  deepStrictEqual(await cached.resolve("a", SIGNAL), ["1.1.1.2"]);
  strictEqual(calls.length, 2);
});

Deno.test("resolver: empty answers and failures are not kept", async () => {
  const { calls, resolver } = counting();
  const cached = cachingResolver(resolver);
  for (let times = 0; times < 2; times++) {
    deepStrictEqual(await cached.resolve("none", SIGNAL), []);
  }
  strictEqual(calls.length, 2);
  let tries = 0;
  const failing = cachingResolver({ resolve: () => Promise.reject(new Error(`no ${++tries}`)) });
  await rejects(failing.resolve("a", SIGNAL), /no 1/);
  await rejects(failing.resolve("a", SIGNAL), /no 2/);
});

Deno.test("resolver: lookups of one name at once are one lookup, and each waits by its own signal", async () => {
  const { calls, resolver, hold } = counting();
  const { promise, resolve } = Promise.withResolvers<void>();
  hold(promise);
  const cached = cachingResolver(resolver);
  const leaving = new AbortController();
  const first = cached.resolve("a", leaving.signal);
  const second = cached.resolve("a", SIGNAL);
  leaving.abort(new Error("left"));
  await rejects(first, /left/);
  resolve();
  deepStrictEqual(await second, ["1.1.1.1"]);
  strictEqual(calls.length, 1);
});

Deno.test("resolver: the number of kept answers and of lookups under way is bounded", async () => {
  const { calls, resolver, hold } = counting();
  const cached = cachingResolver(resolver, { maxEntries: 2, maxPending: 2 });
  for (const name of ["a", "b", "c"]) await cached.resolve(name, SIGNAL);
  for (const name of ["b", "c", "a"]) await cached.resolve(name, SIGNAL);
  deepStrictEqual(calls, ["a", "b", "c", "a"]);
  const { promise, resolve } = Promise.withResolvers<void>();
  hold(promise);
  const pending = [cached.resolve("x", SIGNAL), cached.resolve("y", SIGNAL)];
  await rejects(cached.resolve("z", SIGNAL), /2 lookups are under way/);
  resolve();
  await Promise.all(pending);
});

Deno.test("resolver: a lookup without an answer ends at its limit, and its place is free again", async () => {
  let aborted = 0;
  const cached = cachingResolver({
    resolve: (_, signal) => {
      signal.addEventListener("abort", () => aborted++);
      return new Promise(() => {});
    },
  }, { timeoutMs: 20, maxPending: 1 });
  for (let times = 0; times < 2; times++) {
    await rejects(cached.resolve("a", SIGNAL), /Cannot resolve "a": no answer within 20 ms/);
  }
  strictEqual(aborted, 2);
  ok(!SIGNAL.aborted);
});
