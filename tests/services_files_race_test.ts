/** Folders that others change while a guest works in them. */

import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { ERRNO } from "../src/cell/mod.ts";
import { FileFailure } from "../src/services/mount_place.ts";
import { Passage, Unsettled, untilSettled, type Way } from "../src/services/mount_passage.ts";
import {
  CREATE,
  FIRST_OPENED,
  Folders,
  FOLLOW,
  open,
  OWN,
  READ,
  read,
  textOf,
  WRITE,
} from "./support/mounted_folders.ts";
import { BUFFER, SCRATCH, VECTOR, type WasiCall } from "./support/wasi_program.ts";

Deno.test("a link put in a guest's way while it works leads it nowhere", async () => {
  await using folders = await Folders.make();
  await Deno.writeTextFile(folders.path("own/target"), "inside");
  await folders.link(folders.path("outside"), "own/bait", "-s");
  await Deno.mkdir(folders.path("own/folder"));
  await Deno.writeTextFile(folders.path("own/folder/secret"), "inside");
  let swapping = true;
  // Someone swaps a folder for a link and back, as fast as they can, and then stays still for about as long as the
  // host wants to see a folder unchanged.
  const swapper = (async () => {
    for (let turn = 0; swapping; turn++) {
      await Deno.rename(folders.path("own/folder"), folders.path("own/aside"));
      await Deno.rename(folders.path("own/bait"), folders.path("own/folder"));
      await Deno.rename(folders.path("own/folder"), folders.path("own/bait"));
      await Deno.rename(folders.path("own/aside"), folders.path("own/folder"));
      const pauseMs = 18 + turn / 10 % 8;
      if (turn % 10 === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  const one: WasiCall[] = [
    open(OWN, "folder/secret", READ | WRITE),
    read,
    ["fd_pwrite", FIRST_OPENED, VECTOR, 1, 0n, SCRATCH],
    ["fd_close", FIRST_OPENED],
  ];
  let opened = 0;
  try {
    for (let round = 0; round < 12; round++) {
      const run = await folders.run(Array(10).fill(one).flat(), "......");
      opened += run.errnos.filter((errno, index) => index % one.length === 0 && errno === 0).length;
      ok(!textOf(run, 6).includes("secret"));
    }
  } finally {
    swapping = false;
    await swapper;
  }
  ok(opened > 0, "the guest never got at its own file");
  strictEqual(await Deno.readTextFile(folders.path("outside/secret")), "secret");
});

/** A guest's folder `folder`, and a link out that can take its place and give it back. */
async function withBait(
  folders: Folders,
): Promise<{ away(): Promise<void>; back(): Promise<void> }> {
  await Deno.mkdir(folders.path("own/folder"));
  await Deno.writeTextFile(folders.path("own/folder/secret"), "inside");
  await folders.link(folders.path("outside"), "own/bait", "-s");
  const move = (from: string, to: string) =>
    Deno.rename(folders.path(`own/${from}`), folders.path(`own/${to}`));
  return {
    async away() {
      await move("folder", "aside");
      await move("bait", "folder");
    },
    async back() {
      await move("folder", "bait");
      await move("aside", "folder");
    },
  };
}

/** Lists what was opened: the first entry begins with the number of the next. */
const LIST: WasiCall = ["fd_readdir", FIRST_OPENED, BUFFER, 100, 0n, SCRATCH];

/** What a guest does, and what it must find although a link was there while it was done. */
const ATTACKED: readonly [what: string, calls: readonly WasiCall[], found: string][] = [
  ["reads", [open(OWN, "folder/secret", READ), read], "inside"],
  ["writes", [
    open(OWN, "folder/secret", WRITE),
    ["fd_pwrite", FIRST_OPENED, VECTOR, 1, 0n, SCRATCH],
  ], "......"],
  ["cuts off", [open(OWN, "folder/secret", WRITE, 8)], "......"],
  ["makes a file", [open(OWN, "folder/new", WRITE, CREATE)], "......"],
  ["looks at", [["path_filestat_get", OWN, FOLLOW, "folder/secret", SCRATCH]], "......"],
  ["lists", [open(OWN, "folder", READ, 2), LIST], "\x01\0\0\0\0\0"],
];

for (const [what, calls, found] of ATTACKED) {
  Deno.test(`a link that is there exactly while a guest ${what} leads it nowhere`, async () => {
    await using folders = await Folders.make();
    const { away, back } = await withBait(folders);
    const { note } = Passage;
    const { check } = Passage.prototype;
    let attacks = 0;
    let isAway = false;
    // The first time that the way is noted, the link comes, and goes before the way is looked at again.
    Passage.note = async (way) => {
      const passage = await note(way);
      const isAttacked = what === "lists" ? way.through : way.place.includes("folder");
      if (isAttacked && attacks++ === 0) {
        await away();
        isAway = true;
      }
      return passage;
    };
    Passage.prototype.check = async function () {
      if (isAway) await back();
      isAway = false;
      await check.call(this);
    };
    try {
      const run = await folders.run(calls, "......");
      deepStrictEqual(run.errnos, calls.map(() => 0));
      strictEqual(textOf(run, 6), found);
      ok(attacks >= 2, "it was not tried again");
    } finally {
      Passage.note = note;
      Passage.prototype.check = check;
    }
    deepStrictEqual([...Deno.readDirSync(folders.path("outside"))].map(({ name }) => name), [
      "secret",
    ]);
    strictEqual(await Deno.readTextFile(folders.path("outside/secret")), "secret");
  });
}

Deno.test("a way on which a folder was swapped and is back is not the same, whatever its times are set to", async () => {
  await using folders = await Folders.make();
  const { away, back } = await withBait(folders);
  const root = folders.path("own");
  const noted = async (way: Partial<Way>): Promise<Passage> => {
    for (;;) {
      try {
        return await Passage.note({ root, place: `${root}/folder/secret`, own: true, ...way });
      } catch (thrown) {
        if (!(thrown instanceof Unsettled)) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, thrown.afterMs));
      }
    }
  };
  await (await noted({})).check();
  for (const own of [true, false]) {
    const passage = await noted({ own });
    const { mtime } = await Deno.stat(root);
    await away();
    await back();
    // Others than the host, who own the folder, can do this.
    if (!own) await Deno.utime(root, mtime!, mtime!);
    await rejects(passage.check(), Unsettled);
  }
  const flat = await noted({ place: `${root}/file` });
  await away();
  // What lies in the mount's folder itself is opened without following a link: nothing is on the way.
  await flat.check();
  const bait = { root, place: `${root}/folder/secret/x`, own: true };
  await rejects(Passage.note(bait), Unsettled);
  await back();
  await rejects(noted({ place: `${root}/folder/secret/x` }), (thrown) => {
    strictEqual(thrown instanceof FileFailure && thrown.errno, ERRNO.NOTDIR);
    return true;
  });
});

const NOON = Date.UTC(2026, 0, 1, 12);

for (
  const [what, mtimeMs, ctimeMs, own, waitMs] of [
    ["long ago", NOON - 60_000, NOON - 60_000, false, 0],
    ["just now", NOON, NOON - 1_000, true, 21],
    ["a moment ago", NOON - 1, NOON - 1_000, true, 20],
    ["a tick ago", NOON - 20, NOON - 1_000, true, 1],
    ["longer ago than a tick", NOON - 21, NOON - 1_000, true, 0],
    ["in this very second, which an owner can hide", NOON - 60_000, NOON, false, 1_020],
    [
      "in the second before, which the clock may still be in",
      NOON - 60_000,
      NOON - 1_000,
      false,
      20,
    ],
    ["in the second before that", NOON - 60_000, NOON - 2_000, false, 0],
    ["by a clock that is ahead", NOON + 60_000, NOON + 60_000, false, 0],
  ] as const
) {
  Deno.test(`a folder that changed ${what} is settled in ${waitMs} ms`, () =>
    strictEqual(untilSettled({ mtimeMs, ctimeMs }, NOON, own), waitMs));
}
