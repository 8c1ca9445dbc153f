import assert from "node:assert/strict";
import { findService } from "../src/cli/mod.ts";
import { announceService, FolderLock } from "../src/state/mod.ts";
import { tempDir } from "./support/temp_dir.ts";

const URL = "http://127.0.0.1:4747";

Deno.test("a data folder that nobody uses has no service, also if one was there", async () => {
  using folder = tempDir();
  assert.equal(await findService(folder.path), undefined);
  assert.equal(await findService(`${folder.path}/none`), undefined);
  FolderLock.take(folder.path)[Symbol.dispose]();
  announceService(folder.path, { url: URL, pid: 1 });
  assert.equal(await findService(folder.path), undefined, "it is gone");
});

Deno.test("the service that holds a data folder is found, and is not disturbed by it", async () => {
  using folder = tempDir();
  using _lock = FolderLock.take(folder.path);
  announceService(folder.path, { url: URL, pid: Deno.pid });
  assert.equal(await findService(folder.path), URL);
  assert.throws(() => FolderLock.take(folder.path), { code: "state.locked" });
});

Deno.test("a service that starts is waited for, a command that uses the folder until it ends", async () => {
  using folder = tempDir();
  using lock = FolderLock.take(folder.path);
  let pauses = 0;
  const started = await findService(folder.path, () => {
    if (++pauses === 3) announceService(folder.path, { url: URL, pid: 1 });
    return Promise.resolve();
  });
  assert.deepEqual([started, pauses], [URL, 3]);

  Deno.removeSync(`${folder.path}/service.json`);
  pauses = 0;
  const ended = await findService(folder.path, () => {
    if (++pauses === 3) lock[Symbol.dispose]();
    return Promise.resolve();
  });
  assert.deepEqual([ended, pauses], [undefined, 3]);
});

Deno.test("a process that holds the folder and says nothing is waited for three seconds", async () => {
  using folder = tempDir();
  using _lock = FolderLock.take(folder.path);
  let waitedMs = 0;
  const found = await findService(folder.path, (ms) => {
    waitedMs += ms;
    return Promise.resolve();
  });
  assert.equal(found, undefined);
  assert.ok(waitedMs >= 3_000 && waitedMs < 3_200, String(waitedMs));
});
