import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Permissions } from "../src/manifest/mod.ts";
import {
  describeHostFunctions,
  HOST_FUNCTIONS,
  memoryMusicServer,
  permissionOf,
  systemClock,
} from "../src/services/mod.ts";
import { Cache } from "../src/services/cache.ts";
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

Deno.test("a function that no class answers refuses the load", () => {
  const { has } = Cache.prototype;
  Reflect.deleteProperty(Cache.prototype, "has");
  try {
    throws(() => new Bench({ permissions: { cache: {} } }), {
      code: "services.function_missing",
      message: /^Cannot provide host function "cache_has": service "cache" has no method "has"$/,
    });
  } finally {
    Cache.prototype.has = has;
  }
});

Deno.test("a fault that no service foresaw tells the guest nothing and the log everything", async () => {
  const { has } = Cache.prototype;
  Cache.prototype.has = () => {
    throw new TypeError("/etc/secret is not readable");
  };
  try {
    await using bench = new Bench({ permissions: { cache: {} } });
    deepStrictEqual(await bench.call("cache_has", { key: "k" }), { error: "internal error" });
    deepStrictEqual(bench.logs, ["error cache_has: /etc/secret is not readable"]);
  } finally {
    Cache.prototype.has = has;
  }
});

Deno.test("an answer beyond the ceiling is an error", async () => {
  await using bench = new Bench({ permissions: { cache: {} }, limits: { answerBytes: 100 } });
  await bench.call("cache_setstring", { key: "k", value: "x".repeat(200) });
  const { error } = await bench.call("cache_getstring", { key: "k" });
  strictEqual(error, "answer size 226 exceeds maximum of 100 bytes");
});

Deno.test("a timer whose work fails does not end the process", async () => {
  const dataFolder = Deno.makeTempDirSync({ dir: "tests/.tmp" });
  await using bench = new Bench({ permissions: { kvstore: {} }, dataFolder });
  const database = new DatabaseSync(`${dataFolder}/data/kvstore.db`);
  database.exec("DROP TABLE kvstore");
  database.close();
  await bench.clock.advance(3_600_000);
  strictEqual(bench.logs[0], "error timer: no such table: kvstore");
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("the machine's own clock calls back once, later, and not when cancelled", async () => {
  const fired: string[] = [];
  const cancel = systemClock.after(1, () => fired.push("cancelled"));
  const done = new Promise<void>((resolve) =>
    systemClock.after(5, () => {
      fired.push("fired");
      resolve();
    })
  );
  systemClock.after(2 ** 40, () => fired.push("in 35 years"))();
  cancel();
  deepStrictEqual(fired, []);
  await done;
  deepStrictEqual(fired, ["fired"]);
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
    const all = { allowLocalNetwork: false, allowRedirects: true, filesystem: false };
    const more = { allowAdmins: true, maxConcurrency: 1 };
    const permissions: Permissions = permission === "always"
      ? {}
      : { [permission]: { ...all, ...more } };
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
