/** The rules of `extism-abi.md` 2.1 for every host function of the table, through one guest that has them all. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { HOST_FUNCTIONS, type HostFunction } from "../src/services/mod.ts";
import { ServiceHost } from "./support/service_host.ts";
import type { Shape, TypeDescription } from "../src/services/mod.ts";

const network = { requiredHosts: ["x"] };
/** Every permission there is: the functions of all are what the test is about. */
const ALL = Object.fromEntries(
  [...HOST_FUNCTIONS.values()].flatMap(({ permission }) =>
    permission === "always" ? [] : [[
      permission,
      permission === "http" || permission === "websocket" ? network : {},
    ]]
  ),
);

/** Values that a field of a type refuses, as JSON. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  string: ["5", "true", "{}", '["x"]'],
  bool: ["1", '"true"', "null1"],
  int32: ['"5"', "1.5", "1e2", "2147483648", "-2147483649", "true"],
  int64: ['"5"', "1.5", "1e2", "9223372036854775808", "-9223372036854775809", "[]"],
  float64: ['"1"', "1e999", "{}"],
  bytes: ["5", '"!"', '"QQ"', "[256]", "[-1]", "[1.5]", '["1"]', "{}"],
  "string[]": ['"x"', "{}", "[5]"],
  list: ['"x"', "{}", "[5]"],
  map: ['"x"', "[]", '{"a":5}'],
  object: ['"x"', "[]", "5"],
};

function kindOf(type: TypeDescription): string {
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return "list";
  return Object.hasOwn(type, "*") ? "map" : "object";
}

/** Requests with one field that is of a wrong type, at any depth; each field's name is in upper case. */
function* wrongRequests(shape: Shape): Generator<string> {
  for (const [name, { type }] of Object.entries(shape)) yield* wrongFields(name, type);
}

function* wrongFields(name: string, type: TypeDescription): Generator<string> {
  const around = (value: string): string => `{"${name.toUpperCase()}":${value}}`;
  for (const value of REFUSED[kindOf(type)] ?? []) yield around(value);
  if (typeof type === "string" || kindOf(type) === "map") return;
  const inner: unknown = Array.isArray(type) ? type[0] : type;
  for (const [field, within] of Object.entries(inner as Record<string, TypeDescription>)) {
    for (const request of wrongFields(field, within)) {
      yield around(Array.isArray(type) ? `[${request}]` : request);
    }
  }
}

/** An answer that succeeded has known fields and no `null`, but for songs that were not matched. */
function checkAnswer({ name, response }: HostFunction, answer: Record<string, unknown>): void {
  for (const [field, value] of Object.entries(answer)) {
    ok(Object.hasOwn(response, field), `${name} answers with "${field}"`);
    ok(value !== null && value !== "" && value !== 0 && value !== false, `${name}: ${field}`);
  }
}

Deno.test("every host function reads its request as upstream does", async (t) => {
  await using place = await ServiceHost.open({ p: { permissions: ALL } });
  for (const entry of HOST_FUNCTIONS.values()) {
    const { name, request } = entry;
    const ask = async (body: string): Promise<Record<string, unknown>> => {
      const answer = JSON.parse(await place.text("p", name, body));
      if (Object.hasOwn(answer, "error")) {
        deepStrictEqual(Object.keys(answer), ["error"]);
        ok(typeof answer.error === "string" && answer.error !== "", body);
      } else checkAnswer(entry, answer);
      return answer;
    };
    const takesNothing = Object.keys(request).length === 0;

    await t.step(`${name}: missing fields, null and unknown fields are no fault`, async () => {
      const nulls = Object.keys(request).map((field) => [field, null]);
      const bodies = [
        "{}",
        "null",
        ' {"x":{"y":[1.5]}} ',
        JSON.stringify(Object.fromEntries(nulls)),
      ];
      for (const body of bodies) {
        const { error = "" } = await ask(body);
        ok(!/unmarshal|invalid JSON|end of JSON/.test(String(error)), `${body}: ${error}`);
      }
    });
    await t.step(`${name}: what is no object is refused, unless nothing is asked for`, async () => {
      for (const [body, text] of BROKEN) {
        const { error } = await ask(body);
        if (takesNothing) strictEqual(error, undefined, body);
        else match(String(error), text, body);
      }
    });
    await t.step(
      `${name}: each field refuses what is not of its type, in any letter case`,
      async () => {
        for (const body of wrongRequests(request)) {
          const { error } = await ask(body);
          match(String(error), /cannot unmarshal|illegal base64|invalid JSON/, body);
        }
      },
    );
  }
});

const BROKEN: readonly [body: string, error: RegExp][] = [
  ["", /^unexpected end of JSON input$/],
  ["{", /^unexpected end of JSON input$/],
  ["{x}", /^invalid JSON/],
  ["[]", /^cannot unmarshal array/],
  ['"x"', /^cannot unmarshal string/],
  ["5", /^cannot unmarshal number/],
  ["{}{}", /^invalid JSON/],
];
