import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { Permissions } from "../src/manifest/mod.ts";
import {
  describeHostFunctions,
  HOST_FUNCTIONS,
  memoryMusicServer,
  permissionOf,
} from "../src/services/mod.ts";
import { FakeEgress } from "./services_cases/egress.ts";
import { ALL_CASES } from "./services_cases/mod.ts";
import { Bench } from "./services_cases/harness.ts";

Deno.test("the table holds the 51 functions of Navidrome and two of ours", () => {
  const names = [...HOST_FUNCTIONS.keys()];
  strictEqual(names.filter((name) => !name.startsWith("preferences_")).length, 51);
  strictEqual(names.length, 53);
  for (const name of names) ok(/^[a-z]+_[a-z]+$/.test(name), name);
});

Deno.test("each function has its permission, and an unknown name has none", () => {
  strictEqual(permissionOf("config_get"), "always");
  strictEqual(permissionOf("task_enqueue"), "taskqueue");
  strictEqual(permissionOf("scrobbleretriever_getscrobbles"), "scrobbleRetriever");
  strictEqual(permissionOf("constructor"), undefined);
});

Deno.test("the table can be printed as JSON", () => {
  const described = describeHostFunctions();
  deepStrictEqual(JSON.parse(JSON.stringify(described)), described);
  deepStrictEqual(described.find(({ name }) => name === "cache_getint"), {
    module: "extism:host/user",
    name: "cache_getint",
    permission: "cache",
    request: { key: "string" },
    response: { value: "int64", exists: "bool" },
  });
});

Deno.test("only the functions of granted permissions exist", async () => {
  await using bench = new Bench();
  deepStrictEqual([...bench.services.functions], ["config_get", "config_getint", "config_keys"]);
  for (const name of [...HOST_FUNCTIONS.keys(), "constructor", ""]) {
    if (permissionOf(name) === "always") continue;
    throws(
      () => bench.services.call(name, new Uint8Array(), new AbortController().signal),
      { code: "services.function_unknown" },
    );
  }
});

Deno.test("the limits can take single functions away", async () => {
  await using bench = new Bench({ functions: new Set(["config_get"]) });
  deepStrictEqual([...bench.services.functions], ["config_get"]);
});

Deno.test("a permission whose part the music server lacks is refused with a sentence", () => {
  const cases: [Permissions, RegExp][] = [
    [{ artwork: {} }, /^Cannot grant "artwork": it needs artwork addresses, which/],
    [{ users: {} }, /needs a list of users/],
    [{ library: { filesystem: false } }, /needs a list of libraries/],
    [{ scrobbleRetriever: {} }, /needs scrobble history.*; Cannot grant .* a list of users/],
  ];
  for (const [permissions, message] of cases) {
    throws(() => new Bench({ permissions }), { code: "services.server_part_missing", message });
  }
});

Deno.test("every host function of the table is played by a case", () => {
  const played = new Set(
    ALL_CASES.flatMap(({ steps }) => steps.map((step) => "call" in step ? step.call : "")),
  );
  deepStrictEqual([...HOST_FUNCTIONS.keys()].filter((name) => !played.has(name)), []);
});

Deno.test("the names of the cases tell them apart", () => {
  const names = ALL_CASES.map(({ name }) => name);
  deepStrictEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
});

/** What a function answers to nothing at all, for those that take parameters and those that do not. */
for (const { name, permission, request } of HOST_FUNCTIONS.values()) {
  Deno.test(`${name}: empty input, null, and a request of another type are answered, never thrown`, async () => {
    const permissions: Permissions = {
      http: { allowLocalNetwork: false, allowRedirects: true },
      kvstore: {},
      library: { filesystem: false },
      subsonicapi: { allowAdmins: true },
      taskqueue: { maxConcurrency: 1 },
      websocket: { allowLocalNetwork: false, allowRedirects: true },
      users: {},
      ...(permission !== "always" && { [permission]: { maxConcurrency: 1, allowAdmins: true } }),
    };
    await using bench = new Bench({
      permissions,
      musicServer: memoryMusicServer(),
      egress: new FakeEgress(),
    });
    const takesNothing = Object.keys(request).length === 0;
    for (const text of ["", "null", "[]", '"x"', '{"x":{}}', "{"]) {
      const answer = JSON.parse(await bench.text(name, text));
      strictEqual(typeof answer, "object");
      if (takesNothing) ok(!Object.hasOwn(answer, "error"), `${text}: ${answer.error}`);
      else if (text === "") strictEqual(answer.error, "unexpected end of JSON input");
    }
    deepStrictEqual(bench.logs.filter((line) => line.startsWith("error")), []);
  });
}
