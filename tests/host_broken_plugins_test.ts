/** Needs `--allow-run=ln` beside the usual. */

import assert from "node:assert/strict";
import type { ErrorCode } from "../src/errors.ts";
import { PLAIN_MANIFEST, TestData } from "./support/plugins_folder.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { zip } from "./support/zip.ts";

const encoder = new TextEncoder();
const importing = (name: string) =>
  `(module (import "extism:host/user" "${name}" (func (param i64) (result i64)))
    (func (export "run") (result i32) (i32.const 0)))`;

interface Broken {
  readonly id: string;
  readonly make: (data: TestData, id: string) => void;
  readonly code: ErrorCode;
  readonly message: RegExp;
  /** Whether it can be read, so that it is enabled first and fails when it is loaded. */
  readonly loads?: boolean;
}

const BROKEN: readonly Broken[] = [
  {
    id: "bad-zip",
    make: (data, id) => data.file(`${id}.ndp`, "this is no archive"),
    code: "package.archive_invalid",
    message: /Cannot read package/,
  },
  {
    id: "no-module",
    make: (data, id) => data.file(`${id}.ndp`, zip([{ name: "manifest.json", data: "{}" }])),
    code: "package.file_missing",
    message: /missing plugin\.wasm/,
  },
  {
    id: "bad-manifest-json",
    make: (data, id) => data.folder(id, { manifest: "{" }),
    code: "manifest.invalid",
    message: /manifest/,
  },
  {
    id: "bad-manifest-fields",
    make: (data, id) => data.folder(id, { manifest: { name: "only" } }),
    code: "manifest.invalid",
    message: /manifest/,
  },
  {
    id: "dangling",
    make: (data, id) => data.link(id, "nowhere"),
    code: "package.unreadable",
    message: /does not exist/,
  },
  {
    id: "link-to-file",
    make: (data, id) => data.link(id, data.file("", "text", data.beside("notes.txt"))),
    code: "package.unreadable",
    message: /neither a folder nor/,
  },
  {
    id: "unreadable",
    make: (data, id) => {
      Deno.removeSync(`${data.folder(id)}/plugin.wasm`);
      Deno.mkdirSync(`${data.entry(id)}/plugin.wasm`);
    },
    code: "package.unreadable",
    message: /it is no file/,
  },
  {
    id: "twice",
    make: (data, id) => {
      data.folder(id);
      data.archive(`${id}.ndp`);
    },
    code: "package.id_taken",
    message: /both ".*twice" and ".*twice\.ndp"/,
  },
  {
    id: "bad-wasm",
    make: (data, id) => data.folder(id, { guest: encoder.encode("\0asm and no more") }),
    code: "module.malformed",
    message: /Cannot/,
    loads: true,
  },
  {
    id: "empty-wasm",
    make: (data, id) => data.folder(id, { guest: new Uint8Array() }),
    code: "module.malformed",
    message: /Cannot/,
    loads: true,
  },
  {
    id: "ungranted-import",
    make: (data, id) => data.folder(id, { guest: importing("cache_getstring") }),
    code: "module.import_refused",
    message: /cache_getstring.*needs the permission "cache"/,
    loads: true,
  },
  {
    id: "unknown-import",
    make: (data, id) => data.folder(id, { guest: importing("format_disk") }),
    code: "module.import_refused",
    message: /format_disk.*does not exist/,
    loads: true,
  },
  {
    id: "foreign-import",
    make: (data, id) => data.folder(id, { guest: `(module (import "env" "memory" (memory 1)))` }),
    code: "module.import_refused",
    message: /env/,
    loads: true,
  },
  {
    id: "missing-export",
    make: (data, id) =>
      data.folder(id, {
        manifest: { ...PLAIN_MANIFEST, permissions: { scheduler: { reason: "r" } } },
      }),
    code: "manifest.invalid",
    message: /requires plugin to export 'nd_scheduler_callback'/,
    loads: true,
  },
  {
    id: "too-much-memory",
    make: (data, id) => data.folder(id, { guest: `(module (memory 60000))` }),
    code: "module.memory",
    message: /memory/,
    loads: true,
  },
];

Deno.test("host: broken plugins do not stop the others, and each error is kept with its code", async (t) => {
  using data = new TestData();
  for (const { id, make } of BROKEN) make(data, id);
  data.folder("aaa-good");
  data.archive("zzz-good.ndp");
  data.folder("bad id.");

  await t.step("enabling tells the error", async () => {
    await using host = await data.open();
    for (const { id, code, message } of BROKEN) {
      await assert.rejects(host.enable(id), { name: "SoundproofError", code, message }, id);
    }
    for (const id of ["aaa-good", "zzz-good"]) {
      assert.equal((await host.enable(id)).state, "running");
    }
  });

  data.log.length = 0;
  await using host = await data.open();
  for (const { id, code, message } of BROKEN) {
    await t.step(`${id}: ${code}`, () => {
      for (const summary of [host.info(id), host.list().find((entry) => entry.id === id)]) {
        assert.equal(summary?.state, "failed");
        assert.equal(summary.error?.code, code);
        assert.match(summary.error.message, message);
      }
      assert.throws(() => host.plugin(id), { code: "plugin.not_running", message });
      assert.ok(data.messages(id).some((line) => message.test(line)), data.messages(id).join());
    });
  }
  await t.step("a fault of a manifest is told with its place", () => {
    const { error } = host.info("bad-manifest-fields");
    assert.deepEqual(error?.problems.map(({ path }) => path).sort(), ["$.author", "$.version"]);
  });
  await t.step("a name that is no id is told", () => {
    assert.ok(data.messages().some((line) => /"bad id\." as a plugin id/.test(line)));
  });
  await t.step("the others run and answer", async () => {
    for (const id of ["aaa-good", "zzz-good"]) {
      const answer = await host.plugin(id).call("nd_get_artist_mbid", encoder.encode("{}"));
      assert.equal(new TextDecoder().decode(answer), `{"mbid":"m"}`);
    }
  });
});

Deno.test("host: one that fails at load can be mended and enabled", async () => {
  using data = new TestData();
  data.folder("p", { guest: importing("cache_getstring") });
  await using host = await data.open();
  await assert.rejects(host.enable("p"), { code: "module.import_refused" });
  data.folder("p", {
    guest: importing("cache_getstring"),
    manifest: { ...PLAIN_MANIFEST, permissions: { cache: {} } },
  });
  // The cache service may not be there yet; the import is no longer what is wrong.
  const enabled = await host.enable("p").catch((error) => error.code);
  assert.notEqual(enabled, "module.import_refused");
  data.folder("p", {});
  const { state, error } = await host.enable("p");
  assert.deepEqual([state, error], ["running", undefined]);
});

Deno.test("host: a guest that traps in its start function or initialiser breaks its own calls only", async () => {
  using data = new TestData();
  const exports = ["run"];
  data.folder("start", {
    guest:
      `(module (func $s unreachable) (start $s) (func (export "run") (result i32) (i32.const 0)))`,
  });
  data.folder("initialiser", { guest: agentGuest({ exports, initialise: "unreachable" }) });
  data.folder("good", { guest: agentGuest({ exports, output: "yes" }) });
  await using host = await data.open();
  for (const id of ["start", "initialiser", "good"]) await host.enable(id);
  const call = (id: string) => host.plugin(id).call("run", new Uint8Array());
  await assert.rejects(call("start"), { code: "guest.trap" });
  await assert.rejects(call("initialiser"), {
    code: "guest.trap",
    detail: /^plugin call failed: failed to initialize runtime: /,
  });
  assert.equal(new TextDecoder().decode(await call("good")), "yes");
});
