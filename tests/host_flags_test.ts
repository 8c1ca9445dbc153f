import assert from "node:assert/strict";
import { tempDir } from "./support/temp_dir.ts";

const FLAG = "--v8-flags=--liftoff-only";
const PROGRAM = `
  import { PluginHost } from "./mod.ts";
  try {
    await using host = await PluginHost.open({ dataDir: Deno.args[0] });
    console.log("opened", host.list().length);
  } catch (error) {
    console.log(error.code, error.message);
  }`;

/** What a program that opens a host says, started with these flags. */
async function opens(...flags: string[]): Promise<string> {
  using data = tempDir();
  const script = `${data.path}/open.ts`;
  const program = PROGRAM.replace("./mod.ts", new URL("../mod.ts", import.meta.url).href);
  await Deno.writeTextFile(script, program);
  const { stdout } = await new Deno.Command("deno", {
    args: [
      ...["run", "--no-check", "--no-prompt", "--unstable-worker-options", ...flags],
      ...["--config=deno.json", "--allow-read=.", `--allow-write=${data.path}`],
      ...[script, `${data.path}/data`],
    ],
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("a host opens in a process in which deadlines hold", async () => {
  assert.equal(await opens(FLAG), "opened 0");
});

Deno.test("a host refuses to open where they do not, and says which flags are missing", async () => {
  const said = await opens();
  assert.match(said, /^host\.flags_missing /);
  assert.ok(said.includes(`--unstable-worker-options ${FLAG}`), said);
});
