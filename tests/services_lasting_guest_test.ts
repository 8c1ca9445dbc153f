/** What lasts over a reload and what does not, and where it lies, through guests; `extism-abi.md` 2.4 to 2.6 and 7. */

import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ServiceHost } from "./support/service_host.ts";
import { TestData } from "./support/plugins_folder.ts";
import {
  readWasiRun,
  SCRATCH,
  VECTOR,
  type WasiCall,
  wasiProgram,
} from "./support/wasi_program.ts";

Deno.test("kvstore: values, usage and expiry outlive a reload; the cache does not", async () => {
  await using place = await ServiceHost.open({ p: { permissions: { kvstore: {}, cache: {} } } });
  await place.play("p", [
    { call: "kvstore_set", request: { key: "a", value: "AP8=" }, response: "{}" },
    {
      call: "kvstore_setwithttl",
      request: { key: "b", value: "AQID", ttlSeconds: 5 },
      response: "{}",
    },
    { call: "cache_setint", request: { key: "c", value: 1 }, response: "{}" },
  ]);
  await place.start();
  await place.play("p", [
    { call: "kvstore_get", request: { key: "a" }, response: { value: "AP8=", exists: true } },
    { call: "kvstore_getstorageused", request: {}, response: { bytes: 5 } },
    { call: "cache_has", request: { key: "c" }, response: "{}" },
    { advanceMs: 10_000 },
    { call: "kvstore_get", request: { key: "b" }, response: "{}" },
    { call: "kvstore_getstorageused", request: {}, response: { bytes: 2 } },
  ]);
});

Deno.test("kvstore: rows that have expired are removed from the file within an hour", async () => {
  await using place = await ServiceHost.open({ p: { permissions: { kvstore: {} } } });
  await place.call("p", "kvstore_setwithttl", { key: "a", value: "AA==", ttlSeconds: 1 });
  await place.call("p", "kvstore_set", { key: "b", value: "AA==" });
  const keys = (): unknown[] => {
    using database = new DatabaseSync(`${place.data.path}/plugin-data/p/kvstore.db`);
    return database.prepare("SELECT key FROM kvstore").all().map((row) => row["key"]);
  };
  await place.clock.advance(3_599_999);
  deepStrictEqual(keys(), ["a", "b"]);
  await place.clock.advance(1);
  deepStrictEqual(keys(), ["b"]);
});

for (const maxSize of ["lots", "-1", "5XB"]) {
  Deno.test(`kvstore: a maxSize of "${maxSize}" refuses the load with upstream's text`, async () => {
    await using place = new ServiceHost();
    place.install("p", { permissions: { kvstore: { maxSize } } });
    await place.start();
    await rejects(place.host.enable("p"), {
      code: "services.unavailable",
      message: new RegExp(`creating KVStore service: invalid maxSize "${maxSize}": `),
    });
  });
}

const OWN = 3;
const OPENED = 4;
const RIGHT_READ = 2n;
const RIGHT_WRITE = 1n << 6n;
const CREATE = 1;

/** A guest with the exports `write` and `read` of the file `name`; what is written is its data. */
function filer(name: string, data: string): Uint8Array {
  const open = (how: number, rights: bigint): WasiCall => [
    "path_open",
    OWN,
    1,
    name,
    how,
    rights,
    0n,
    0,
    SCRATCH,
  ];
  return wasiProgram([
    open(0, RIGHT_READ),
    open(CREATE, RIGHT_WRITE),
    ["fd_write", OPENED, VECTOR, 1, SCRATCH],
  ], data);
}

Deno.test("storage: two plugins have folders of their own, and files stay over a reload", async () => {
  using data = new TestData();
  const plugins = [["a", "of a"], ["A", "of A"]] as const;
  for (const [id, text] of plugins) {
    const manifest = { name: id, author: "a", version: "1", permissions: { storage: {} } };
    data.folder(id, { manifest, guest: filer("same", text) });
  }
  for (const isFirst of [true, false]) {
    await using host = await data.open();
    for (const [id, text] of plugins) {
      if (isFirst) await host.enable(id);
      const { errnos } = readWasiRun(await host.plugin(id).call("run", new Uint8Array()), 3);
      // ENOENT at first; the second time the file is there, and so is its descriptor.
      deepStrictEqual(errnos.slice(0, 2), isFirst ? [44, 0] : [0, 0]);
      strictEqual(Deno.readTextFileSync(`${data.path}/plugin-data/${id}/storage/same`), text);
    }
  }
});

for (const name of ["../kvstore.db", "../../A/storage/same", "/etc/passwd", "none/new"]) {
  Deno.test(`storage: "${name}" can be neither read nor written`, async () => {
    await using place = new ServiceHost();
    const manifest = { name: "p", author: "a", version: "1", permissions: { storage: {} } };
    place.data.folder("p", { manifest, guest: filer(name, "x") });
    await place.start();
    await place.host.enable("p");
    const { errnos } = readWasiRun(await place.host.plugin("p").call("run", new Uint8Array()), 3);
    match(errnos.slice(0, 2).join(), name.startsWith("none") ? /^44,44$/ : /^63,63$/);
    deepStrictEqual([...Deno.readDirSync(`${place.data.path}/plugin-data/p/storage`)], []);
  });
}
