/**
 * A process that takes the lock of a folder and keeps it until it is ended, or takes it a hundred times to count in a
 * file.
 *
 *     deno run … lock_child.ts FOLDER [counting]
 *
 * @module
 */

import { join } from "node:path";
import { announceService, FolderLock } from "../../src/state/mod.ts";

const [folder = "", mode] = Deno.args;
if (mode === "counting") {
  const count = join(folder, "count");
  for (let round = 0; round < 100; round++) {
    const pause = () => new Promise<void>((done) => setTimeout(done, 1));
    using _lock = await FolderLock.wait(folder, Infinity, pause);
    const number = Number(Deno.readTextFileSync(count));
    await new Promise((done) => setTimeout(done));
    Deno.writeTextFileSync(count, `${number + 1}`);
  }
} else {
  FolderLock.take(folder);
  announceService(folder, { url: "http://127.0.0.1:1", pid: Deno.pid });
  Deno.stdout.writeSync(new TextEncoder().encode("held\n"));
  setInterval(() => {}, 1_000);
}
