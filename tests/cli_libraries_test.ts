/** Library folders of a configured music server, from the command line to the guest: every flag is the real one. */

import assert from "node:assert/strict";
import { runTask } from "./support/launcher.ts";
import { TestData } from "./support/plugins_folder.ts";
import { readWasiRun, SCRATCH, VECTOR, wasiProgram } from "./support/wasi_program.ts";

const CREATE = 1;
const DIRECTORY = 2;
const RIGHT_WRITE = 1n << 6n;
const RIGHT_LIST = 1n << 14n;
const PROGRAM = wasiProgram([
  ["path_open", 3, 1, "song", 0, 2n, 0n, 0, SCRATCH],
  ["fd_read", 4, VECTOR, 1, SCRATCH + 8],
  ["path_open", 3, 1, "new", CREATE, RIGHT_WRITE, 0n, 0, SCRATCH],
  // The folder itself, as one opens it who lists it.
  ["path_open", 3, 1, ".", DIRECTORY, RIGHT_LIST, 0n, 0, SCRATCH],
], "-----");
const LIBRARY = '[[libraries]]\nid = 1\nname = "Music"\npath = "../music"\n';

/** Enables a plugin that reads and writes a library, calls it, and gives the errno of each thing it did. */
async function errnos(configuration: string, ...assigned: string[]): Promise<readonly number[]> {
  using data = new TestData();
  const permissions = { library: { filesystem: true } };
  const manifest = { name: "p", author: "a", version: "1", permissions };
  data.folder("p", { manifest, guest: PROGRAM });
  Deno.mkdirSync(data.beside("music"));
  Deno.writeTextFileSync(`${data.beside("music")}/song`, "la la");
  Deno.writeTextFileSync(`${data.path}/library.toml`, LIBRARY);
  Deno.writeTextFileSync(`${data.path}/soundproof.toml`, configuration);
  const run = async (...args: string[]) => {
    const outcome = await runTask("plugin", [...args, "--data", data.path]);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome.stdout;
  };
  await run("enable", "p", ...assigned);
  const { base64 } = JSON.parse(await run("call", "p", "run", "--json"));
  const { errnos, scratch } = readWasiRun(Uint8Array.fromBase64(base64), 4);
  assert.equal(new TextDecoder().decode(scratch.subarray(256, 261)), "la la");
  assert.equal(errnos[2] === 0, [...Deno.readDirSync(data.beside("music"))].length === 2);
  return errnos;
}

const SERVER = '[MusicServer]\nLibrary = "library.toml"\n';

Deno.test("a library is read, and written where plugin and process may both", async () => {
  const writable = `${SERVER}WritableLibraries = [1]\n`;
  assert.deepEqual(await errnos(writable, "--all-libraries", "--write-libraries"), [0, 0, 0, 0]);
});

Deno.test("a library that the configuration does not name as writable is not written, whatever was granted", async () => {
  const [open, read, write, list] = await errnos(SERVER, "--libraries", "1", "--write-libraries");
  assert.deepEqual([open, read, list], [0, 0, 0]);
  assert.notEqual(write, 0);
});
