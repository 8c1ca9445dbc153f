import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { DataFolder, makePrivateFile, PluginRecords } from "../src/state/mod.ts";
import { tempDir } from "./support/temp_dir.ts";

const modeOf = (path: string) => ((Deno.statSync(path).mode ?? 0) & 0o777).toString(8);

// A umask only takes away: under the usual 022 a mode that nobody asked for would show as 755 or 644.
Deno.test("state: folders are made with mode 0700 and files with 0600", async () => {
  using temp = tempDir();
  const folder = await DataFolder.open(join(temp.path, "above", "data"));
  assert.equal(modeOf(folder.path), "700");
  assert.equal(modeOf(join(temp.path, "above")), "700");
  using records = new PluginRecords(folder.database);
  records.set({
    id: "p",
    enabled: true,
    sha256: "s",
    permissions: "{}",
    local: "{}",
    assignment: "{}",
  });
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["soundproof.db", "soundproof.db-shm", "soundproof.db-wal"]);
  for (const name of names) assert.equal(modeOf(join(folder.path, name)), "600", name);
});

Deno.test("state: a file that exists keeps its content and its mode", () => {
  using temp = tempDir();
  const path = join(temp.path, "file");
  Deno.writeTextFileSync(path, "kept", { mode: 0o640 });
  makePrivateFile(path);
  assert.equal(Deno.readTextFileSync(path), "kept");
  assert.equal(modeOf(path), "640");
});

Deno.test("state: records are there after the file is opened again, each id its last", () => {
  using temp = tempDir();
  const path = join(temp.path, "records.db");
  const first = {
    id: "a",
    enabled: true,
    sha256: "1",
    permissions: "{}",
    local: "{}",
    assignment: "{}",
  };
  {
    using records = new PluginRecords(path);
    assert.equal(records.get("a"), undefined);
    records.set(first);
    records.set({ ...first, id: "b" });
    records.set({ ...first, enabled: false, sha256: "2" });
  }
  using records = new PluginRecords(path);
  assert.deepEqual(records.get("a"), { ...first, enabled: false, sha256: "2" });
  assert.deepEqual(records.get("b"), { ...first, id: "b" });
  assert.equal(records.get("a' OR 1=1 --"), undefined);
});

Deno.test("state: a file of a newer program is not used", () => {
  using temp = tempDir();
  const path = join(temp.path, "records.db");
  new PluginRecords(path)[Symbol.dispose]();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 1000");
  database.close();
  assert.throws(() => new PluginRecords(path), /newer/);
});
