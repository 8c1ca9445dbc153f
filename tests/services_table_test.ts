import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { Permissions } from "../src/manifest/mod.ts";
import { describeHostFunctions, HOST_FUNCTIONS, permissionOf } from "../src/services/mod.ts";
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
