/** What the host gives a plugin's services: a music server, users, libraries, limits. */

import {
  deepStrictEqual,
  match,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import type { PluginHost } from "../src/host/mod.ts";
import { HOST_FUNCTIONS, memoryMusicServer, type MusicServer } from "../src/services/mod.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { MUSIC } from "./services_cases/mod.ts";
import { ServiceHost } from "./support/service_host.ts";
import { TestData } from "./support/plugins_folder.ts";
import {
  readWasiRun,
  SCRATCH,
  VECTOR,
  type WasiCall,
  wasiProgram,
} from "./support/wasi_program.ts";
import { loopbackServer, networkHost } from "./support/network_host.ts";

const LACKS: readonly [permissions: object, sentence: string][] = [
  [{ artwork: {} }, 'Cannot grant "artwork": it needs artwork addresses, which this music server'],
  [{ users: {} }, 'Cannot grant "users": it needs a list of users, which this music server'],
  [{ library: {} }, 'Cannot grant "library": it needs a list of libraries, which'],
  [{ matcher: {}, library: {} }, 'Cannot grant "matcher": it needs song matching, which'],
  [{ subsonicapi: {}, users: {} }, 'Cannot grant "subsonicapi": it needs a Subsonic API, which'],
  [
    { scrobbleRetriever: {}, users: {} },
    'Cannot grant "scrobbleRetriever": it needs scrobble history, which',
  ],
];
for (const [permissions, sentence] of LACKS) {
  Deno.test(`a plugin with ${JSON.stringify(permissions)} is refused where the music server lacks that`, async () => {
    await using place = new ServiceHost();
    place.install("p", { permissions });
    await place.start({ musicServer: {} });
    await rejects(place.host.enable("p", { users: "all", libraries: "all" }), {
      code: "services.server_part_missing",
      message: new RegExp(sentence),
    });
    const { state, error } = place.host.info("p");
    strictEqual(state, "failed");
    ok(error?.message.includes(sentence), error?.message);
  });
}

const UNASSIGNED: readonly [permissions: object, text: string][] = [
  [
    { users: {} },
    "users permission requires configuration: select users or enable 'all users' access",
  ],
  [
    { library: {} },
    "library permission requires configuration: select libraries or enable 'all libraries' access",
  ],
];
for (const [permissions, text] of UNASSIGNED) {
  Deno.test(`a plugin with ${JSON.stringify(permissions)} is not enabled with nothing assigned`, async () => {
    await using place = new ServiceHost();
    place.install("p", { permissions });
    await place.start();
    await rejects(place.host.enable("p"), {
      code: "grant.invalid",
      message: `Cannot enable plugin: ${text}`,
    });
    strictEqual(place.host.info("p").state, "disabled");
    const assigned = { users: ["bob"], libraries: [2] };
    strictEqual((await place.host.enable("p", assigned)).state, "running");
  });
}

Deno.test("what was assigned holds after a restart, and after enabling again without a word of it", async () => {
  await using place = await ServiceHost.open({
    p: { permissions: { users: {} }, assignment: { users: ["BOB"], libraries: [] } },
  });
  const names = async () => {
    const { result } = await place.call("p", "users_getusers");
    return result.map(({ userName }: { userName: string }) => userName);
  };
  deepStrictEqual(await names(), ["bob"]);
  await place.start();
  deepStrictEqual(await names(), ["bob"]);
  await place.host.disable("p");
  await place.host.enable("p");
  deepStrictEqual(await names(), ["bob"]);
  await place.host.enable("p", { users: "all" });
  deepStrictEqual(await names(), ["admin", "Alice", "bob"]);
});

/** A data folder with music in two libraries, and a plugin that tries them. */
class Libraries implements Disposable {
  readonly data = new TestData();
  readonly musicServer: MusicServer;

  constructor() {
    for (const name of ["one", "two"]) {
      Deno.mkdirSync(this.data.beside(name), { recursive: true });
      Deno.writeTextFileSync(`${this.data.beside(name)}/song`, `la ${name}`);
    }
    this.musicServer = memoryMusicServer({
      ...MUSIC,
      libraries: [
        { id: 1, name: "One", path: this.data.beside("one") },
        { id: 2, name: "Two", path: this.data.beside("two") },
        { id: 3, name: "No folder" },
      ],
    });
  }

  /** Installs the plugin `p`. */
  install(library: object, guest: Uint8Array): void {
    const manifest = { name: "p", author: "a", version: "1", permissions: { library } };
    this.data.folder("p", { manifest, guest });
  }

  open(): Promise<PluginHost> {
    return this.data.open({ musicServer: this.musicServer });
  }

  [Symbol.dispose](): void {
    this.data[Symbol.dispose]();
  }
}

/** What a guest finds preopened: descriptors from 3 on. */
const PREOPENS = wasiProgram([3, 4, 5].map((fd) => ["fd_prestat_get", fd, SCRATCH]));
const CREATE = 1;
const RIGHT_WRITE = 1n << 6n;
const FIRST_OPENED = 4;
const open = (path: string, how: number, rights: bigint): WasiCall => [
  "path_open",
  3,
  1,
  path,
  how,
  rights,
  0n,
  0,
  SCRATCH,
];

const ASSIGNED: readonly [
  what: string,
  permission: object,
  libraries: readonly number[] | "all",
  mounts: number,
][] = [
  ["one library is one mount", { filesystem: true }, [2], 1],
  ["all libraries are mounts, but those without a folder", { filesystem: true }, "all", 2],
  ["a library that does not exist is none", { filesystem: true }, [9], 0],
  ["without `filesystem` there is none", {}, "all", 0],
];
for (const [what, library, libraries, mounts] of ASSIGNED) {
  Deno.test(`library mounts: ${what}`, async () => {
    using place = new Libraries();
    place.install(library, PREOPENS);
    await using host = await place.open();
    await host.enable("p", { libraries });
    const { errnos } = readWasiRun(await host.plugin("p").call("run", new Uint8Array()), 3);
    strictEqual(errnos.filter((errno) => errno === 0).length, mounts);
  });
}

Deno.test("mounts come in upstream's order, and a plugin's own folder is there before anything is written", async () => {
  using place = new Libraries();
  const names: WasiCall[] = [3, 4, 5].map((fd, index) => [
    "fd_prestat_dir_name",
    fd,
    SCRATCH + 16 * index,
    [3, 4].includes(fd) ? "/libraries/1".length : "/storage".length,
  ]);
  const list: WasiCall = ["fd_readdir", 5, SCRATCH + 64, 64, 0n, SCRATCH + 48];
  const permissions = { library: { filesystem: true }, storage: {} };
  const manifest = { name: "p", author: "a", version: "1", permissions };
  place.data.folder("p", { manifest, guest: wasiProgram([...names, list]) });
  await using host = await place.open();
  await host.enable("p", { libraries: "all" });
  const { mode } = Deno.statSync(`${place.data.path}/plugin-data/p/storage`);
  strictEqual((mode ?? 0) & 0o777, 0o700);
  const run = readWasiRun(await host.plugin("p").call("run", new Uint8Array()), 4);
  deepStrictEqual(run.errnos, [0, 0, 0, 0]);
  const text = new TextDecoder().decode(run.scratch.subarray(0, 48)).replaceAll(/\0+/g, " ").trim();
  strictEqual(text, "/libraries/1 /libraries/2 /storage");
});

Deno.test("a plugin whose own folder cannot be made is not loaded, and the text names the service", async () => {
  await using place = new ServiceHost();
  place.install("p", { permissions: { storage: {} } });
  await place.start();
  Deno.mkdirSync(`${place.data.path}/plugin-data/p`, { recursive: true });
  Deno.writeTextFileSync(`${place.data.path}/plugin-data/p/storage`, "in the way");
  await rejects(place.host.enable("p"), {
    code: "services.unavailable",
    message: /creating Storage service: /,
  });
});

Deno.test("library mounts: files are read, and written only where that was granted", async () => {
  using place = new Libraries();
  place.install(
    { filesystem: true },
    wasiProgram([
      open("song", 0, 2n),
      ["fd_read", FIRST_OPENED, VECTOR, 1, SCRATCH + 8],
      open("new", CREATE, RIGHT_WRITE),
    ], "------"),
  );
  await using host = await place.open();
  const run = async () => readWasiRun(await host.plugin("p").call("run", new Uint8Array()), 3);
  await host.enable("p", { libraries: [2] });
  const first = await run();
  deepStrictEqual(first.errnos.slice(0, 2), [0, 0]);
  strictEqual(new TextDecoder().decode(first.scratch.subarray(256, 262)), "la two");
  notStrictEqual(first.errnos[2], 0);
  throws(() => Deno.statSync(`${place.data.beside("two")}/new`), Deno.errors.NotFound);
  await host.enable("p", { writeLibraries: true });
  deepStrictEqual((await run()).errnos, [0, 0, 0]);
  strictEqual(Deno.statSync(`${place.data.beside("two")}/new`).size, 0);
});

Deno.test("library mounts: a music server that does not answer costs the libraries, not the plugin", async () => {
  using place = new Libraries();
  place.install({ filesystem: true }, PREOPENS);
  await using host = await place.data.open({
    musicServer: { libraries: { list: () => Promise.reject(new Error("down")) } },
  });
  await host.enable("p", { libraries: "all" });
  deepStrictEqual(place.data.messages("p"), ["Cannot mount libraries until the next load: down"]);
  const { errnos } = readWasiRun(await host.plugin("p").call("run", new Uint8Array()), 3);
  ok(errnos.every((errno) => errno !== 0));
});

Deno.test("limits: a host function that they do not allow is none, even with its permission", async () => {
  await using place = new ServiceHost();
  place.install("p", { permissions: { cache: {} } });
  const allowed = [...HOST_FUNCTIONS.keys()].filter((name) => name !== "cache_has");
  await place.start({ settings: { p: { limits: { hostFunctions: allowed } } } });
  await rejects(place.host.enable("p"), {
    code: "module.import_refused",
    message: /"?cache_has"?.*is not among the host functions that the limits allow/,
  });
  await place.start({ settings: { other: { limits: { hostFunctions: [] } } } });
  strictEqual((await place.host.enable("p")).state, "running");
});

Deno.test("limits: those of one plugin come before those of all, and calls end at them", async () => {
  await using place = new ServiceHost();
  const spins = { callbacks: { last: "(loop $l (br $l))" } };
  place.install("short", spins);
  place.install("long", spins);
  await place.start({
    pluginLimits: { callTimeoutMs: 60 },
    settings: { long: { limits: { callTimeoutMs: 140 } } },
  });
  for (const [id, ms] of [["short", 60], ["long", 140]] as const) {
    await place.host.enable(id);
    await rejects(place.host.plugin(id).call("nd_task_execute", new Uint8Array()), {
      code: "guest.deadline",
      message: new RegExp(`deadline of ${ms} ms`),
    });
  }
});

Deno.test("limits: bodies and the number of requests in a minute", async () => {
  await using server = loopbackServer(() => new Response("0123456789"));
  const http = { requiredHosts: ["127.0.0.1"] };
  const limits = { requestBytes: 4, responseBytes: 5, requestsPerMinute: 2 };
  await using place = await networkHost({ p: { http } }, {}, { settings: { p: { limits } } });
  const url = `http://127.0.0.1:${server.port}/`;
  const send = (body: string) =>
    place.ask("p", "http_send", { request: { method: "POST", url, body: btoa(body) } });
  const { error } = await send("12345");
  match(String(error), /its body has 5 bytes, max is 4/);
  deepStrictEqual(server.seen, []);
  for (let turn = 0; turn < 2; turn++) {
    const answer = JSON.stringify(await send("1234"));
    match(answer, new RegExp(btoa("01234")));
  }
  match(JSON.stringify(await send("1")), /more than 2 requests in a minute/);
  strictEqual(server.seen.length, 2);
});

Deno.test("a plugin that is switched off by the configuration does not run, whatever was decided", async () => {
  await using place = await ServiceHost.open({ p: {}, q: {} });
  await place.start({ settings: { p: { enabled: false } } });
  strictEqual(place.host.info("p").state, "disabled");
  strictEqual(place.host.info("q").state, "running");
  throws(() => place.host.plugin("p"), { message: /it is switched off in the configuration/ });
  await rejects(place.host.enable("p"), { code: "plugin.switched_off" });
  await place.start({ enabled: false });
  strictEqual(place.host.info("q").state, "disabled");
  await place.start({});
  strictEqual(place.host.info("p").state, "running");
});

Deno.test("a sensitive setting appears neither in the log, nor in info, nor in an error", async () => {
  using data = new TestData();
  const secret = "hunter2-hunter2";
  const manifest = {
    name: "p",
    author: "a",
    version: "1",
    config: {
      schema: {
        type: "object",
        properties: { token: { type: "string", format: "password" }, city: { type: "string" } },
      },
    },
  };
  const guest = agentGuest({ exports: ["ask"], logsInput: true, error: `bad ${secret}`, code: 1 });
  data.folder("p", { manifest, guest });
  await using host = await data.open({ config: { p: { token: secret, city: "Oslo" } } });
  await host.enable("p");
  const input = new TextEncoder().encode(`token ${secret} in Oslo`);
  await rejects(host.plugin("p").call("ask", input), (error: Error) => {
    ok(!JSON.stringify({ ...error, text: String(error) }).includes(secret));
    match(error.message, /bad \*\*\*/);
    return true;
  });
  deepStrictEqual(data.messages("p"), ["token *** in Oslo"]);
  ok(!JSON.stringify([host.info("p"), host.list(), host.audit(), data.log]).includes(secret));
});
