import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { DataFolder, makePrivateFile, PluginRecords } from "../src/state/mod.ts";
import { tempDir } from "./support/temp_dir.ts";

const modeOf = (path: string) => ((Deno.statSync(path).mode ?? 0) & 0o777).toString(8);

// A umask only takes away: under the usual 022 a mode that nobody asked for would show as 755 or 644.
Deno.test("state: folders are made with mode 0700 and files with 0600", async () => {
  using temp = tempDir();
  using folder = await DataFolder.open(join(temp.path, "above", "data"));
  assert.equal(modeOf(folder.path), "700");
  assert.equal(modeOf(join(temp.path, "above")), "700");
  using records = new PluginRecords(folder.database);
  records.set({ id: "p", enabled: true });
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["lock", "soundproof.db", "soundproof.db-shm", "soundproof.db-wal"]);
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
  const approval = { sha256: "1", permissions: "{}", decision: { users: "all" } };
  const first = { id: "a", enabled: true, installed: "1", approval };
  {
    using records = new PluginRecords(path);
    assert.equal(records.get("a"), undefined);
    records.set(first);
    records.set({ ...first, id: "b" });
    records.set({ ...first, enabled: false, previous: approval });
    records.set({ id: "c", enabled: false });
    records.set({ id: "d", enabled: false });
    records.delete("d");
  }
  using records = new PluginRecords(path);
  assert.deepEqual(records.get("a"), { ...first, enabled: false, previous: approval });
  assert.deepEqual(records.get("b"), { ...first, id: "b" });
  assert.deepEqual(records.get("c"), { id: "c", enabled: false });
  assert.equal(records.get("d"), undefined);
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

Deno.test("state: settings are there after the file is opened again, changed all or none", () => {
  using temp = tempDir();
  const path = join(temp.path, "records.db");
  {
    using records = new PluginRecords(path);
    records.changeSettings("a", [["one", "1"], ["two", '"2"'], ["three", "3"]]);
    records.changeSettings("b", [["one", "0"]]);
    records.changeSettings("a", [["one", "true"], ["two", undefined], ["none", undefined]]);
    const half = function* (): Generator<[string, string]> {
      yield ["one", "false"];
      throw new Error("half-way");
    };
    assert.throws(() => records.changeSettings("a", half()), /half-way/);
  }
  using records = new PluginRecords(path);
  assert.deepEqual([...records.settings("a")], [["one", "true"], ["three", "3"]]);
  records.deleteSettings("a");
  assert.deepEqual([...records.settings("a")], []);
  assert.deepEqual([...records.settings("b")], [["one", "0"]]);
});

/** The tables before decisions were one document. */
const BEFORE = `
  CREATE TABLE plugins (
    id TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    permissions TEXT NOT NULL,
    local TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    assignment TEXT NOT NULL DEFAULT '{}'
  ) STRICT;
  INSERT INTO plugins VALUES
    ('a', 1, 's1', '{"permissions":{}}', '{"network":true,"addresses":["nas","10.0.0.0/8"]}', 5,
      '{"users":"all","libraries":[1,2],"writeLibraries":true}'),
    ('b', 0, 's2', '{}', '{"network":false,"addresses":[]}', 6, '{}'),
    ('c', 1, 's3', '{}', '{}', 7, '{"users":["ann"]}');
  PRAGMA user_version = 2`;

Deno.test("state: decisions that an earlier version wrote hold on", () => {
  using temp = tempDir();
  const path = join(temp.path, "records.db");
  const database = new DatabaseSync(path);
  database.exec(BEFORE);
  database.close();
  using records = new PluginRecords(path);
  assert.deepEqual(records.get("a"), {
    id: "a",
    enabled: true,
    approval: {
      sha256: "s1",
      permissions: '{"permissions":{}}',
      decision: {
        localNetwork: true,
        addresses: ["nas", "10.0.0.0/8"],
        users: "all",
        libraries: [1, 2],
        writeLibraries: true,
      },
    },
  });
  const decided = (id: string) => records.get(id)?.approval?.decision;
  assert.deepEqual(decided("b"), { localNetwork: false, addresses: [] });
  assert.deepEqual(decided("c"), { localNetwork: false, addresses: [], users: ["ann"] });
});
