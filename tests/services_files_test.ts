import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ERRNO } from "../src/cell/mod.ts";
import {
  CREATE,
  FIRST_OPENED,
  Folders,
  FOLLOW,
  MUSIC,
  MUSIC_WRITABLE,
  open,
  OWN,
  READ,
  read,
  textOf,
  WRITE,
  write,
} from "./support/mounted_folders.ts";
import { BUFFER, SCRATCH, VECTOR, type WasiCall } from "./support/wasi_program.ts";

Deno.test("a guest writes a file in its own folder and reads it back", async () => {
  await using folders = await Folders.make();
  const made = await folders.run([
    ["path_create_directory", OWN, "notes"],
    open(OWN, "notes/a.txt", WRITE, CREATE),
    write,
    ["fd_close", FIRST_OPENED],
  ], "kept for ever");
  deepStrictEqual(made.errnos, [0, 0, 0, 0]);
  strictEqual(await Deno.readTextFile(folders.path("own/notes/a.txt")), "kept for ever");
  strictEqual((await Deno.stat(folders.path("own/notes/a.txt"))).mode! & 0o777, 0o600);
  const again = await folders.run([open(OWN, "notes/../notes/a.txt", READ), read], ".............");
  deepStrictEqual(again.errnos, [0, 0]);
  strictEqual(textOf(again, 13), "kept for ever");
});

Deno.test("a guest reads a library, and cannot change one that is mounted read-only", async () => {
  await using folders = await Folders.make();
  const { ROFS } = ERRNO;
  const run = await folders.run([
    open(MUSIC, "album/song", READ),
    read,
    open(MUSIC, "album/song", READ | WRITE),
    open(MUSIC, "album/new", WRITE, CREATE),
    ["path_unlink_file", MUSIC, "album/song"],
    ["path_create_directory", MUSIC, "x"],
    ["path_remove_directory", MUSIC, "album"],
    ["path_rename", MUSIC, "album/song", MUSIC, "album/other"],
    ["path_filestat_set_times", MUSIC, 0, "album/song", 0n, 0n, 10],
    ["path_symlink", "song", MUSIC, "album/link"],
    ["path_link", MUSIC, 0, "album/song", MUSIC, "album/link"],
    ["fd_write", FIRST_OPENED, VECTOR, 1, SCRATCH],
  ], "........");
  deepStrictEqual(run.errnos, [0, 0, ...Array(9).fill(ROFS), ERRNO.BADF]);
  strictEqual(textOf(run, 8), "la la la");
  strictEqual(await Deno.readTextFile(folders.path("music/album/song")), "la la la");
});

Deno.test("no path leads out of a mount", async (t) => {
  await using folders = await Folders.make();
  const { PERM, NOENT, INVAL, NAMETOOLONG, NOTDIR } = ERRNO;
  const cases: [path: string, errno: number][] = [
    ["../outside/secret", PERM],
    ["../../../../../../etc/passwd", PERM],
    ["..", PERM],
    ["a/../../outside/secret", PERM],
    ["./../outside/secret", PERM],
    ["/etc/passwd", PERM],
    ["//etc/passwd", PERM],
    [folders.path("outside/secret"), PERM],
    ["/proc/self/environ", PERM],
    ["proc/self/environ", NOENT],
    ["..\\outside\\secret", NOENT],
    ["%2e%2e/outside/secret", NOENT],
    ["a\0../outside/secret", INVAL],
    ["x".repeat(256), NAMETOOLONG],
    ["x/".repeat(2_000) + "x".repeat(300), NAMETOOLONG],
    ["album/song/..//../../outside/secret", PERM],
    ["album/song/x", NOTDIR],
    ["ALBUM/song", NOENT],
    ["album/SONG", NOENT],
  ];
  for (const [path, errno] of cases) {
    await t.step(JSON.stringify(path.slice(0, 60)), async () => {
      const mount = /^album/i.test(path) ? MUSIC_WRITABLE : OWN;
      const calls: WasiCall[] = [
        open(mount, path, READ),
        ["path_filestat_get", mount, FOLLOW, path, SCRATCH],
        open(mount, path, WRITE, CREATE),
        ["path_unlink_file", mount, path],
      ];
      const { errnos } = await folders.run(calls);
      deepStrictEqual(errnos.slice(0, 2), [errno, errno]);
      ok(errno === NOENT || errnos.slice(2).every((got) => got !== 0), String(errnos));
    });
  }
  strictEqual(await Deno.readTextFile(folders.path("outside/secret")), "secret");
});

Deno.test("no link that the host's user made leads out of a mount", async (t) => {
  await using folders = await Folders.make();
  const link = (target: string, name: string) => folders.link(target, `own/${name}`, "-s");
  await link(folders.path("outside/secret"), "to-file");
  await link("../outside", "to-folder");
  await link("to-folder", "to-link");
  await link("to-link/secret", "chain");
  await link("loop", "loop");
  await link("/proc/self/environ", "proc");
  await link(folders.path("outside/new"), "dangling");
  await Deno.writeTextFile(folders.path("own/inside"), "inside");
  await link("inside", "fine");
  await folders.link(folders.path("outside/secret"), "own/hard");

  for (
    const path of ["to-file", "to-folder/secret", "to-link/secret", "chain", "loop", "proc", "hard"]
  ) {
    await t.step(`${path} cannot be read or written`, async () => {
      const { errnos } = await folders.run([
        open(OWN, path, READ),
        open(OWN, path, WRITE),
        open(OWN, path, WRITE, 8),
        open(OWN, path, READ | WRITE, CREATE),
      ]);
      ok(errnos.every((errno) => errno !== 0), `${path}: ${errnos}`);
    });
  }
  await t.step(
    "a file cannot be made through a dangling link or a folder that leads out",
    async () => {
      const { errnos } = await folders.run([
        open(OWN, "dangling", WRITE, CREATE),
        open(OWN, "to-folder/new", WRITE, CREATE),
        ["path_create_directory", OWN, "to-folder/new"],
        ["path_rename", OWN, "inside", OWN, "to-folder/new"],
        ["path_rename", OWN, "to-folder", OWN, "moved"],
        ["path_unlink_file", OWN, "to-folder/secret"],
        ["fd_readdir", OWN, BUFFER, 1_000, 0n, SCRATCH],
      ]);
      ok(errnos.slice(0, 6).every((errno) => errno !== 0), String(errnos));
      deepStrictEqual([...Deno.readDirSync(folders.path("outside"))].map(({ name }) => name), [
        "secret",
      ]);
    },
  );
  await t.step("a link that stays inside is followed", async () => {
    const run = await folders.run([open(OWN, "fine", READ), read], "......");
    deepStrictEqual(run.errnos, [0, 0]);
    strictEqual(textOf(run, 6), "inside");
  });
  strictEqual(await Deno.readTextFile(folders.path("outside/secret")), "secret");
});

Deno.test("a guest's own folder has room for its quota and no more", async () => {
  await using folders = await Folders.make({ bytes: 10, files: 3 });
  await Deno.writeTextFile(folders.path("own/old"), "1234");
  const { NOSPC } = ERRNO;
  const run = await folders.run([
    open(OWN, "a", WRITE, CREATE),
    write,
    write,
    ["fd_filestat_set_size", FIRST_OPENED, 1n << 40n],
    ["fd_filestat_set_size", FIRST_OPENED, 6n],
    ["fd_pwrite", FIRST_OPENED, VECTOR, 1, 1n << 40n, SCRATCH],
    open(OWN, "b", WRITE, CREATE),
    open(OWN, "c", WRITE, CREATE),
    ["path_create_directory", OWN, "d"],
    ["path_unlink_file", OWN, "old"],
    ["path_create_directory", OWN, "d"],
    ["fd_pwrite", FIRST_OPENED, VECTOR, 1, 4n, SCRATCH],
    ["fd_pwrite", FIRST_OPENED, VECTOR, 1, 5n, SCRATCH],
  ], "123456");
  const full = [NOSPC, NOSPC];
  deepStrictEqual(run.errnos, [0, 0, NOSPC, NOSPC, 0, NOSPC, 0, ...full, 0, 0, 0, NOSPC]);
});

Deno.test("folders, positions and times read as WASI lays them out", async () => {
  await using folders = await Folders.make();
  await Deno.utime(folders.path("music/album/song"), 1_000, 2_000);
  const at = (offset: number) => SCRATCH + 64 + offset;
  const run = await folders.run([
    ["fd_prestat_get", OWN, at(0)],
    ["fd_prestat_dir_name", OWN, at(8), 8],
    ["fd_prestat_get", FIRST_OPENED, at(0)],
    open(MUSIC, "album", READ, 2),
    ["fd_readdir", FIRST_OPENED, BUFFER, 200, 0n, at(16)],
    ["path_filestat_get", MUSIC, FOLLOW, "album/song", at(64)],
    ["path_open", FIRST_OPENED, FOLLOW, "song", 0, READ, 0n, 0, SCRATCH],
    ["fd_seek", FIRST_OPENED + 1, -2n, 2, at(20)],
    ["fd_tell", FIRST_OPENED + 1, at(28)],
    ["fd_seek", FIRST_OPENED + 1, -20n, 1, at(20)],
  ]);
  deepStrictEqual(run.errnos, [0, 0, ERRNO.BADF, 0, 0, 0, 0, 0, 0, ERRNO.INVAL]);
  const view = new DataView(run.scratch.buffer, run.scratch.byteOffset);
  strictEqual(new TextDecoder().decode(run.scratch.subarray(64 + 8, 64 + 16)), "/storage");
  strictEqual(view.getUint32(64 + 4, true), 8);
  strictEqual(view.getUint32(64 + 16, true), 24 + 4);
  strictEqual(new TextDecoder().decode(run.scratch.subarray(256 + 24, 256 + 28)), "song");
  strictEqual(view.getUint8(256 + 20), 4);
  strictEqual(view.getBigUint64(64 + 28, true), 6n);
  strictEqual(view.getBigUint64(128 + 32, true), 8n);
  strictEqual(view.getBigUint64(128 + 40, true), 1_000_000_000_000n);
  strictEqual(view.getBigUint64(128 + 48, true), 2_000_000_000_000n);
});
