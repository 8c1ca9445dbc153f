/**
 * A process that makes one change through a host, tells each step on a line of its own, and stands still at one of
 * them until it is killed. What can be told apart from outside is a step: each call that writes to the disk or to a
 * database, each part of a file, and each moment of a version's life.
 *
 *     deno run … host_kill_child.ts FOLDER CHANGE STEP
 *     deno run … host_kill_child.ts FOLDER open STEP
 *
 * A step is told by its number or its name.
 *
 * @module
 */

import { basename, join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { LoadedPlugin } from "../../src/host/loaded_plugin.ts";
import { PluginHost } from "../../src/host/mod.ts";
import { PluginLoader } from "../../src/host/plugin_loader.ts";
import { CHANGES } from "./host_kill_changes.ts";

const [dataDir = "", change = "", stopAt = ""] = Deno.args;
const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
let told = change === "open" ? 0 : -Infinity;
let prefix = "";

function step(what: string): void {
  if (told === -Infinity) return;
  const name = prefix + what;
  say(name);
  if (told++ !== Number(stopAt) && name !== stopAt) return;
  // Nothing of this process goes on: not even what it does in the background.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

type Method = (...args: unknown[]) => unknown;

/** Puts something before a method, which is called with its arguments. */
function before(
  owner: object,
  method: string,
  act: (self: unknown, args: unknown[]) => void,
): void {
  const original: Method = Reflect.get(owner, method);
  const stepped: Method = function (this: unknown, ...args) {
    act(this, args);
    return Reflect.apply(original, this, args);
  };
  Reflect.set(owner, method, stepped);
}

for (const name of Object.keys(Deno)) {
  if (!/^(mkdir|rename|write|copy|truncate|link|symlink)/.test(name)) continue;
  before(Deno, name, (_self, [path]) => step(`${name} ${basename(String(path))}`));
}
for (const name of ["open", "openSync"]) {
  before(Deno, name, (_self, [path, options]) => {
    if (Object(options).write) step(`${name} ${basename(String(path))}`);
  });
}
const { removeSync } = Deno;
for (const name of ["remove", "removeSync"]) {
  before(Deno, name, (_self, [path, options]) => {
    step(`${name} ${basename(String(path))}`);
    if (!Object(options).recursive) return;
    for (const entry of Deno.readDirSync(String(path))) {
      removeSync(join(String(path), entry.name), { recursive: true });
      step(`remove ${entry.name} of ${basename(String(path))}`);
    }
  });
}
// A file is written in two parts at least.
const begun = new WeakSet<object>();
before(Deno.FsFile.prototype, "write", (self, args) => {
  step("write a part");
  const [bytes] = args;
  if (!(bytes instanceof Uint8Array) || begun.has(Object(self))) return;
  begun.add(Object(self));
  args[0] = bytes.subarray(0, Math.ceil(bytes.length / 2));
});
before(DatabaseSync.prototype, "exec", (_self, [sql]) => step(`exec ${line(String(sql))}`));
before(StatementSync.prototype, "run", (self) => {
  if (self instanceof StatementSync) step(`run ${line(self.sourceSQL)}`);
});
for (const name of ["initialise", "rest", "retire", "takeOver", "unload"]) {
  before(LoadedPlugin.prototype, name, () => step(`${name} a version`));
}
const { load } = PluginLoader.prototype;
PluginLoader.prototype.load = async function (...args) {
  const made = await load.apply(this, args);
  step("a version is made");
  return made;
};

const host = await PluginHost.open({ dataDir });
if (change !== "open") {
  told = 0;
  await CHANGES[change]!.carryOut(host, dataDir);
}
prefix = "answered, ";
step("at rest");
await host.close();
say("done");

/** The beginning of a statement. */
function line(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, " ").slice(0, 40);
}
