/** What the host gives a plugin's services: a music server, users, libraries, limits. */

import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { memoryMusicServer } from "../src/services/mod.ts";
import { agentGuest } from "./support/kernel_guest.ts";
import { MUSIC } from "./services_cases/mod.ts";
import { ServiceHost } from "./support/service_host.ts";
import { TestData } from "./support/plugins_folder.ts";
import { readWasiRun, wasiProgram } from "./support/wasi_program.ts";
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
    await rejects(place.host.enable("p", undefined, { users: "all", libraries: "all" }), {
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
    strictEqual((await place.host.enable("p", undefined, assigned)).state, "running");
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
  await place.host.enable("p", undefined, { users: "all" });
  deepStrictEqual(await names(), ["admin", "Alice", "bob"]);
});

/** A data folder with music in two libraries, and a plugin that tries them. */
class Libraries implements Disposable {
  readonly data = new TestData();
  readonly musicServer;

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

  [Symbol.dispose](): void {
    this.data[Symbol.dispose]();
  }
}

/** What a guest finds preopened: descriptors from 3 on. Each entry is an errno. */
const PREOPENS = wasiProgram([3, 4, 5].map((fd) => ({ name: "fd_prestat_get", args: [fd, 0] })));

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
    const manifest = { name: "p", author: "a", version: "1", permissions: { library } };
    place.data.folder("p", { manifest, guest: PREOPENS });
    await using host = await place.data.open({ musicServer: place.musicServer });
    await host.enable("p", undefined, { libraries });
    const { results } = readWasiRun(await host.plugin("p").call("run", new Uint8Array()), 3);
    strictEqual(results.filter((errno) => errno === 0).length, mounts);
  });
}
void agentGuest;
void match;
void loopbackServer;
void networkHost;
