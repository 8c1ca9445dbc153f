// The PDK against the host's own table: every host function, every field of its request and of its answer.

import assert from "node:assert/strict";
import type { TypeDescription } from "../src/services/mod.ts";
import { describeHostFunctions } from "../src/services/mod.ts";
import { callGuest } from "./guest_kernel.ts";
import { guestModule } from "./support/built.ts";

const module = await guestModule("contract");
const FUNCTIONS = describeHostFunctions();

// `rawJSON` and the third argument of a reviver are in V8, and not yet in TypeScript's library.
const { rawJSON, parse } = JSON as unknown as {
  rawJSON(text: string): object;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
};

/** JSON with integers as `bigint`, none of their digits lost. */
function readExact(text: string): unknown {
  return parse(
    text,
    (_, value, { source = "" }) => /^-?\d+$/.test(source) ? BigInt(source) : value,
  );
}

function writeExact(value: unknown): string {
  return JSON.stringify(value, (_, item) => typeof item === "bigint" ? rawJSON(`${item}`) : item);
}

const isList = (type: TypeDescription): type is readonly [TypeDescription] => Array.isArray(type);

/** A value of a type that is like no other sample; integers at the ends of what the type holds. */
class Samples {
  #count = 0n;

  of(type: TypeDescription, name = "sample"): unknown {
    const count = ++this.#count;
    if (isList(type)) return [this.of(type[0], name), this.of(type[0], name)];
    if (typeof type === "object") {
      const any = type["*"];
      const fields: [string, TypeDescription][] = any === undefined
        ? Object.entries(type)
        : [[`${name}-a`, any], [`${name}-b`, any]];
      return Object.fromEntries(fields.map(([name, type]) => [name, this.of(type, name)]));
    }
    if (type.endsWith("[]")) {
      return [this.of(type.slice(0, -2), name), this.of(type.slice(0, -2), name)];
    }
    switch (type) {
      case "string":
        return `${name} ${count} é🎷"`;
      case "bool":
        return true;
      case "int32":
        return count % 2n === 0n ? 2147483647n - count : -2147483648n + count;
      case "int64":
        return count % 2n === 0n ? 9223372036854775807n - count : -9223372036854775808n + count;
      case "float64":
        return Number(count) + 0.1;
      case "bytes":
        return Uint8Array.of(0, 255, Number(count)).toBase64();
    }
    throw new TypeError(`no sample of ${JSON.stringify(type)}`);
  }
}

// deno-lint-ignore no-explicit-any
type Request = any;

/** Where a request says one thing in two fields, or the PDK adds to it. */
const RESTATED: Readonly<Record<string, (request: Request) => void>> = {
  http_send: ({ request }) => void (request.headers["Content-Type"] = "text/x"),
  matcher_matchsongs({ songs }) {
    for (const [index, song] of songs.entries()) {
      song.artist = song.artists[0].name;
      song.artistMbid = song.artists[0].mbid;
      song.durationMs = 4294967295n - BigInt(index);
      song.duration = Number(song.durationMs) / 1000;
    }
  },
};

/** Calls the guest's export of this name: what the host was asked, and what the PDK made of its answer. */
function exchange(name: string, request: unknown, answer: unknown) {
  const asked: unknown[] = [];
  const host = Object.fromEntries(
    FUNCTIONS.map((each) => [each.name, (_: unknown, text: string) => {
      asked.push(each.name, readExact(text));
      return writeExact(answer);
    }]),
  );
  const { code, error, outputText } = callGuest(module, name, writeExact(request), { host });
  assert.deepEqual([code, error], [0, ""]);
  return { asked, told: readExact(outputText) };
}

Deno.test("the PDK imports every host function there is, and no other", () => {
  const imports = WebAssembly.Module.imports(module)
    .filter(({ module }) => module === "extism:host/user").map(({ name }) => name);
  assert.deepEqual(imports.sort(), FUNCTIONS.map(({ name }) => name).sort());
});

for (const { name, request, response } of FUNCTIONS) {
  Deno.test(`the PDK's ${name} sends every field of its request and gives every field of its answer`, () => {
    const samples = new Samples();
    const sent: Request = samples.of(request);
    RESTATED[name]?.(sent);
    const answer = samples.of(response);
    assert.deepEqual(exchange(name, sent, answer), { asked: [name, sent], told: answer });
  });

  Deno.test(`the PDK's ${name} tells why it failed, and does not trap`, () => {
    const sent: Request = new Samples().of(request);
    const { told } = exchange(name, sent, { error: "no luck" });
    assert.deepEqual(told, { error: "no luck" });
  });
}

Deno.test("a preference that is removed is sent without a value", () => {
  const { asked } = exchange("preferences_set", { username: "u", key: "k", value: null }, {});
  assert.deepEqual(asked, ["preferences_set", { username: "u", key: "k" }]);
});

Deno.test("a track that the host does not know stays in its place, as null", () => {
  const songs = [{ name: "a" }, { name: "b" }];
  const { told } = exchange("matcher_matchsongs", { songs }, { results: [null, { id: "2" }] });
  const [first, second] = (told as { results: [unknown, Record<string, unknown>] }).results;
  assert.deepEqual([first, second["id"]], [null, "2"]);
  // Where 0 is a value of its own, the unknown is told from it.
  assert.deepEqual([second["bitDepth"], second["rgTrackGain"], second["year"]], [-1n, null, 0n]);
});
