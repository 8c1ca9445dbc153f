/** Needs `--allow-run=deno` beside the usual. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { announceService, DataFolder, FolderLock, runningService } from "../src/state/mod.ts";
import { kill } from "./support/kill.ts";
import { tempDir } from "./support/temp_dir.ts";

const mayRun = Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";
const service = { url: "http://127.0.0.1:4747", pid: 123 };

/** A process that takes the lock of a folder, says so and that it listens, and waits. */
async function holder(folder: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
      "tests/support/lock_child.ts",
      folder,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  assert.equal(new TextDecoder().decode(value), "held\n");
  return child;
}

async function end(child: Deno.ChildProcess, signal: Deno.Signal): Promise<void> {
  kill(child, signal);
  await child.stdout.cancel();
  await child.status;
}

Deno.test({
  name: "state: a folder that another process holds is refused, with where that process listens",
  ignore: !mayRun,
  async fn() {
    using temp = tempDir();
    const child = await holder(temp.path);
    try {
      assert.throws(() => FolderLock.take(temp.path), {
        code: "state.locked",
        message:
          `Cannot open data folder "${temp.path}": the service at http://127.0.0.1:1 (process ${child.pid}) uses it`,
      });
      assert.deepEqual(runningService(temp.path), { url: "http://127.0.0.1:1", pid: child.pid });
      await assert.rejects(DataFolder.open(temp.path), { code: "state.locked" });
    } finally {
      await end(child, "SIGKILL");
    }
  },
});

Deno.test({
  name: "state: kill -9 of the holder frees a folder, and nothing it said is believed any more",
  ignore: !mayRun,
  async fn() {
    using temp = tempDir();
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      await end(await holder(temp.path), signal);
      assert.notEqual(runningService(temp.path), undefined);
      using _lock = FolderLock.take(temp.path);
      assert.equal(runningService(temp.path), undefined);
    }
  },
});

Deno.test({
  name: "state: of many processes that want one folder at once, one at a time has it",
  ignore: !mayRun,
  async fn() {
    using temp = tempDir();
    const run = async () => {
      const { success } = await new Deno.Command("deno", {
        args: [
          "run",
          "--no-prompt",
          "--no-check",
          "--allow-read",
          `--allow-write=${temp.path}`,
          "tests/support/lock_child.ts",
          temp.path,
          "counting",
        ],
        stderr: "inherit",
      }).output();
      assert.ok(success);
    };
    Deno.writeTextFileSync(join(temp.path, "count"), "0");
    await Promise.all([run(), run(), run()]);
    // Each reads the number and writes the next one: two at once would lose some.
    assert.equal(Deno.readTextFileSync(join(temp.path, "count")), "300");
  },
});

Deno.test("state: one process, too, has a folder once, until it gives it back", async () => {
  using temp = tempDir();
  const first = await DataFolder.open(temp.path);
  announceService(temp.path, service);
  await assert.rejects(DataFolder.open(temp.path), { code: "state.locked" });
  first[Symbol.dispose]();
  assert.equal(runningService(temp.path), undefined);
  const second = await DataFolder.open(temp.path);
  announceService(temp.path, service);
  first[Symbol.dispose]();
  assert.deepEqual(runningService(temp.path), service);
  second[Symbol.dispose]();
});

Deno.test("state: a command that holds a folder is waited for, a service is not", async () => {
  using temp = tempDir();
  let command: FolderLock | undefined = FolderLock.take(temp.path);
  const pauses: number[] = [];
  const pause = (ms: number) => {
    if (pauses.push(ms) === 5) {
      command?.[Symbol.dispose]();
      command = undefined;
    }
    return Promise.resolve();
  };
  const lock = await FolderLock.wait(temp.path, 1_000, pause);
  assert.equal(pauses.length, 5);
  announceService(temp.path, service);
  await assert.rejects(FolderLock.wait(temp.path, 1_000, pause), { code: "state.locked" });
  assert.equal(pauses.length, 5);
  lock[Symbol.dispose]();
  using _other = FolderLock.take(temp.path);
  await assert.rejects(FolderLock.wait(temp.path, 1_000, pause), {
    message: `Cannot open data folder "${temp.path}": another process uses it`,
  });
  assert.equal(pauses.reduce((sum, ms) => sum + ms) - 5 * (pauses[0] ?? 0), 1_000);
});

Deno.test("state: what says where the service listens can be read by its user alone, and half of it is nothing", () => {
  using temp = tempDir();
  using _lock = FolderLock.take(temp.path);
  announceService(temp.path, service);
  assert.deepEqual(runningService(temp.path), service);
  const entries = [...Deno.readDirSync(temp.path)].map(({ name }) => name).sort();
  assert.deepEqual(entries, ["lock", "service.json"]);
  for (const name of entries) {
    assert.equal((Deno.statSync(join(temp.path, name)).mode ?? 0) & 0o777, 0o600, name);
  }
  for (
    const text of [
      "",
      "{",
      "null",
      "[]",
      `{"url":"x","pid":1}`,
      `{"url":1,"pid":1}`,
      `{"url":"http://a"}`,
    ]
  ) {
    Deno.writeTextFileSync(join(temp.path, "service.json"), text);
    assert.equal(runningService(temp.path), undefined, text);
  }
});
