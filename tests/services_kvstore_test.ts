import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { formatSize, parseSize } from "../src/manifest/sizes.ts";
import { KVSTORE_CASES, STORAGE_CASES } from "./services_cases/kvstore.ts";
import { Bench, FakeClock, testCases } from "./services_cases/harness.ts";

const permissions = { kvstore: {} };

testCases(KVSTORE_CASES);
testCases(STORAGE_CASES);

function folder(): string {
  Deno.mkdirSync("tests/.tmp", { recursive: true });
  return Deno.makeTempDirSync({ dir: "tests/.tmp" });
}

Deno.test("kvstore: values and usage survive a reload; expiry goes on meanwhile", async () => {
  const dataFolder = folder();
  const clock = new FakeClock();
  {
    await using bench = new Bench({ permissions, dataFolder, clock });
    await bench.call("kvstore_set", { key: "a", value: "AQI=" });
    await bench.call("kvstore_setwithttl", { key: "b", value: "AQI=", ttlSeconds: 5 });
  }
  clock.set(clock.now() + 10_000);
  {
    await using bench = new Bench({ permissions, dataFolder, clock });
    deepStrictEqual(await bench.call("kvstore_get", { key: "a" }), { value: "AQI=", exists: true });
    deepStrictEqual(await bench.call("kvstore_getstorageused", {}), { bytes: 2 });
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("kvstore: above a limit that was lowered, values can shrink and not grow", async () => {
  const dataFolder = folder();
  const set = (bench: Bench, key: string, length: number) =>
    bench.call("kvstore_set", { key, value: new Uint8Array(length).toBase64() });
  {
    await using bench = new Bench({ permissions, dataFolder });
    await set(bench, "a", 1000);
    await set(bench, "b", 1000);
  }
  {
    await using bench = new Bench({ permissions: { kvstore: { maxSize: "1KB" } }, dataFolder });
    deepStrictEqual(await set(bench, "a", 900), {});
    match((await set(bench, "a", 901)).error, /^storage limit exceeded: would use 1\.9 kB of 1\.0/);
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("kvstore: the folder is 0700 and every file in it 0600, also where they were not", async () => {
  const dataFolder = folder();
  Deno.mkdirSync(`${dataFolder}/data`, { mode: 0o755 });
  Deno.writeTextFileSync(`${dataFolder}/data/kvstore.db`, "", { mode: 0o644 });
  {
    await using bench = new Bench({ permissions, dataFolder });
    await bench.call("kvstore_set", { key: "a", value: "AQI=" });
    const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
    strictEqual(mode(`${dataFolder}/data`), 0o700);
    const files = [...Deno.readDirSync(`${dataFolder}/data`)].map(({ name }) => name).sort();
    deepStrictEqual(files, ["kvstore.db", "kvstore.db-shm", "kvstore.db-wal"]);
    for (const file of files) strictEqual(mode(`${dataFolder}/data/${file}`), 0o600, file);
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("kvstore: the hourly cleanup removes expired rows from the file", async () => {
  const dataFolder = folder();
  {
    await using bench = new Bench({ permissions, dataFolder });
    await bench.call("kvstore_setwithttl", { key: "a", value: "AQI=", ttlSeconds: 5 });
    await bench.call("kvstore_set", { key: "b", value: "AQI=" });
    const rows = () => {
      using database = new DatabaseSync(`${dataFolder}/data/kvstore.db`);
      return database.prepare("SELECT key FROM kvstore").all().map((row) => row["key"]);
    };
    await bench.clock.advance(3_599_999);
    deepStrictEqual(rows(), ["a", "b"]);
    await bench.clock.advance(1);
    deepStrictEqual(rows(), ["b"]);
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("kvstore: short-lived values cannot fill the disk between two cleanups", async () => {
  const dataFolder = folder();
  {
    await using bench = new Bench({
      permissions: { kvstore: { maxSize: "100KB" } },
      dataFolder,
    });
    const value = new Uint8Array(50_000).toBase64();
    for (let round = 0; round < 100; round++) {
      const key = `k${round}`;
      deepStrictEqual(await bench.call("kvstore_setwithttl", { key, value, ttlSeconds: 1 }), {});
      await bench.clock.advance(2_000);
    }
    strictEqual(Deno.statSync(`${dataFolder}/data/kvstore.db`).size < 400_000, true);
  }
  Deno.removeSync(dataFolder, { recursive: true });
});

Deno.test("kvstore: the number of keys is bounded, and expired ones make room", async () => {
  await using bench = new Bench({ permissions, limits: { kvstoreEntries: 2 } });
  await bench.call("kvstore_set", { key: "a", value: "" });
  await bench.call("kvstore_setwithttl", { key: "b", value: "", ttlSeconds: 1 });
  const { error } = await bench.call("kvstore_set", { key: "c", value: "" });
  strictEqual(error, "storage limit exceeded: would hold 3 of 2 keys allowed");
  deepStrictEqual(await bench.call("kvstore_set", { key: "a", value: "AA==" }), {});
  await bench.clock.advance(3_000);
  deepStrictEqual(await bench.call("kvstore_set", { key: "c", value: "" }), {});
});

Deno.test("kvstore: a small request cannot ask for an answer beyond the ceiling", async () => {
  await using bench = new Bench({ permissions, limits: { answerBytes: 1000 } });
  const value = new Uint8Array(600).toBase64();
  await bench.call("kvstore_set", { key: "a", value });
  await bench.call("kvstore_set", { key: "b", value });
  const { error } = await bench.call("kvstore_getmany", { keys: ["a", "b"] });
  strictEqual(error, "values exceed maximum answer size of 1000 bytes");
});

Deno.test("kvstore: operations after close fail with a text of their own", async () => {
  const bench = new Bench({ permissions });
  await bench[Symbol.asyncDispose]();
  match((await bench.call("kvstore_get", { key: "a" })).error, /^database is closed$/);
  strictEqual(bench.clock.waiting, 0);
});

Deno.test("kvstore: a maxSize that is none, and a data folder that cannot be, refuse the load", () => {
  const blocked = folder();
  Deno.writeTextFileSync(`${blocked}/data`, "in the way");
  throws(() => new Bench({ permissions: { kvstore: { maxSize: "lots" } } }), {
    code: "services.unavailable",
    message: /^creating KVStore service: invalid maxSize "lots": /,
  });
  throws(() => new Bench({ permissions, dataFolder: blocked }), {
    code: "services.unavailable",
    message: /^creating KVStore service: /,
  });
  Deno.removeSync(blocked, { recursive: true });
});

Deno.test("kvstore: keys with NUL and quotes are keys like others", async () => {
  await using bench = new Bench({ permissions });
  const keys = ["a\u0000b", "a\u0000c", "'; DROP TABLE kvstore; --"];
  for (const key of keys) await bench.call("kvstore_set", { key, value: "AQ==" });
  deepStrictEqual((await bench.call("kvstore_list", {})).keys, keys.toSorted());
  deepStrictEqual(await bench.call("kvstore_get", { key: keys[1] }), {
    value: "AQ==",
    exists: true,
  });
});

const SIZES: [text: string, bytes: number][] = [
  ["10KB", 10_000],
  ["10 kb", 10_000],
  ["1MB", 1_000_000],
  ["1MiB", 1_048_576],
  ["1mi", 1_048_576],
  ["1,000", 1000],
  ["1.5k", 1500],
  ["7", 7],
  ["7B", 7],
  ["2 GiB", 2 ** 31],
  ["1TB", 1e12],
  ["1PB", 1e15],
  ["1EB", 1e18],
];

for (const [text, bytes] of SIZES) {
  Deno.test(`a size of "${text}" is ${bytes} bytes`, () => strictEqual(parseSize(text), bytes));
}

for (const text of ["lots", "-1", "1.2.3KB", "5XB", "KB", " 5", "100EB", "1e3", "5 KB x"]) {
  Deno.test(`a size of "${text}" is refused`, () => {
    throws(() => parseSize(text), RangeError);
  });
}

const FORMATTED: [bytes: number, text: string][] = [
  [9, "9 B"],
  [10, "10 B"],
  [512, "512 B"],
  [2000, "2.0 kB"],
  [9_960, "10 kB"],
  [15_360, "15 kB"],
  [1_048_576, "1.0 MB"],
  [2 ** 60, "1.2 EB"],
];

for (const [bytes, text] of FORMATTED) {
  Deno.test(`${bytes} bytes read "${text}"`, () => strictEqual(formatSize(bytes), text));
}
